"""A sample in the zygote behaves as `python3 main.py` does in the same sandbox.

Every program runs both ways, see `twins`. What may differ is in docs/fidelity.md; each such
difference has a test in `test_differences.py`.
"""

from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio
import twins
from backends import open_engine

from veristone.engine import Engine
from veristone.engine.jobs import Driver

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(backend: str) -> AsyncIterator[Engine]:
    """Two sandboxes: one for each of a pair of runs."""
    async with open_engine(backend, sandboxes=2) as opened:
        yield opened


async def expect_equal(
    engine: Engine, programs: Iterable[twins.Program], driver: Driver = "main"
) -> None:
    compared = await twins.compare_all(engine, programs, driver)
    assert compared, "nothing to compare"
    different = [each for each in compared if each.difference]
    texts = [f"== {each.program.name}\n{each.difference[:2000]}" for each in different]
    assert not different, f"{len(different)} of {len(compared)} differ\n" + "\n".join(texts)


@pytest.mark.parametrize("topic", twins.topics())
async def test_our_programs(engine: Engine, topic: str) -> None:
    await expect_equal(engine, twins.programs(topic))


@pytest.mark.parametrize("topic", ["exits", "finalisers", "threads"])
async def test_our_programs_where_their_end_is_watched(engine: Engine, topic: str) -> None:
    await expect_equal(engine, twins.programs(topic), "whole")


async def test_humaneval(engine: Engine) -> None:
    found = twins.humaneval()
    if not found:
        pytest.skip(f"needs {twins.HUMANEVAL.name} in the folder shared/data beside the checkout")
    await expect_equal(engine, found)


@pytest.mark.slow
async def test_tests_of_cpython(engine: Engine) -> None:
    question = b"import sys, test.test_heapq; sys.exit(sys.version_info[:2] != (3, 11))"
    answer = await twins.run_plain(engine, twins.Program(name="", files={"main.py": question}))
    if not answer.status.startswith("exit 0"):
        pytest.skip("the sandboxes' Python is not a 3.11 that comes with its package `test`")
    await expect_equal(engine, twins.cpython_tests())
