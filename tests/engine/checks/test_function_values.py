"""What a function may return, in real sandboxes: what is compared, and what cannot be."""

from typing import Any

import pytest

from veristone import Call, Decision, FunctionCheck, Limits, Reason, Sample, Verdict
from veristone.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIMITS = Limits(cpu_s=10.0, wall_s=20.0)
R = Reason


async def against_reference(engine: Engine, reference: str, code: str) -> Verdict:
    check = FunctionCheck(entry_point="f", calls=[Call(args=[3])], reference=reference)
    return await engine.verify(Sample(code=code, check=check, limits=LIMITS))


async def against_value(engine: Engine, code: str, expected: Any, **fields: Any) -> Verdict:
    calls = [Call(args=[3], expected=expected)]
    given: dict[str, Any] = {"entry_point": "f", "calls": calls} | fields
    check = FunctionCheck(**given)
    return await engine.verify(Sample(code=code, check=check, limits=LIMITS))


RANGE = "def f(n):\n    yield from range(n)"
SAME = {
    "generators": (RANGE, "def f(n):\n    return (i for i in range(n))"),
    "endless generators": (
        "import itertools\ndef f(n):\n    return itertools.count(n)",
        "def f(n):\n    while True:\n        yield n\n        n += 1",
    ),
    "asynchronous generators": (
        "async def f(n):\n    for i in range(n):\n        yield i",
        RANGE,
    ),
    "functions": ("def f(n):\n    return lambda x: x + n", "def f(k):\n    return lambda x: x + k"),
    "an enumeration": (
        "import enum\nclass C(enum.Enum):\n    A = 1\ndef f(n):\n    return [C.A]",
        "from enum import Enum\nclass C(Enum):\n    A, B = 1, 2\ndef f(n):\n    return [C.A]",
    ),
    "nodes": (
        "class N:\n    def __init__(self, v, n=None):\n        self.v, self.n = v, n\n"
        "def f(n):\n    return N(1, N(2))",
        "class N:\n    def __init__(self, v=0, n=None):\n        self.v = v\n        self.n = n\n"
        "def f(n):\n    return N(1, N(2, None))",
    ),
}
DIFFERENT = {
    "generators": (RANGE, "def f(n):\n    yield from range(n + 1)"),
    "a list for a generator": (RANGE, "def f(n):\n    return list(range(n))"),
    "functions that hold another value": (
        "def f(n):\n    return lambda x: x + n",
        "def f(n):\n    n += 1\n    return lambda x: x + n",
    ),
    "a forged repr": (
        "class P:\n    def __init__(self, x):\n        self.x = x\n"
        "    def __repr__(self):\n        return 'P(3)'\ndef f(n):\n    return P(n)",
        "class P:\n    def __repr__(self):\n        return 'P(3)'\ndef f(n):\n    return P()",
    ),
}


@pytest.mark.parametrize("name", SAME)
async def test_equal_to_what_the_reference_returns(name: str, engine: Engine) -> None:
    verdict = await against_reference(engine, *SAME[name])
    assert verdict.reason is R.PASSED, verdict.message


@pytest.mark.parametrize("name", DIFFERENT)
async def test_other_than_what_the_reference_returns(name: str, engine: Engine) -> None:
    verdict = await against_reference(engine, *DIFFERENT[name])
    assert verdict.reason is R.WRONG_ANSWER, verdict.message


@pytest.mark.parametrize("size", [10, 20_000])
async def test_long_values_are_compared_whole(size: int, engine: Engine) -> None:
    reference = f"def f(n):\n    return [0.5] * {size}"
    same = f"def f(n):\n    return [1 / 2] * {size - 1} + [0.5]"
    assert (await against_reference(engine, reference, same)).decision is Decision.PASS
    near = f"def f(n):\n    return [0.5] * {size - 1} + [0.5 + 1e-12]"
    other = await against_reference(engine, reference, near)
    assert other.reason is Reason.WRONG_ANSWER
    assert "expected [0.5" in other.message
    short = await against_reference(engine, reference, "def f(n):\n    return 1")
    assert short.reason is Reason.WRONG_ANSWER


async def test_a_reference_that_equals_no_copy_of_itself_leaves_every_sample_undecided(
    engine: Engine,
) -> None:
    reference = "import threading\ndef f(n):\n    return [threading.Lock()]"
    for code in (reference, "def f(n):\n    return 1"):
        verdict = await against_reference(engine, reference, code)
        assert verdict.decision is Decision.UNDECIDED
        assert "lock, which equals no copy of itself" in verdict.message
        assert verdict.usage.runs == 0


async def test_functions_with_other_code_are_undecided_and_no_functions_are_wrong(
    engine: Engine,
) -> None:
    reference = "def f(n):\n    return lambda x: x + n"
    verdict = await against_reference(engine, reference, "def f(n):\n    return lambda x: n + x")
    assert verdict.decision is Decision.UNDECIDED
    verdict = await against_reference(engine, reference, "def f(n):\n    return n.__add__")
    assert verdict.decision is Decision.FAIL


async def test_a_coroutine_is_awaited(engine: Engine) -> None:
    code = "import asyncio\nasync def f(n):\n    await asyncio.sleep(0)\n    return n + 1"
    assert (await against_value(engine, code, 4)).reason is R.PASSED
    assert (await against_value(engine, code, 5)).reason is R.WRONG_ANSWER
    code = "async def f(n):\n    raise ValueError"
    assert (await against_value(engine, code, 5)).reason is R.RUNTIME_ERROR


async def test_a_method_is_that_of_a_new_instance(engine: Engine) -> None:
    code = (
        "class S:\n    def __init__(self):\n        self.n = 0\n"
        "    def solve(self, k):\n        self.n += k\n        return self.n"
    )
    calls = [Call(args=[3], expected=3), Call(args=[4], expected=4)]
    verdict = await against_value(engine, code, None, entry_point="S.solve", calls=calls)
    assert verdict.reason is R.PASSED, verdict.message
    verdict = await against_value(engine, code, 3, entry_point="S.other")
    assert verdict.message == "defines no S.other"


async def test_what_was_defined_before_an_exit_at_the_top_is_called(engine: Engine) -> None:
    code = "import sys\ndef f(n):\n    return n\nsys.exit(0)\n"
    assert (await against_value(engine, code, 3)).reason is R.PASSED
    assert (await against_value(engine, code, 4)).reason is R.WRONG_ANSWER
    assert (await against_value(engine, "exit(0)", 4)).reason is R.EARLY_EXIT


async def test_a_validator_accepts_by_truth(engine: Engine) -> None:
    for said, reason in (
        ("1", R.PASSED),
        ("[0]", R.PASSED),
        ("0", R.WRONG_ANSWER),
        ("''", R.WRONG_ANSWER),
    ):
        validator = f"def accept(args, output, expected):\n    return {said}\n"
        verdict = await against_value(engine, "def f(n):\n    return 1", 2, validator=validator)
        assert verdict.reason is reason, said


async def test_a_validator_gives_part_of_the_credit(engine: Engine) -> None:
    validator = (
        "def accept(args, output, expected):\n    return max(0.0, 1 - abs(output - expected) / 4)\n"
    )
    check = FunctionCheck(
        entry_point="f",
        calls=[Call(args=[n], expected=0) for n in range(6)],
        validator=validator,
    )
    verdict = await engine.verify(Sample(code="def f(n):\n    return n", check=check))
    assert verdict.reason is Reason.WRONG_ANSWER, verdict.message
    assert [test.score for test in verdict.tests] == [None, 0.75, 0.5, 0.25, None, None]
    assert [test.passed for test in verdict.tests] == [True] + 5 * [False]
    assert verdict.score == 2.5 / 6


async def test_nan_passes_no_validator_that_looks_for_differences(engine: Engine) -> None:
    validator = "def accept(args, output, expected):\n    return not abs(output - expected) > 1\n"
    code = "def f(n):\n    return float('nan')"
    verdict = await against_value(engine, code, 2.0, validator=validator)
    assert verdict.reason is R.WRONG_ANSWER
    verdict = await against_value(engine, code, {"$float": "nan"}, validator=validator)
    assert verdict.reason is R.PASSED
