"""What is believed of a run's output."""

import json
from collections.abc import AsyncIterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sandboxed_seeds import Scripted, verdict

from veristone import ConfigError, Limits, Output, Reason, Sample, Verdict
from veristone.generators.seeds.sandboxed.runs import Asked, Program, Run, run_all, verifier_of
from veristone.generators.seeds.steps import Services

PROGRAM = Program("coverage_main.py", ("veristone_supervise.py",))


def ask(number: int) -> Asked:
    return PROGRAM.ask(str(number), {"code": "\ud800"}, Limits())


class Form(msgspec.Struct):
    number: int


def run(head: str, tail: str = "", reason: Reason = Reason.PASSED) -> Run:
    return Run(verdict(Sample(code=""), reason, head, tail), "token")


@pytest.mark.parametrize(
    ("head", "tail", "number"),
    [
        ('token {"number": 1}\n', "", 1),
        ('noise\ntoken {"number": 1}\nnoise', "", 1),
        ("head", '...\ntoken {"number": 1}\n', 1),
        ('token {"number": 1}\ntoken {"number": 2}\n', "", 2),
        # The last one is no report, so the one before it counts.
        ('token {"number": 1}\ntoken {"number": "x"}\n', "", 1),
        ('token {"number": 1}\ntoken {"numb', "", 1),
        ('other {"number": 1}\n', "", None),
        (' token {"number": 1}', "", None),
        ("token", "", None),
        ("token []", "", None),
        ("token " + "[" * 100_000, "", None),
        ("", "", None),
    ],
)
def test_the_last_whole_report_counts(head: str, tail: str, number: int | None) -> None:
    report = run(head, tail).report(Form)
    assert (report and report.number) == number


@given(st.text(), st.text())
def test_no_output_breaks_the_reader(head: str, tail: str) -> None:
    assert run(head, tail).report(Form) is None
    assert run(f"token {head}", tail).report(Form) is None


@pytest.mark.parametrize(
    ("reason", "undecided", "broken"),
    [
        (Reason.SANDBOX_ERROR, True, "crashed"),
        (Reason.OVERLOADED, True, "crashed"),
        (Reason.CPU_TIMEOUT, False, "timeout"),
        (Reason.WALL_TIMEOUT, False, "timeout"),
        (Reason.MEMORY_LIMIT, False, "crashed"),
        (Reason.SIGNALLED, False, "crashed"),
        (Reason.PASSED, False, "crashed"),
    ],
)
def test_a_fault_of_ours_is_no_fault_of_the_seed(
    reason: Reason, undecided: bool, broken: str
) -> None:
    ended = run("", reason=reason)
    rejected = ended.undecided()
    assert (rejected is not None) is undecided
    assert rejected is None or rejected.reason == "undecided"
    assert ended.broken().reason == broken


def test_details_are_one_printable_line() -> None:
    ended = run("", reason=Reason.SIGNALLED)
    ended.verdict.message = "a\nb\x1b[31m\u2028" + "x" * 10_000
    detail = ended.broken().detail
    assert detail.isprintable()
    assert len(detail) <= 200


async def test_samples_are_valid_and_every_token_is_new() -> None:
    verifier = Scripted(lambda sample: verdict(sample))
    runs = [run async for _, run in run_all(verifier, range(2), ask)]
    assert [each.verdict.id for each in runs] == ["0", "1"]
    assert len({each.token for each in runs}) == 2
    for sample, each in zip(verifier.samples, runs, strict=True):
        sample.validate()
        request = json.loads(sample.check.stdin)  # pyright: ignore[reportAttributeAccessIssue]
        assert request == {"code": "\ud800", "token": each.token}


async def test_a_verifier_that_drops_samples_is_noticed() -> None:
    class Dropping(Scripted):
        async def verify_stream(self, samples, *, ordered: bool = True):
            assert not isinstance(samples, AsyncIterable)
            for sample in list(samples)[1:]:
                yield verdict(sample)

    with pytest.raises(RuntimeError, match="1 verdicts for 2 samples"):
        async for _ in run_all(Dropping(verdict), range(2), ask):
            pass


def test_without_a_verifier_it_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="'coverage' runs seeds in sandboxes"):
        verifier_of(Services(), "coverage")


def test_output_without_a_middle_is_read_at_both_ends() -> None:
    cut = Output(head='token {"number": 1}\nabc', tail="def\n", total_bytes=10**6)
    ended = Run(
        Verdict(id="", decision=Reason.PASSED.decision, reason=Reason.PASSED, stdout=cut), "token"
    )
    report = ended.report(Form)
    assert report is not None
    assert report.number == 1
