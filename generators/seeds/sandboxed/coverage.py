"""Seeds whose examples pass and reach nearly every line: MultiPL-T's filter.

MultiPL-T (arXiv 2308.09895, section 4.1) keeps functions with a passing test and at least 90 % line
coverage: 133,168 of the 157,767 that had a passing test. Here the tests are the examples of the
docstring, which run under the standard library's own doctest.

What counts as a line: see `harness/coverage_main.py`. Reasons: `tests_failed`, `low_coverage`,
`timeout`, `crashed` (also: could not be loaded), `no_tests`, and `undecided` where the verifier
failed.
"""

import doctest
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from pydantic import Field

from veristone import Limits, Verdict
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.runs import read_report, sample_of, verifier_of
from veristone.generators.seeds.steps import AsyncStep, Outcome, Rejected, Services, Unjudged
from veristone.text import line

__all__ = ["CoverageStep", "has_examples"]

MOST_CHARACTERS = 64 * 1024
"""A longer docstring is a manual, and not read for examples."""


class _Report(msgspec.Struct):
    error: str = ""
    """Why the seed could not be loaded."""
    failure: str = ""
    lines: int = 0
    covered: int = 0
    missed: list[int] = []


class CoverageStep(AsyncStep, frozen=True):
    """Rejects Python functions whose examples fail or leave lines out."""

    kind: Literal["coverage"] = "coverage"
    languages = frozenset({"python"})

    minimum: float = Field(default=0.9, ge=0, le=1)
    """Share of the function's executable lines that its examples must reach; MultiPL-T's 90 %."""
    without_tests: Literal["keep", "reject"] = "keep"
    """What becomes of seeds that have no examples: most of a corpus, so they stay unless told
    otherwise, and are counted as unjudged."""
    cpu_s: float = Field(default=10.0, gt=0, le=3600)
    """CPU seconds for the examples of one seed."""

    async def ask(self, seeds: Sequence[Seed], services: Services, folder: Path) -> list[Outcome]:
        """Run the examples of those that have some."""
        verifier = verifier_of(services, self.kind)
        # A method's examples need its class, which is not here.
        tested = [seed.shape == "function" and has_examples(seed.docstring) for seed in seeds]
        limits = Limits(cpu_s=self.cpu_s, wall_s=3 * self.cpu_s)
        samples = (
            sample_of(
                "coverage_main.py",
                seed.id,
                {"code": seed.text, "name": seed.name, "docstring": seed.docstring},
                limits,
            )
            for seed, has_tests in zip(seeds, tested, strict=True)
            if has_tests
        )
        verdicts = aiter(verifier.verify_stream(samples))
        return [
            (self._rejected(await anext(verdicts)) or seed) if has_tests else self._untested(seed)
            for seed, has_tests in zip(seeds, tested, strict=True)
        ]

    def _untested(self, seed: Seed) -> Outcome:
        if self.without_tests == "reject":
            return Rejected("no_tests", "its docstring has no examples")
        return Unjudged(seed, "no_tests")

    def _rejected(self, verdict: Verdict) -> Rejected | None:
        report = read_report(verdict, _Report)
        if isinstance(report, Rejected):
            return report
        if report.error:
            return Rejected("crashed", line(f"cannot be loaded: {report.error}"))
        if report.failure:
            return Rejected("tests_failed", line(report.failure))
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
