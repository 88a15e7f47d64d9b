"""What passes at times is told from what passes."""

from collections.abc import AsyncIterator

import backends
import pytest
import pytest_asyncio

from veristone import AssertsCheck, Decision, ProgramCheck, Reason, Sample, StdioCase, StdioCheck
from veristone.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")
RERUNS = 12
WORDS = "words = {'north', 'south', 'east', 'west', 'up', 'down'}\nprint(list(words)[0])\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def patient(backend: str) -> AsyncIterator[Engine]:
    """An engine that does not believe the first pass."""
    async with backends.open_engine(backend, reruns=RERUNS) as engine:
        yield engine


async def test_a_program_that_depends_on_the_hash_seed_is_flaky(patient: Engine) -> None:
    shown = (await patient.verify(Sample(code=WORDS, env={"PYTHONHASHSEED": "0"}))).stdout.head
    for check in (
        ProgramCheck(stdout=shown),
        StdioCheck(cases=[StdioCase(input="", output=shown)]),
    ):
        verdict = await patient.verify(Sample(code=WORDS, check=check))
        assert verdict.reason is Reason.FLAKY, verdict
        assert verdict.decision is Decision.FAIL
        assert 1 < verdict.usage.runs <= 1 + RERUNS


async def test_the_test_that_fails_at_times_is_named(patient: Engine) -> None:
    code = "import random\ndef draw():\n    return random.random() < .5\n"
    tests = "assert draw() in (True, False)\nassert draw() is True"
    check = AssertsCheck(tests=tests)
    verdicts = [await patient.verify(Sample(code=code, check=check)) for _ in range(20)]
    flaky = [verdict for verdict in verdicts if verdict.reason is Reason.FLAKY]
    assert flaky
    assert all("line 2" in verdict.message for verdict in flaky)
    assert {verdict.reason for verdict in verdicts} <= {Reason.FLAKY, Reason.ASSERTION_FAILED}


async def test_what_always_passes_passes_and_what_fails_is_not_run_again(patient: Engine) -> None:
    verdict = await patient.verify(Sample(code="print(1)"))
    assert verdict.decision is Decision.PASS
    assert verdict.usage.runs == 1 + RERUNS
    verdict = await patient.verify(Sample(code="assert False"))
    assert verdict.reason is not Reason.FLAKY
    assert verdict.usage.runs == 1


async def test_strength_is_asked_once(patient: Engine) -> None:
    check = AssertsCheck(tests="assert f(1) == 2", strength="stub")
    verdict = await patient.verify(Sample(code="def f(x):\n    return x + 1\n", check=check))
    assert verdict.strength is not None
    assert verdict.usage.runs == 1 + RERUNS + verdict.strength.runs
