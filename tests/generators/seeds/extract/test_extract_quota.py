"""Quotas: the first of each language in the corpus's order, wherever a run was interrupted."""

from pathlib import Path

import pytest

from veristone.generators.seeds.extract.quota import MAGICODER, Quota
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Outcome, Rejected


def part(number: int, languages: str) -> list[Seed]:
    """Seeds of one part, a letter of `languages` each: `p`ython, `r`ust, `g`o."""
    names = {"p": "python", "r": "rust", "g": "go"}
    return [
        Seed(
            id=seed_id(names[letter], f"{number} {index}"),
            code=f"{number} {index}",
            language=names[letter],
            provenance=Provenance(source="here"),
        )
        for index, letter in enumerate(languages)
    ]


def run(quota: Quota, folder: Path, number: int, languages: str) -> str:
    """Decide a part; return `+` for each seed that is kept, else the first letter of why not."""
    seeds = part(number, languages)
    outcomes: list[Outcome] = quota.decide(number, seeds, quota.sketch(seeds), folder)
    assert len(outcomes) == len(seeds)
    said = ""
    for seed, outcome in zip(seeds, outcomes, strict=True):
        assert isinstance(outcome, Rejected) or outcome is seed
        said += outcome.reason[0] if isinstance(outcome, Rejected) else "+"
    return said


QUOTA = Quota(counts={"python": 3, "rust": 1, "swift": 5})


def test_the_first_of_each_language_are_kept(tmp_path: Path) -> None:
    assert run(QUOTA, tmp_path, 0, "pgpr") == "+n++"
    assert run(QUOTA, tmp_path, 1, "") == ""
    assert run(QUOTA, tmp_path, 3, "rppg") == "q+qn"
    assert run(QUOTA, tmp_path, 4, "p") == "q"


def test_reasons_say_which_language(tmp_path: Path) -> None:
    outcomes = QUOTA.decide(0, part(0, "grr"), None, tmp_path)
    assert outcomes[0] == Rejected("no_quota", "go")
    assert outcomes[2] == Rejected("quota_full", "1 of rust")


@pytest.mark.parametrize("again", [0, 1, 2])
def test_a_part_that_comes_again_is_forgotten_first(tmp_path: Path, again: int) -> None:
    parts = ["pr", "pg", "pp"]
    whole = [run(QUOTA, tmp_path, number, one) for number, one in enumerate(parts)]
    assert whole == ["++", "+n", "+q"]
    for number in range(again, 3):
        assert run(QUOTA, tmp_path, number, parts[number]) == whole[number]
    assert run(QUOTA, tmp_path, 3, "p") == "q"


def test_a_part_that_comes_again_may_hold_others(tmp_path: Path) -> None:
    """What it held before leaves no trace."""
    assert run(QUOTA, tmp_path, 0, "ppp") == "+++"
    assert run(QUOTA, tmp_path, 0, "r") == "+"
    assert run(QUOTA, tmp_path, 1, "pppp") == "+++q"


def test_how_seeds_are_parted_makes_no_difference(tmp_path: Path) -> None:
    one, many = tmp_path / "one", tmp_path / "many"
    one.mkdir()
    many.mkdir()
    letters = "prgpprpg"
    whole = run(QUOTA, one, 0, letters)
    assert whole == "".join(run(QUOTA, many, number, one) for number, one in enumerate(letters))


def test_nothing_of_a_part_is_remembered_if_it_fails(tmp_path: Path) -> None:
    class Broken(list[Seed]):
        def __iter__(self):
            yield part(0, "p")[0]
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        QUOTA.decide(0, Broken(), None, tmp_path)
    assert run(QUOTA, tmp_path, 1, "pppp") == "+++q"


def test_magicoders_counts_are_the_default() -> None:
    assert Quota().counts == MAGICODER
    assert sum(MAGICODER.values()) == 80_000


@pytest.mark.parametrize("counts", [{}, {"C++": 5}, {"": 5}])
def test_wrong_counts(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="lower-case"):
        Quota(counts=counts)


def test_negative_counts() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        Quota(counts={"python": -1})
