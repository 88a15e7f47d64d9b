"""`framework`: a file of tests in the usual framework of a language, with a result for each test.

In Python this is `asserts`. In other languages a runner of ours, which lies in the language's
folder, runs the tests in one process with the solution: they call it as functions and compile with
its types. So the verdict is `shared`, and what is asked of such a run is this. The runner writes a
report, a line for each thing that happened:

    TOKEN <tab> KIND <tab> NAME <tab> MESSAGE

- `plan`: there is a test of this name. All are named before the solution's first instruction, as
  far as the language lets that be.
- `pass`, `fail` (an assertion), `error` (anything else), `skip`: how a test ended.
- `done`: nothing more comes; NAME is the number of tests that ended.

Each line has a token of its own, taken in order from one of two lists that the runner gets on its
standard input and closes: one for lines that say `pass` or `skip`, the other for all else. Who
reads the report, writes it anew or adds to it knows no token of a line to come, nor the one with
which a failure would have passed. Missing lines, an early end, a process that is no more, a report
that was removed: all fail. Not caught: a solution that takes the tokens out of the memory of its
own process, or changes the framework there.
"""

import dataclasses
import secrets
from collections import Counter
from typing import NamedTuple

from veristone import AssertsCheck, FrameworkCheck, Limits, Reason, Sample, TestResult
from veristone.engine.checks.asserts import check_asserts
from veristone.engine.checks.base import Runner, aside
from veristone.engine.checks.build import Source, built
from veristone.engine.checks.program import complaint
from veristone.engine.jobs import Job, Report
from veristone.engine.judge.outcome import Judgement, failure
from veristone.engine.languages import Complaints, Tested, find

__all__ = ["REPORT", "check_framework"]

REPORT = "veristone.report"
"""The file of the report, in the work area."""
_MOST_LINES = 4096
_REPORT_BYTES = 4 * 1024 * 1024
_TOKEN_BYTES = 8
_GOOD = ("pass", "skip")
_KINDS = ("plan", "pass", "skip", "fail", "error", "done")
_REASONS = {"fail": Reason.ASSERTION_FAILED, "error": Reason.RUNTIME_ERROR}


class _Tokens(NamedTuple):
    good: list[str]
    other: list[str]

    @classmethod
    def drawn(cls) -> "_Tokens":
        text, size = secrets.token_hex(2 * _MOST_LINES * _TOKEN_BYTES), 2 * _TOKEN_BYTES
        tokens = [text[start : start + size] for start in range(0, len(text), size)]
        return cls(tokens[:_MOST_LINES], tokens[_MOST_LINES:])

    def written(self) -> bytes:
        """Return what the runner reads: two lines of tokens, with spaces between them."""
        return f"{' '.join(self.good)}\n{' '.join(self.other)}\n".encode()


class _Line(NamedTuple):
    kind: str
    name: str
    message: str


async def check_framework(sample: Sample, check: FrameworkCheck, runner: Runner) -> Judgement:
    """Compile the solution with the tests, run them, and judge by the report.

    Raises:
        InvalidSample: no framework is known for the sample's language.
    """
    language = find(sample.language)
    if language.zygote:
        return await check_asserts(sample, AssertsCheck(tests=check.tests), runner)
    job = await _built(sample, language.with_tests(check.tests), check.tests, runner)
    if isinstance(job, Judgement):
        return _shared(job)
    tokens = _Tokens.drawn()
    report = await runner.run(
        dataclasses.replace(job, stdin=tokens.written(), fetch=(REPORT,), fetch_bytes=_REPORT_BYTES)
    )
    written = report.fetched.get(REPORT, b"")
    lines = await aside(len(written), _read, written, tokens)
    if lines is None:
        told = Judgement(reason=Reason.TAMPERED, message="wrote to the report of its own tests")
    else:
        tests = _results(lines)
        reason, message = _judge(report, job.limits, language.complaints, lines, tests)
        told = Judgement(reason=reason, message=message, tests=tests)
    return _shared(dataclasses.replace(told, last=report))


async def _built(sample: Sample, tested: Tested, tests: str, runner: Runner) -> Job | Judgement:
    """Return the job that runs a solution's tests, or why there is none."""
    language = tested.language
    files = {**tested.files, tested.tests: tests.encode("utf-8", "surrogatepass")}
    if language.layout(sample.code).entry in files:
        return Judgement(reason=Reason.TAMPERED, message="would lie where its tests do")
    source = Source(language, sample.code, {**sample.files, **files}, sample.env, sample.limits)
    job = await built(source, runner)
    if isinstance(job, Job) and language.compile is not None:
        # What was compiled holds the tests; their text is nobody's business any more.
        left = {name: content for name, content in job.files.items() if name != tested.tests}
        job = dataclasses.replace(job, files=left)
    return job


def _shared(judgement: Judgement) -> Judgement:
    why = "tests in this language run in the process of the solution"
    return dataclasses.replace(judgement, shared=True, shared_because=why)


def _read(report: bytes, tokens: _Tokens) -> list[_Line] | None:
    """Return the lines of a report; None where one is not the runner's.

    A run that was killed may leave half a line at the end.
    """
    lines: list[_Line] = []
    for number, text in enumerate(report.split(b"\n")[:-1]):
        token, kind, name, message = (*text.decode("utf-8", "replace").split("\t", 3), "", "", "")[
            :4
        ]
        known = tokens.good if kind in _GOOD else tokens.other
        if kind not in _KINDS or number >= _MOST_LINES or token != known[number]:
            return None
        lines.append(_Line(kind, name[:200], message[:300]))
    return lines


def _results(lines: list[_Line]) -> list[TestResult]:
    """Return a result for each test that was planned or ended, but for skipped ones."""
    ended = [line for line in lines if line.kind in ("pass", "fail", "error", "skip")]
    left = Counter(line.name for line in lines if line.kind == "plan")
    left.subtract(line.name for line in ended)
    tests = [
        TestResult(
            passed=line.kind == "pass",
            name=line.name,
            reason=_REASONS.get(line.kind),
            message=line.message,
        )
        for line in ended
        if line.kind != "skip"
    ]
    missing = (name for name, number in left.items() for _ in range(number))
    return tests + [TestResult(passed=False, name=name, message="not run") for name in missing]


def _judge(
    report: Report,
    limits: Limits,
    complaints: Complaints,
    lines: list[_Line],
    tests: list[TestResult],
) -> tuple[Reason, str]:
    broken = failure(report, limits)
    if broken is not None:
        return broken
    first = next((test for test in tests if test.reason is not None), None)
    if first is not None and first.reason is not None:
        return first.reason, f"{first.name}: {first.message}"
    end = lines[-1] if lines and lines[-1].kind == "done" else None
    if end is None or report.exit_code != 0:
        if report.exit_code != 0:
            reason, said = complaint(report, complaints)
            return reason, said or f"ended with exit code {report.exit_code} before its tests did"
        return Reason.EARLY_EXIT, "left with exit code 0 before its tests were done"
    planned = Counter(line.name for line in lines if line.kind == "plan")
    ended = Counter(line.name for line in lines if line.kind not in ("plan", "done"))
    if planned != ended or end.name != str(ended.total()):
        return Reason.TAMPERED, "the report of the tests does not add up"
    if not tests:
        return Reason.NO_TESTS, "every test was skipped" if ended else "the tests test nothing"
    return Reason.PASSED, ""
