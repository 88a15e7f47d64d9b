"""How much a suite that passed says: does it pass without the solution, or with another, as well?

The solution's functions are replaced by stubs that return a constant; where mutants are asked for,
it is changed in one place at a time. One more run of the solution itself counts its lines that the
suite runs, and the asserts that are reached and do not hold.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

import msgspec

from veristone import Strength
from veristone.generators.code.mutants import against_mutants
from veristone.generators.code.stubs import against_stubs, stubbed

__all__ = ["reach_of", "strength_of"]

_MUTANTS = 20
"""Of a solution, at most."""


async def strength_of(
    code: str,
    tests: str,
    asked: Literal["stub", "mutants"],
    passes: Callable[[str], Awaitable[bool]],
) -> Strength | None:
    """Run a suite against what is no solution; None where there is nothing to stub.

    A mutant may do what the solution does, and no test can notice it then: the survivors are shown
    for somebody to look at. A suite that proves nothing is spared the mutants.

    Args:
        code: the solution.
        tests: the suite.
        asked: whether mutants are run too.
        passes: runs the suite against code.
    """
    stubs = await against_stubs(code, passes, stubbed)
    if stubs is None:
        return None
    if asked == "stub" or stubs.vacuous:
        return Strength(vacuous=stubs.vacuous, stubs=stubs.tried, passed_with=stubs.constants)
    noticed = await against_mutants(code, _MUTANTS, "strength", passes, tests)
    return Strength(
        vacuous=False,
        stubs=stubs.tried,
        passed_with=stubs.constants,
        mutants=noticed.decided,
        killed=noticed.killed,
        survivors=noticed.survivors,
    )


def reach_of(strength: Strength, record: Sequence[dict[str, Any]]) -> Strength:
    """Return the strength with what the record of a measured run says; it may say nothing."""
    end: dict[str, Any] = next((event for event in record if "reached" in event), {})
    counts = [end.get(key) for key in ("reached", "held", "lines", "covered")]
    missed = end.get("missed")
    if type(missed) is not list or any(type(n) is not int or n < 0 for n in (*counts, *missed)):
        return strength
    reached, held, lines, covered = counts
    return msgspec.structs.replace(
        strength,
        asserts=reached,
        failed_asserts=max(0, reached - held),
        lines=lines,
        covered=covered,
        uncovered=tuple(missed),
    )
