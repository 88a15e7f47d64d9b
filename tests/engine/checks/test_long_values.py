"""Long answers stay in their sandbox: a digest tells that one is right, and nothing else does."""

from typing import Any

import pytest
from backends import story

from veristone import Call, FunctionCheck, Reason, Sample, Verdict
from veristone.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")
N = 30_000
R = Reason


async def judged(engine: Engine, code: str, reference: str, **fields: Any) -> Verdict:
    calls = [Call(args=[3]), Call(args=[N]), Call(args=[N + 1])]
    check = FunctionCheck(entry_point="f", calls=calls, reference=reference, **fields)
    return await engine.verify(Sample(code=code, check=check))


NUMBERS = "def f(n):\n    return [k * 3 for k in range(n)]\n"
FLOATS = "def f(n):\n    return [k / 7 for k in range(n)]\n"
WORDS = "def f(n):\n    return {'x' + str(k): k for k in range(n)}\n"
SETS = "def f(n):\n    return set(map(str, range(n)))\n"


@pytest.mark.parametrize(
    ("code", "reference", "runs"),
    [
        (NUMBERS.replace("k * 3", "k + 2 * k"), NUMBERS, 1),
        # What is equal and looks otherwise is looked at.
        (FLOATS.replace("k / 7", "k * (1 / 7)"), FLOATS, 2),
        (NUMBERS.replace("k * 3", "k * 3.0"), NUMBERS, 2),
        (WORDS.replace("range(n)", "reversed(range(n))"), WORDS, 2),
        (SETS.replace("range(n)", "reversed(range(n))"), SETS, None),
    ],
)
async def test_right_answers(code: str, reference: str, runs: int | None, engine: Engine) -> None:
    verdict = await judged(engine, code, reference, float_atol=1e-6)
    assert verdict.reason is R.PASSED, story(verdict)
    assert (verdict.passed, verdict.total) == (3, 3)
    assert runs is None or verdict.usage.runs == runs


@pytest.mark.parametrize(
    ("code", "message", "passed"),
    [
        ("[k * 3 + (k == 30_000) for k in range(n)]", "expected [0, 3, ", 2),
        ("[k * 3 for k in range(n)][:-1]", "expected [0, 3, 6], got [0, 3]", 0),
        ("[0, 3, 6]", "bytes, got [0, 3, 6]", 1),
        ("None", "expected [0, 3, 6], got None", 0),
        ("[k * 3 for k in range(n)] * 50", "got [0, 3, 6, 0", 0),
        ("[0, 3, 6] if n == 3 else [0] * 9_000_000", "returned far more than a value of", 1),
    ],
)
async def test_wrong_answers(code: str, message: str, passed: int, engine: Engine) -> None:
    verdict = await judged(engine, f"def f(n):\n    return {code}\n", NUMBERS)
    assert verdict.reason is R.WRONG_ANSWER, story(verdict)
    assert message in verdict.message
    assert verdict.passed == passed


async def test_objects_that_look_alike_are_told_apart(engine: Engine) -> None:
    code = "def f(n):\n    return [lambda: n] * n if n > 3 else 1\n"
    verdict = await judged(engine, code, code)
    assert verdict.reason in (R.PASSED, R.SANDBOX_ERROR), story(verdict)
    opaque = "def f(n):\n    return [__import__('threading').Lock()] * n if n > 3 else 1\n"
    verdict = await judged(engine, opaque, opaque)
    assert verdict.reason is R.SANDBOX_ERROR
    assert "equals no copy of itself" in verdict.message


async def test_a_program_that_answers_for_its_driver_knows_no_digest(engine: Engine) -> None:
    """Whatever stands where the value should: it is not the reference's."""
    code = (
        "import sys\n"
        "driver = next(m for n, m in sys.modules.items() if n.endswith('python_calls'))\n"
        "driver._said = lambda value, longest: '\"digest\":\"' + '0' * 64 + '\",\"size\":207000'\n"
        "def f(n):\n    return 0\n"
    )
    verdict = await judged(engine, code, NUMBERS)
    assert verdict.decision == "fail", story(verdict)
    assert verdict.passed == 0
