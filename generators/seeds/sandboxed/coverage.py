"""Seeds whose tests pass and reach nearly every line: MultiPL-T's filter.

MultiPL-T (arXiv 2308.09895, section 4.1) keeps functions with a passing test and at least 90 % line
coverage: 133,168 of the 157,767 that had a passing test. The tests are those that came with the
seed, else the examples of its docstring, which run under the standard library's own doctest.

What counts as a line: see `harness/coverage_main.py`. Reasons: `tests_failed`, `low_coverage`,
`timeout`, `crashed` (also: could not be loaded, or ended before its tests did), `no_tests`, and
`undecided` where the verifier failed.
"""

import doctest
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from pydantic import Field

from veristone import Limits
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.runs import Asked, Program, Run, run_all, verifier_of
from veristone.generators.seeds.steps import AsyncStep, Outcome, Rejected, Services
from veristone.text import line

__all__ = ["CoverageStep", "has_examples"]

MOST_CHARACTERS = 64 * 1024
"""A longer docstring is a manual, and not read for examples."""
_PROGRAM = Program("coverage_main.py", ("veristone_supervise.py",))


class _Report(msgspec.Struct):
    error: str = ""
    loaded: bool = False
    done: bool = False
    failures: list[str] = []
    checks: int = 0
    lines: int = 0
    covered: int = 0
    missed: list[int] = []


class CoverageStep(AsyncStep, frozen=True):
    """Rejects Python seeds whose tests fail or leave lines out."""

    kind: Literal["coverage"] = "coverage"
    languages = frozenset({"python"})

    minimum: float = Field(default=0.9, ge=0, le=1)
    """Share of the function's executable lines that its tests must reach; MultiPL-T's 90 %."""
    without_tests: Literal["keep", "reject"] = "keep"
    """What becomes of seeds that have no tests: most of a corpus, so they stay unless told
    otherwise, and are counted in `unjudged`."""
    cpu_s: float = Field(default=10.0, gt=0, le=3600)
    """CPU seconds for the tests of one seed."""

    async def ask(self, seeds: Sequence[Seed], services: Services, folder: Path) -> list[Outcome]:
        """Run the tests of those that have some."""
        verifier = verifier_of(services, self.kind)
        outcomes: list[Outcome] = list(seeds)
        tested: list[int] = []
        for index, seed in enumerate(seeds):
            # A method's examples need its class, which is not here.
            if seed.tests.strip() or (seed.shape == "function" and has_examples(seed.docstring)):
                tested.append(index)
            elif self.without_tests == "keep":
                self.unjudged["no_tests"] += 1
            else:
                said = "none came with it, and its docstring has no examples"
                outcomes[index] = Rejected("no_tests", said)
        limits = Limits(cpu_s=self.cpu_s, wall_s=3 * self.cpu_s)

        def run(index: int) -> Asked:
            seed = seeds[index]
            request = {name: getattr(seed, name) for name in ("name", "tests", "docstring")}
            return _PROGRAM.ask(seed.id, {"code": seed.text, **request}, limits)

        async for index, ended in run_all(verifier, tested, run):
            outcomes[index] = self._rejected(ended) or seeds[index]
        return outcomes

    def _rejected(self, run: Run) -> Rejected | None:
        if (undecided := run.undecided()) is not None:
            return undecided
        report = run.report(_Report)
        if report is None:
            return run.broken()
        if report.error and not report.loaded:
            return Rejected("crashed", line(f"cannot be loaded: {report.error}"))
        if report.failures:
            return Rejected("tests_failed", line(report.failures[0]))
        if not report.done:
            return Rejected("crashed", "ended before its tests did")
        if not report.checks:
            return Rejected("no_tests", "no assertion of its tests was reached")
        if report.covered < self.minimum * report.lines:
            missed = ", ".join(map(str, report.missed[:10]))
            said = f"{report.covered} of {report.lines} lines, not {missed}"
            return Rejected("low_coverage", said)
        return None


def has_examples(docstring: str) -> bool:
    """Return whether some example says what it expects, and is not skipped.

    An example without expected output only prepares another one, or shows a call: it proves
    nothing.
    """
    if ">>>" not in docstring or len(docstring) > MOST_CHARACTERS:
        return False
    try:
        examples = doctest.DocTestParser().get_examples(docstring)
    except (ValueError, RecursionError):  # indentation that does not fit, unknown directives
        return False
    return any(example.want and not example.options.get(doctest.SKIP) for example in examples)
