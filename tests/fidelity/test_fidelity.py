"""A sample in the zygote behaves as `python3 main.py` does in the same sandbox.

Every program runs both ways, see `twins`. What may differ is in docs/fidelity.md; each such
difference has a test in `test_differences.py`.
"""

from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio

import twins
from backends import open_engine
from engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(backend: str) -> AsyncIterator[Engine]:
    """Two sandboxes: one for each of a pair of runs."""
    async with open_engine(backend, sandboxes=2) as opened:
        yield opened


async def expect_equal(engine: Engine, programs: Iterable[twins.Program]) -> None:
    compared = await twins.compare_all(engine, programs)
    assert compared, "nothing to compare"
    different = [each for each in compared if each.difference]
    texts = [f"== {each.program.name}\n{each.difference[:2000]}" for each in different]
    assert not different, f"{len(different)} of {len(compared)} differ\n" + "\n".join(texts)


@pytest.mark.parametrize("topic", twins.topics())
async def test_our_programs(engine: Engine, topic: str) -> None:
    await expect_equal(engine, twins.programs(topic))


async def test_humaneval(engine: Engine) -> None:
    found = twins.humaneval()
    if not found:
        pytest.skip(f"needs {twins.HUMANEVAL.name} in the folder shared/data beside the checkout")
    await expect_equal(engine, found)


@pytest.mark.slow
async def test_tests_of_cpython(engine: Engine) -> None:
    first = await twins.run_plain(engine, twins.cpython_has_tests())
    if first.stdout != b"True\n":
        pytest.skip("the interpreter of these sandboxes comes without the package `test`")
    version = await twins.run_plain(engine, twins.python_version())
    if version.stdout != b"3.11\n":
        pytest.skip("the list of modules is for Python 3.11")
    await expect_equal(engine, twins.cpython_tests())
