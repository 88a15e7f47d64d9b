"""The labelled set: what must be true of it, and what is refused of others' files."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from judge_seeds import seed

from veristone import DatasetError
from veristone.generators.judge.calibration import auc
from veristone.generators.judge.labelled import BUILT_IN, Labelled, read_labelled
from veristone.generators.judge.prompt import render
from veristone.generators.judge.records import Judgement
from veristone.generators.judge.report import make_report
from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.records import Document, seed_id

DOCS = Path(__file__).parents[3] / "docs" / "judge.md"


def test_about_half_is_enough() -> None:
    labels = Counter(one.enough for one in read_labelled())
    assert sum(labels.values()) >= 120
    assert 0.4 <= labels[True] / sum(labels.values()) <= 0.6


def test_every_label_has_a_reason_and_every_function_its_licence() -> None:
    note = BUILT_IN.with_suffix(".md").read_text()
    for one in read_labelled():
        assert one.reason
        assert "\n" not in one.reason
        where = one.seed.provenance
        assert where.licences
        assert where.path
        assert where.commit
        assert where.commit in note, where


def test_the_note_counts_what_is_there() -> None:
    note = BUILT_IN.with_suffix(".md").read_text()
    labelled = read_labelled()
    real = [one for one in labelled if one.kind == "real"]
    borderline = [one for one in labelled if one.borderline]
    for name, some in (("real", real), ("of all: borderline", borderline)):
        found = Counter(one.enough for one in some)
        assert f"| {name} | {found[True]} | {found[False]} |" in note


def test_seeds_are_what_the_extractor_makes_of_their_code() -> None:
    for one in read_labelled():
        assert one.seed.id == seed_id(one.seed.language, one.seed.code)
        document = Document(
            content=one.seed.code + "\n",
            language=one.seed.language,
            provenance=one.seed.provenance,
        )
        (found,) = Functions().extract(document).seeds
        assert (found.code, found.docstring) == (one.seed.code, one.seed.docstring)


def test_changed_ones_differ_from_their_originals_in_the_documentation_alone() -> None:
    labelled = {one.seed.id: one for one in read_labelled()}
    changed = [one for one in labelled.values() if one.kind != "real"]
    assert set(Counter(one.kind for one in changed).values()) == {7}
    for one in changed:
        original = labelled[one.of]
        assert original.enough
        assert not one.enough
        assert one.group == original.group == one.of
        assert one.seed.docstring != original.seed.docstring
        assert one.seed.code.splitlines()[0] == original.seed.code.splitlines()[0]
        assert one.seed.code.splitlines()[-1] == original.seed.code.splitlines()[-1]


def test_all_of_them_fit_into_a_prompt() -> None:
    keys = {render(one.seed).key for one in read_labelled()}
    assert len(keys) == len(read_labelled())


ORDERS: dict[str, Callable[[Labelled], float]] = {
    "length of the documentation": lambda one: len(one.seed.docstring),
    "length of documentation to code": lambda one: (
        len(one.seed.docstring) / max(1, len(one.seed.code) - len(one.seed.docstring))
    ),
    "shortness of the code": lambda one: -len(one.seed.code),
}


@pytest.mark.parametrize("name", ORDERS)
def test_what_can_be_had_without_a_model_is_as_the_docs_say(name: str) -> None:
    labelled = read_labelled()
    enough = np.array([one.enough for one in labelled], np.bool_)
    value = auc(np.array([ORDERS[name](one) for one in labelled], np.float64), enough)
    assert f"| {name} | {value:.2f} (" in DOCS.read_text(encoding="utf-8")


def line(number: int, enough: object = True) -> str:
    one = msgspec.to_builtins(Labelled(seed=seed(docstring=f"{number}"), enough=True))
    return json.dumps({**one, "enough": enough})


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(f"{line(1)}\n\n{line(2, False)}")
    assert [one.enough for one in read_labelled(path)] == [True, False]
    assert [one.kind for one in read_labelled(path)] == ["real", "real"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "both labels"),
        (line(1), "both labels"),
        (f"{line(1)}\n{line(1, False)}", "comes twice"),
        (f"{line(1)}\n{line(2, 'yes')}", "validate|expected|missing|Expected"),
        (f"{line(1)}\n{{}}", "validate|expected|missing|Expected"),
        ("no json", "JSON"),
    ],
)
def test_what_is_no_such_file(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(text)
    with pytest.raises(DatasetError, match=message):
        read_labelled(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No such file"):
        read_labelled(tmp_path / "none.jsonl")


def test_what_was_not_judged_is_in_no_figure() -> None:
    labelled = read_labelled()[:20]
    judgements = [
        Judgement(seed=one.seed.id, p_yes=float(one.enough), mass=0.5) for one in labelled
    ]
    judgements[0] = Judgement(seed=labelled[0].seed.id)
    judgements[1] = Judgement(seed=labelled[1].seed.id, refused="too_long_to_judge")
    report = make_report("m", labelled, judgements, precision=0.9)
    assert report.unjudged == {"unclear_answer": 1, "too_long_to_judge": 1}
    assert report.figures["all"].count == 18
    assert report.figures["all"].auc.value == 1.0
    assert report.mean_mass == 0.5
    assert len(report.rows) == 20
    nothing = make_report(
        "m", labelled, [Judgement(seed=one.seed.id) for one in labelled], precision=0.9
    )
    assert nothing.figures["all"].auc.value is None
    assert nothing.mean_mass is None
