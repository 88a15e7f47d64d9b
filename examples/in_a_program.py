"""Judge a stream of samples inside a program: one right, one wrong, one that leaves early."""

import asyncio
from collections.abc import Iterator

from veristone import AssertsCheck, Decision, Sample
from veristone.engine import Engine

TESTS = AssertsCheck(tests="assert add(1, 2) == 3\nassert add(-1, 1) == 0\n")


def samples() -> Iterator[Sample]:
    """Yield what a model might have written; any iterable will do, an endless one too."""
    yield Sample(id="right", code="def add(a, b):\n    return a + b\n", check=TESTS)
    yield Sample(id="wrong", code="def add(a, b):\n    return a - b\n", check=TESTS)
    yield Sample(id="hack", code="import os\nos._exit(0)\n", check=TESTS)


async def main() -> None:
    """Print a line for each verdict, and a pass rate that leaves out what is undecided."""
    passed = decided = 0
    async with Engine() as engine:
        async for verdict in engine.verify_stream(samples()):
            print(f"{verdict.id}: {verdict.decision} ({verdict.reason}) {verdict.message}")
            if verdict.decision is not Decision.UNDECIDED:
                decided += 1
                passed += verdict.decision is Decision.PASS
    print(f"{passed} of {decided} passed")


if __name__ == "__main__":
    asyncio.run(main())
