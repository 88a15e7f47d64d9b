"""Samples that are odd and right: what is at the edge of a limit is judged like everything else."""

from typing import Any

import pytest
from backends import Watched, story

from veristone import (
    AssertsCheck,
    Call,
    FunctionCheck,
    InvalidSample,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


DEPTH = "def f(x):\n    n = 0\n    while x: x, n = x[0], n + 1\n    return n\n"
IDENTITY = "def f(x):\n    return x\n"


@pytest.mark.parametrize("validated", [False, True])
async def test_arguments_and_answers_that_nest_deep(validated: bool, watched: Watched) -> None:
    deep = nested(900)
    same = "def accept(args, output, expected):\n    return output == expected\n"
    for code, expected, reason in (
        (DEPTH, 899, Reason.PASSED),
        (DEPTH, 900, Reason.WRONG_ANSWER),
        (IDENTITY, deep, Reason.PASSED),
        (IDENTITY, nested(899), Reason.WRONG_ANSWER),
    ):
        check = FunctionCheck(
            entry_point="f",
            calls=[Call(args=[deep], expected=expected)],
            validator=same if validated else None,
        )
        verdict = await watched.attack(Sample(code=code, check=check))
        assert verdict.reason is reason, story(verdict)


async def test_the_recursion_limit_of_a_sample_is_the_usual_one(watched: Watched) -> None:
    code = "import sys\ndef f(x):\n    return sys.getrecursionlimit()\n"
    check = FunctionCheck(entry_point="f", calls=[Call(args=[nested(900)], expected=1000)] * 2)
    assert (await watched.attack(Sample(code=code, check=check))).reason is Reason.PASSED


async def test_a_file_limit_beyond_all_files(watched: Watched) -> None:
    for file_mib in (2**43, 2**62):
        verdict = await watched.attack(Sample(code="print(1)", limits=Limits(file_mib=file_mib)))
        assert verdict.reason is Reason.PASSED, story(verdict)


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("main.py/x", ProgramCheck()),
        ("main.py/x/y", ProgramCheck()),
        ("solution.py/x", AssertsCheck(tests="assert f")),
        ("solution.py/x", FunctionCheck(entry_point="f", calls=[Call(args=[1], expected=1)])),
    ],
)
async def test_no_file_lies_in_the_sample_itself(name: str, check: Any, watched: Watched) -> None:
    with pytest.raises(InvalidSample, match="files"):
        await watched.engine.verify(Sample(code=IDENTITY, check=check, files={name: b""}))
    free = Sample(code=IDENTITY, check=check, files={f"other/{name}": b""})
    assert (await watched.attack(free)).reason is Reason.PASSED


async def test_an_id_is_no_book(watched: Watched) -> None:
    with pytest.raises(InvalidSample, match="id"):
        await watched.engine.verify(Sample(code="", id="x" * 100_000))


async def test_an_argument_that_cannot_be_made_is_the_checks_fault(watched: Watched) -> None:
    for argument in ({"$nothing": 1}, {"$int": "zz"}):
        calls = [Call(args=[1], expected=1), Call(args=[argument], expected=1)]
        check = FunctionCheck(entry_point="f", calls=calls)
        verdict = await watched.attack(Sample(code=IDENTITY, check=check))
        assert verdict.reason is Reason.SANDBOX_ERROR, story(verdict)
        assert "call 1" in verdict.message


async def test_a_suite_of_many_tests_is_run_to_its_end(watched: Watched) -> None:
    tests = "assert f(1) == 1\n" * 15_000
    check = AssertsCheck(tests=tests)
    verdict = await watched.attack(Sample(code=IDENTITY, check=check))
    assert (verdict.reason, verdict.passed) == (Reason.PASSED, 15_000), story(verdict)
    check = AssertsCheck(tests=tests + "assert f(1) == 2, 'é' * 10_000\n" * 3000)
    verdict = await watched.attack(Sample(code=IDENTITY, check=check))
    assert (verdict.reason, verdict.total) == (Reason.ASSERTION_FAILED, 18_000), story(verdict)
    assert sum(len(test.message) for test in verdict.tests) < 100_000
