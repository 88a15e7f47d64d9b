"""Programs of the jury's: made ready, asked, and understood by testlib's exit codes.

What they read is hostile. One that fails is asked again about what is not: where it fails with
that as well it is broken, which is no word about the sample, and else it was the sample that broke
it. A pass is never read out of a text: only the exit code says so, or points in full.
"""

import dataclasses
import re
from dataclasses import dataclass

from veristone import Checker, SandboxFailure, StdioCase
from veristone.engine.checks.base import Runner, keep_for
from veristone.engine.checks.build import Source, built, given
from veristone.engine.jobs import Job, Report
from veristone.engine.judge.outcome import Judgement, failure, last_line
from veristone.engine.languages import find

__all__ = ["HARMLESS", "OUTPUT", "Opinion", "ask_checker", "built_jury", "called", "opinion"]

OUTPUT = "output.txt"
HARMLESS = (b"", b"0\n", b"1\n", b"YES\n")
"""What a program of the jury's may be given where nothing right is known."""

_EVALUATES = re.compile(r"\b(eval|exec|pickle|marshal|shelve|yaml)\b")
# testlib.h: OK, then WA, PE, DIRT and UNEXPECTED_EOF, then POINTS; 3 is FAIL, its own failure.
_ACCEPTED, _REFUSED, _POINTS = 0, (1, 2, 4, 8), 7
_TESTSYS = 50
"""Where testlib was compiled for TESTSYS: what it adds to an exit code that is a percentage."""
_GIVES_POINTS = re.compile(r"points\s+(\d+(?:\.\d*)?)\b")
_GIVES_PERCENT = re.compile(r"partially correct \((\d{1,3})\)")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a program of the jury's says of a sample."""

    score: float | None
    """The share of the credit that it gives; None where it failed and has no opinion."""
    said: str
    proven: bool = True
    """False where it did not come to its own end, and so may not have said it itself."""

    @property
    def accepted(self) -> bool:
        """True where it gives full credit."""
        return self.score is not None and self.score >= 1


async def built_jury(program: Checker, runner: Runner, what: str = "checker") -> Job:
    """Return the job that runs a program of the jury's; it is compiled once for all samples.

    Raises:
        SandboxFailure: it does not compile.
    """
    language, files = find(program.language), program.files
    source = Source(language, program.code, files, {}, program.limits, trusted=True)
    job = await built(source, runner)
    if isinstance(job, Judgement):
        raise SandboxFailure(f"the {what} itself failed: {job.message}")
    if job.driver == "main" and _EVALUATES.search(program.code):
        # What evaluates an output may be ended by it: `os._exit(0)` is a valid expression.
        return dataclasses.replace(job, driver="whole")
    return job


def called(job: Job, case: StdioCase, output: bytes | None, stdin: bytes = b"") -> Job:
    """Return the job with the files of a case, and their names as its arguments."""
    names = ("input.txt", OUTPUT, "answer.txt")
    files = {
        names[0]: case.input.encode("utf-8", "surrogatepass"),
        names[2]: case.output.encode("utf-8", "surrogatepass"),
    }
    if output is not None:
        files[OUTPUT] = output
    job = dataclasses.replace(job, files={**job.files, **files})
    return given(job, names, stdin, keep_for(None, job.limits))


def opinion(report: Report, job: Job, points: float, *, talks: bool = False) -> Opinion:
    """Return what a run of a program of the jury's says.

    Args:
        report: on the run.
        job: what was run.
        points: what the case is worth.
        talks: its standard output is no text for people.
    """
    broken = failure(report, job.limits)
    stderr = report.stderr.excerpt().text
    said = (stderr or ("" if talks else report.stdout.excerpt().text)).strip()
    if broken is not None:
        return Opinion(None, broken[1], proven=False)
    if any("compile" in event for event in report.events):
        return Opinion(None, "it does not compile", proven=False)
    # A Python program that raises exits with 1 too; its traceback tells the two apart.
    raised = report.exit_code == 1 and "Traceback (most recent call last)" in stderr
    score = None if raised else _score(report.exit_code, said, points)
    if score is None:
        why = last_line(stderr) or f"exit code {report.exit_code}"
        return Opinion(None, why, proven=False)
    ended = job.driver != "whole" or any("ended" in event for event in report.events)
    return Opinion(score, said[:200], proven=score < 1 or ended)


def _score(code: int | None, said: str, points: float) -> float | None:
    percent = _GIVES_PERCENT.match(said)
    if percent is not None and code in (int(percent[1]), _TESTSYS + int(percent[1])):
        # None of a hundred is 0, the code that accepts. All of it has that code, and no other:
        # some count two hundred.
        return min(int(percent[1]) / 100, 0.99)
    if code == _ACCEPTED:
        return 1.0
    if code == _POINTS and (some := _GIVES_POINTS.match(said)):
        return min(float(some[1]) / points, 1.0)
    return 0.0 if code in _REFUSED else None


async def ask_checker(actual: bytes, case: StdioCase, checker: Job, runner: Runner) -> Opinion:
    """Ask a checker about an output; where it fails, about outputs that are not hostile.

    A checker that ends as it should with one of those is whole, and an output that it cannot read
    is no right one.

    Raises:
        SandboxFailure: the checker fails with each of them too.
    """

    async def ask(output: bytes) -> Opinion:
        job = called(checker, case, output)
        return opinion(await runner.run(job), job, case.points)

    asked = await ask(actual)
    if asked.proven:
        return asked
    answer, given_in = (text.encode("utf-8", "surrogatepass") for text in (case.output, case.input))
    broken = asked
    for output in (answer,) if answer else (given_in, *HARMLESS):
        whole = await ask(output)
        if whole.score is not None:
            if asked.accepted and not whole.proven:
                return asked  # it leaves that way with the answer too
            return Opinion(0.0, f"the checker could not judge the output: {asked.said}")
        broken = whole
    raise SandboxFailure(f"the checker itself failed: {broken.said}")
