"""Quotas: the first of each language in the corpus's order, wherever a run was interrupted."""

import pytest

from veristone.generators.seeds.extract.quota import Quota
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Rejected


def seeds(languages: str) -> list[Seed]:
    """A letter of `languages` each: `p`ython, `r`ust, `g`o."""
    names = {"p": "python", "r": "rust", "g": "go"}
    return [
        Seed(
            id=seed_id(names[letter], str(index)),
            code=str(index),
            language=names[letter],
            provenance=Provenance(source="here"),
        )
        for index, letter in enumerate(languages)
    ]


QUOTA = Quota(counts={"python": 3, "rust": 1, "swift": 5})


def test_the_first_of_each_language_are_kept() -> None:
    decide = QUOTA.begin()
    given = seeds("pgprrppgp")
    outcomes = [decide(seed) for seed in given]
    kept = [seed for seed, outcome in zip(given, outcomes, strict=True) if outcome is seed]
    assert kept == [given[0], given[2], given[3], given[5]]
    assert outcomes[1] == Rejected("no_quota", "go")
    assert outcomes[4] == Rejected("quota_full", "1 of rust")
    assert outcomes[6] == Rejected("quota_full", "3 of python")


def test_after_an_interruption_the_kept_ones_count() -> None:
    decide = QUOTA.begin()
    for seed in seeds("ppr"):
        assert decide(seed) is seed
    assert [isinstance(decide(seed), Seed) for seed in seeds("prp")] == [True, False, False]


@pytest.mark.parametrize("counts", [{}, {"cobol": 5}, {"": 5}])
def test_wrong_counts(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"no language|at least 1"):
        Quota(counts=counts)


def test_negative_counts() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        Quota(counts={"python": -1})
