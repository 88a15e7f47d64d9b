"""Seeds whose tests pass and reach nearly every line: MultiPL-T's filter.

MultiPL-T (arXiv 2308.09895, section 4.1) keeps functions with a passing test and at least 90 % line
coverage: 133,168 of the 157,767 that had a passing test. The tests are those that came with the
seed, else the examples of its docstring.

What counts as a line: see `harness/coverage_main.py`. Reasons: `tests_failed`, `low_coverage`,
`timeout`, `crashed` (also: could not be loaded, or ended before its tests did), `no_tests`, and
`undecided` where the verifier failed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
from pydantic import Field, PrivateAttr

from veristone import Limits, Sample
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.doctests import has_tests
from veristone.generators.seeds.sandboxed.runs import Program, Run, one_line, run_all, verifier_of
from veristone.generators.seeds.steps import AsyncStep, Outcome, Rejected, Services

__all__ = ["CoverageStep"]

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

    _unjudged: Counter[str] = PrivateAttr(default_factory=Counter[str])

    @property
    def unjudged(self) -> Counter[str]:
        """Seeds that this object kept without having judged them, by reason."""
        return self._unjudged

    async def ask(self, seeds: Sequence[Seed], services: Services, folder: Path) -> list[Outcome]:
        """Run the tests of those that have some."""
        verifier = verifier_of(services, self.kind)
        outcomes: list[Outcome] = [self._untested(seed) for seed in seeds]
        tested = [index for index, seed in enumerate(seeds) if _is_tested(seed)]
        self._unjudged["no_tests"] += (
            len(seeds) - len(tested) if self.without_tests == "keep" else 0
        )
        waiting = iter(tested)
        async for run in run_all(verifier, self._samples(seeds[index] for index in tested)):
            index = next(waiting)
            outcomes[index] = self._judge(seeds[index], run)
        return outcomes

    def _untested(self, seed: Seed) -> Outcome:
        if self.without_tests == "keep":
            return seed
        return Rejected("no_tests", "none came with it, and its docstring has no examples")

    def _samples(self, seeds: Iterable[Seed]) -> Iterable[tuple[Sample, str]]:
        limits = Limits(cpu_s=self.cpu_s, wall_s=3 * self.cpu_s)
        for seed in seeds:
            request = {
                "code": seed.text,
                "name": seed.name,
                "tests": seed.tests,
                "docstring": seed.docstring,
            }
            yield _PROGRAM.sample(seed.id, request, limits)

    def _judge(self, seed: Seed, run: Run) -> Outcome:
        undecided = run.undecided()
        if undecided is not None:
            return undecided
        report = run.report(_Report)
        if report is None:
            return run.broken()
        if report.error and not report.loaded:
            return Rejected("crashed", one_line(f"cannot be loaded: {report.error}"))
        if report.failures:
            return Rejected("tests_failed", one_line(report.failures[0]))
        if not report.done:
            return Rejected("crashed", "ended before its tests did")
        if not report.checks:
            return Rejected("no_tests", "no assertion of its tests was reached")
        if report.covered < self.minimum * report.lines:
            missed = ", ".join(map(str, report.missed[:10]))
            return Rejected(
                "low_coverage", f"{report.covered} of {report.lines} lines, not {missed}"
            )
        return seed


def _is_tested(seed: Seed) -> bool:
    # A method's examples need its class, which is not here.
    return bool(seed.tests.strip()) or (seed.shape == "function" and has_tests(seed.docstring))
