"""A whole selection: nothing is lost, nothing depends on chance, the funnel adds up."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from selection_records import failing, make, passing, read_lines, undecided, write_responses

from veristone import ConfigError, DatasetError, Reason
from veristone.generators.selection import run as run_module
from veristone.generators.selection.funnel import Funnel
from veristone.generators.selection.recipe import Recipe, load_recipe, with_benchmarks
from veristone.generators.selection.run import FILES, Selection
from veristone.generators.synthesis.records import Record
from veristone.settings import checked, names_in

OURS = Path(__file__).parents[3] / "generators/selection/recipes"
FULL: dict[str, Any] = {
    "duplicates": [{"of": "instruction"}, {"of": "tree"}],
    "student": {"tests": 0.0},
    "products": {"preferences": 1, "kto": 1, "repairs": 1},
}


def responses(groups: int = 6) -> list[Record]:
    found: list[Record] = []
    for n in range(groups):
        key = f"g{n:03d}"
        right = f"def double(x):\n    return x * {n + 2}\n"
        found += [
            passing(f"{key}/0", code=right),
            passing(f"{key}/1", code=right.replace("x", "number")),
            failing(f"{key}/2", code=f"def double(x):\n    return x - {n}\n"),
            failing(f"{key}/3", Reason.CPU_TIMEOUT),
            undecided(f"{key}/4"),
            make(f"{key}/5"),
        ]
    return found


async def select(tmp_path: Path, records: Sequence[Record], **settings: Any) -> Funnel:
    path = write_responses(tmp_path / "responses.jsonl", records)
    return await Selection(checked(Recipe, settings, "test"), path, tmp_path / "out").go()


def ids(tmp_path: Path, name: str = "selected") -> list[str]:
    return [line["id"] for line in read_lines(tmp_path / "out" / f"{name}.jsonl")]


async def test_every_response_is_selected_or_rejected_once(tmp_path: Path) -> None:
    records = responses()
    funnel = await select(tmp_path, records, **FULL)
    everything = ids(tmp_path) + ids(tmp_path, "rejected")
    assert sorted(everything) == [record.id for record in records]
    assert funnel.products["selected"] == len(ids(tmp_path)) == 6
    given = len(records)
    for step in funnel.steps:
        assert step.given == given
        assert sum(step.reasons.values()) == step.given - step.kept
        given = step.kept
    assert given == funnel.products["selected"]
    rejected = read_lines(tmp_path / "out" / "rejected.jsonl")
    assert {(one["step"], one["reason"]) for one in rejected} == {
        ("verdict", "sandbox_error"),
        ("verdict", "no_verdict"),
        ("passed", "assertion_failed"),
        ("passed", "cpu_timeout"),
        ("choice", "not_chosen"),
    }


async def test_products_use_no_time_outs_and_nothing_undecided(tmp_path: Path) -> None:
    await select(tmp_path, responses(), **FULL)
    pairs = read_lines(tmp_path / "out" / "preferences.jsonl")
    assert len(pairs) == 6
    assert all(pair["id"].endswith(">2") for pair in pairs)
    assert {row["reason"] for row in read_lines(tmp_path / "out" / "kto.jsonl")} == {
        "passed",
        "assertion_failed",
    }
    assert len(read_lines(tmp_path / "out" / "repairs.jsonl")) == 6


@pytest.mark.parametrize("batch", [1, 2, 400])
async def test_the_bytes_do_not_depend_on_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    records = [*responses(5), *(passing(f"h{n}/0") for n in range(5))]
    found: list[dict[str, bytes]] = []
    for size in (3, batch):
        monkeypatch.setattr(run_module, "_BATCH", size)
        await select(tmp_path, records, **FULL)
        found.append({p.name: p.read_bytes() for p in (tmp_path / "out").glob("*.json*")})
    assert found[0] == found[1]
    assert set(found[0]) == {"funnel.json", *(f"{name}.jsonl" for name in FILES)}


async def test_copies_with_other_names_are_found_by_their_form(tmp_path: Path) -> None:
    codes = ["def a(x):\n    return x + 1\n", "def b(y):\n    return y + 1\n"]
    records = [passing(f"g{n}/0", code=code) for n, code in enumerate(codes)]
    by_tree = await select(tmp_path, records, duplicates=[{"of": "tree"}])
    assert by_tree.products["selected"] == 1
    by_name = await select(tmp_path, records, duplicates=[{"of": "names"}])
    assert by_name.products["selected"] == 2


async def test_other_programs_of_one_name_are_kept_by_their_form(tmp_path: Path) -> None:
    codes = ["def solve(x):\n    return x + 1\n", "def solve(x):\n    return [x]\n"]
    records = [passing(f"g{n}/0", code=code) for n, code in enumerate(codes)]
    by_tree = await select(tmp_path, records, duplicates=[{"of": "tree"}])
    assert by_tree.products["selected"] == 2
    by_name = await select(tmp_path, records, duplicates=[{"of": "names"}])
    assert by_name.products["selected"] == 1


async def test_responses_of_one_instruction_are_no_duplicates_by_it(tmp_path: Path) -> None:
    records = [passing(f"g/{n}", code=f"def f(x):\n    return {n}\n") for n in range(4)]
    records += [passing("h/0", instruction=records[0].instruction)]
    await select(
        tmp_path, records, choice={"count": 3}, duplicates=[{"of": "instruction", "threshold": 0.7}]
    )
    assert len(ids(tmp_path)) == 3
    assert all(one.startswith("g/") for one in ids(tmp_path))


async def test_a_chosen_duplicate_gives_way_to_the_next_response(tmp_path: Path) -> None:
    def named(record_id: str, name: str) -> Record:
        return passing(record_id, code=f"def {name}(x):\n    return x * 2\n")

    # Whatever is drawn first of b, one of its names is a's.
    records = [named("a/0", "double"), named("b/0", "double"), named("b/1", "twice")]
    records += [named("c/0", "double"), named("c/1", "twice")]
    names = [{"of": "names"}]
    funnel = await select(tmp_path, records, duplicates=names)
    assert ids(tmp_path) == ["a/0", "b/1"]
    steps = {step.step: step for step in funnel.steps}
    assert steps["same_names"].reasons["duplicate"] == 2 + (steps["same_names"].given == 5)
    assert sum(sum(step.reasons.values()) for step in funnel.steps) == 3
    # Chosen before: an instruction whose choice is a duplicate has no row.
    counts = 0
    for seed in range(8):
        recipe = {"random_seed": seed, "choice": {"before_duplicates": True}, "duplicates": names}
        funnel = await select(tmp_path, records, **recipe)
        step = next(step for step in funnel.steps if step.step == "same_names")
        assert step.given == 3
        counts += "b/1" not in ids(tmp_path)
    assert counts > 0


async def test_what_is_no_row_makes_no_duplicates(tmp_path: Path) -> None:
    records = [
        passing("a/0", response="one", code="def f(x):\n    return 2 * x\n"),
        passing("b/0", response="two", code="def f(x):\n    return 2 * x\n"),
        passing("c/0", response="two", code="def g(x):\n    return 3 * x\n"),
    ]
    await select(tmp_path, records, duplicates=[{"of": "response"}, {"of": "tree"}])
    assert ids(tmp_path) == ["a/0", "c/0"]


async def test_ablations(tmp_path: Path) -> None:
    records = responses(30)
    await select(tmp_path, records, choice={"pool": "failures"})
    failures = ids(tmp_path)
    assert len(failures) == 30
    assert {one[-1] for one in failures} == {"2", "3"}
    await select(tmp_path, records, choice={"pool": "any"})
    mixed = ids(tmp_path)
    assert len(mixed) == 30
    # 4 is undecided, 5 has no verdict, as in a language that is not run.
    assert {one[-1] for one in mixed} == {"0", "1", "2", "3", "5"}


async def test_what_is_not_run_can_be_kept_beside_what_passes(tmp_path: Path) -> None:
    kept = await select(tmp_path, responses(30), choice={"pool": "not_failed", "count": 9})
    assert {one[-1] for one in ids(tmp_path)} == {"0", "1", "5"}
    assert kept.steps[0].kept == 5 * 30


async def test_languages_can_be_chosen_from(tmp_path: Path) -> None:
    rust = [make(f"h/{n}", language="rust") for n in range(3)]
    records = [*responses(3), *rust]
    choice = {"pool": "not_failed", "languages": ["rust"]}
    funnel = await select(tmp_path, records, choice=choice)
    assert len(ids(tmp_path)) == 1
    assert ids(tmp_path)[0].startswith("h/")
    assert funnel.steps[0].reasons == {"other_language": 18}


async def test_a_limit_draws_the_same_rows_and_keeps_the_books(tmp_path: Path) -> None:
    records = responses(20)
    found: dict[int, list[str]] = {}
    for limit in (5, 10):
        funnel = await select(tmp_path, records, **FULL, choice={"limit": limit})
        found[limit] = ids(tmp_path)
        assert len(found[limit]) == limit == funnel.products["selected"]
        assert sorted(ids(tmp_path) + ids(tmp_path, "rejected")) == [one.id for one in records]
        groups = {one.partition("/")[0] for one in found[limit]}
        for name in ("preferences", "kto", "repairs"):
            rows = read_lines(tmp_path / "out" / f"{name}.jsonl")
            assert {row["group"] for row in rows} == groups
            assert funnel.products[name] == len(rows)
    assert set(found[5]) < set(found[10])


async def test_benchmarks_are_found_in_rows_and_products(tmp_path: Path) -> None:
    benchmark = tmp_path / "bench.jsonl"
    task = (
        '{"task_id": "B/1", "prompt": "Return the third largest distinct odd number of the list,'
        ' or minus one where there are fewer than three of them.", "entry_point": "third_odd",'
        ' "canonical_solution": "def third_odd(xs):\\n    odd = sorted({x for x in xs if x % 2})'
        '\\n    return odd[-3] if len(odd) > 2 else -1\\n"}\n'
    )
    benchmark.write_text(task)
    solution = (
        "def third_odd(xs):\n    odd = sorted({x for x in xs if x % 2})\n"
        "    return odd[-3] if len(odd) > 2 else -1\n"
    )
    records = [
        passing("clean/0"),
        failing("clean/1", code=solution),
        passing("taken/0", code=solution),
    ]
    path = write_responses(tmp_path / "responses.jsonl", records)
    recipe = with_benchmarks(checked(Recipe, FULL, "test"), [f"B={benchmark}"])
    funnel = await Selection(recipe, path, tmp_path / "out").go()
    assert ids(tmp_path) == ["clean/0"]
    (removed,) = [
        one
        for one in read_lines(tmp_path / "out" / "rejected.jsonl")
        if one["step"] == "decontamination"
    ]
    assert removed["id"] == "taken/0"
    assert "B/1" in removed["detail"]
    assert funnel.products["preferences"] == 0
    assert funnel.products["repairs"] == 0
    assert funnel.products["kto"] == 1


async def test_gates(tmp_path: Path) -> None:
    records = [
        passing("a/0", response="```python\n# TODO: finish\n```"),
        passing("b/0", instruction="word " * 300),
        passing("c/0", tests="assert True\n"),
        passing("d/0", tests_run=0),
        passing("e/0"),
        passing("f/0", language="rust"),
    ]
    funnel = await select(tmp_path, records, gates={"max_instruction_words": 200, "min_asserts": 1})
    assert ids(tmp_path) == ["e/0", "f/0"]
    reasons = {one["id"]: one["reason"] for one in read_lines(tmp_path / "out" / "rejected.jsonl")}
    assert reasons == {
        "a/0": "unfinished",
        "b/0": "too_long",
        "c/0": "vacuous",
        "d/0": "too_few_tests",
    }
    (asserts,) = [step for step in funnel.steps if step.step == "asserts"]
    assert asserts.not_applicable == 1


async def test_nothing_at_all(tmp_path: Path) -> None:
    funnel = await select(tmp_path, [], **FULL)
    assert funnel.products == {"selected": 0, "preferences": 0, "kto": 0, "repairs": 0}


async def test_a_broken_file_leaves_no_half_selection(tmp_path: Path) -> None:
    await select(tmp_path, responses(), **FULL)
    before = (tmp_path / "out" / "selected.jsonl").read_bytes()
    path = tmp_path / "responses.jsonl"
    path.write_bytes(path.read_bytes() + b"rubbish\n")
    recipe = checked(Recipe, FULL, "test")
    with pytest.raises(DatasetError):
        await Selection(recipe, path, tmp_path / "out").go()
    assert not (tmp_path / "out" / "funnel.json").exists()
    assert (tmp_path / "out" / "selected.jsonl").read_bytes() == before


async def test_scores_without_a_verifier_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="need the verifier"):
        await select(tmp_path, responses(), scores={"mutants": 2})


async def test_what_synthesis_says_of_itself_is_kept(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"name": "tiny"}')
    (tmp_path / "counts.json").write_text("{broken")
    funnel = await select(tmp_path, responses())
    assert funnel.synthesis == {"recipe": {"name": "tiny"}}


@pytest.mark.parametrize("name", names_in(OURS))
def test_built_in_recipes_are_valid(name: str) -> None:
    recipe = checked(Recipe, load_recipe(name), name)
    assert recipe.name == name
    assert recipe.scores.asks == (name == "strong")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"gate": {}}, "gate"),
        ({"gates": {"min_strength": 0.5}}, "needs scores.mutants"),
        ({"choice": {"by": "agreement"}}, "needs scores.agreement"),
        ({"gates": {"stable": True}}, "needs scores.repeats"),
        ({"choice": {"pool": "any"}, "scores": {"mutants": 2}}, "only passes are scored"),
        ({"duplicates": [{"of": "tree"}, {"of": "tree"}]}, "stands there twice"),
        ({"student": {"tests": 1.5}}, "student.tests"),
    ],
)
def test_wrong_recipes(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        checked(Recipe, settings, "test")


def test_recipes_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="starcoder2-instruct"):
        load_recipe(str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError, match="NAME=FILE"):
        with_benchmarks(checked(Recipe, {}, "x"), ["humaneval"])
    bad = tmp_path / "bad.toml"
    bad.write_text("a = ")
    with pytest.raises(ConfigError, match=r"bad\.toml"):
        load_recipe(str(bad))
    good = tmp_path / "good.toml"
    good.write_text('[decontamination]\nbenchmarks = [{ name = "B", path = "b.jsonl" }]\n')
    recipe = checked(Recipe, load_recipe(str(good)), "good")
    assert recipe.decontamination.benchmarks[0].path == tmp_path / "b.jsonl"
