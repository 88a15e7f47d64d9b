"""What is believed of a run's output."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandboxed_seeds import verdict

from veristone import ConfigError, Limits, Reason, Sample
from veristone.generators.seeds.sandboxed.runs import read_report, sample_of, verifier_of
from veristone.generators.seeds.steps import Rejected, Services


class Form(msgspec.Struct):
    number: int


@pytest.mark.parametrize(
    ("head", "tail", "number"),
    [
        ('{"number": 1}\n', "", 1),
        ('noise\n{"number": 1}', "", 1),
        ("head", '...\n{"number": 1}\n', 1),
        ('head\n{"num', 'ber": 1}\n', 1),
        ('{"number": 1}\n{"number": 2}\n', "", 2),
        ('{"number": 1}\nnoise', "", None),
        ('{"number": "x"}', "", None),
        ("[" * 100_000, "", None),
        ("", "", None),
    ],
)
def test_the_last_line_counts(head: str, tail: str, number: int | None) -> None:
    report = read_report(verdict(Sample(code=""), stdout=head, tail=tail), Form)
    assert (report.number if isinstance(report, Form) else None) == number


@given(st.text(), st.text())
def test_no_output_breaks_the_reader(head: str, tail: str) -> None:
    report = read_report(verdict(Sample(code=""), stdout=head, tail=tail), Form)
    assert isinstance(report, Rejected)


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (Reason.SANDBOX_ERROR, "undecided"),
        (Reason.OVERLOADED, "undecided"),
        (Reason.CPU_TIMEOUT, "timeout"),
        (Reason.WALL_TIMEOUT, "timeout"),
        (Reason.MEMORY_LIMIT, "crashed"),
        (Reason.SIGNALLED, "crashed"),
        (Reason.PASSED, "crashed"),
    ],
)
def test_a_fault_of_ours_is_no_fault_of_the_seed(reason: Reason, word: str) -> None:
    report = read_report(verdict(Sample(code=""), reason), Form)
    assert isinstance(report, Rejected)
    assert report.reason == word


def test_details_are_one_printable_line() -> None:
    ended = verdict(Sample(code=""), Reason.SIGNALLED)
    ended.message = "a\nb\x1b[31m\u2028" + "x" * 10_000
    report = read_report(ended, Form)
    assert isinstance(report, Rejected)
    assert report.detail.isprintable()
    assert len(report.detail) <= 200


def test_samples_are_valid_whatever_the_corpus_holds() -> None:
    sample = sample_of("behaviour_main.py", "1", {"code": "\ud800"}, Limits())
    sample.validate()
    assert json.loads(sample.check.stdin) == {"code": "\ud800"}  # pyright: ignore[reportAttributeAccessIssue]


def test_without_a_verifier_it_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="'behaviour' runs seeds in sandboxes"):
        verifier_of(Services(), "behaviour")
