"""No wrong program may choose to be left out: what it does to those that judge it is its own doing.

`undecided` is for faults of ours. A program that could call for it would make every rate that is
computed from verdicts look better than it is.
"""

import asyncio
import time

import pytest
from backends import Watched, story

from veristone import (
    Call,
    Checker,
    Decision,
    FunctionCheck,
    Limits,
    Reason,
    Sample,
    StdioCase,
    StdioCheck,
    Verdict,
)
from veristone.engine.checks import function

pytestmark = pytest.mark.asyncio(loop_scope="module")
R = Reason
LIMITS = Limits(cpu_s=20.0, wall_s=60.0)
CHECKERS = {
    "reads text": (
        "import sys\n"
        "mine, right = (open(name).read().split() for name in sys.argv[2:])\n"
        "sys.exit(mine != right)\n"
    ),
    "reads a number": "import sys\nsys.exit(int(open(sys.argv[2]).read()) != 2)\n",
    "counts": (
        "import sys\n"
        "number = int(open(sys.argv[2]).read())\n"
        "total = 0\n"
        "for n in range(number): total += n\n"
        "sys.exit(total != 1)\n"
    ),
    "builds": (
        "import sys\n"
        "row = bytearray(int(open(sys.argv[2]).read()) << 20)\n"
        "for n in range(0, len(row), 4096): row[n] = 1\n"
        "sys.exit(len(row) != 2 << 20)\n"
    ),
    "asks for trouble": "import os, sys\nos.kill(os.getpid(), int(open(sys.argv[2]).read()) - 2)\n",
}
OUTPUTS = {
    "no text": "import sys; sys.stdout.buffer.write(b'\\xff\\xfe')",
    "nothing": "",
    "a long number": "print('7' * 5000)",
    "a large number": "print(10**12)",
    "eleven": "print(11)",
}


@pytest.mark.slow
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("checker", CHECKERS)
async def test_output_that_its_checker_cannot_bear(
    checker: str, output: str, watched: Watched
) -> None:
    case = StdioCase(input="1\n", output="2\n")
    asked = Checker(code=CHECKERS[checker], limits=Limits(cpu_s=1.0))
    check = StdioCheck(cases=[case], checker=asked)
    verdict = await watched.attack(Sample(code=OUTPUTS[output], check=check, limits=LIMITS))
    assert verdict.decision is Decision.FAIL, story(verdict)
    right = await watched.engine.verify(Sample(code="print(2)", check=check, limits=LIMITS))
    assert right.reason is R.PASSED, story(right)


async def test_a_checker_that_fails_with_the_answer_too_is_the_checks_fault(
    watched: Watched,
) -> None:
    case = StdioCase(input="1\n", output="2\n")
    for code in ("import sys\nsys.exit(3)", "import no_such_module", "def"):
        check = StdioCheck(cases=[case], checker=Checker(code=code))
        verdict = await watched.attack(Sample(code="print(2)", check=check))
        assert verdict.decision is Decision.UNDECIDED, story(verdict)


@pytest.mark.parametrize(
    "output", ["", "x", "7" * 5000, "\xff"], ids=["none", "x", "long", "bytes"]
)
async def test_output_that_a_checker_without_an_answer_cannot_bear(
    output: str, watched: Watched
) -> None:
    """It is whole where it can judge something, if only a number or its own input."""
    code = f"import sys; sys.stdout.buffer.write({output.encode('latin-1')!r})"
    for checker in (
        "import sys\nsys.exit(int(open(sys.argv[2]).read()) < 5)\n",
        "import sys\nnumbers = [int(n) for n in open(sys.argv[2]).read().split()]\n"
        "sys.exit(numbers[2] < numbers[1])\n",
    ):
        check = StdioCheck(cases=[StdioCase(input="3 1 2\n")], checker=Checker(code=checker))
        verdict = await watched.attack(Sample(code=code, check=check, limits=LIMITS))
        assert verdict.decision is Decision.FAIL, story(verdict)


def validated(validator: str) -> FunctionCheck:
    return FunctionCheck(
        entry_point="f", calls=[Call(args=[1], expected=[3, 4])], validator=validator
    )


VALIDATORS = {
    "adds": "def accept(args, output, expected):\n    return sum(output) == sum(expected)\n",
    "sorts": "def accept(args, output, expected):\n    return sorted(output) == expected\n",
    "exits": (
        "import os\n"
        "def accept(args, output, expected):\n"
        "    if output != expected: os._exit(3)\n"
        "    return True\n"
    ),
}
VALUES = {
    "without end": "return range(10**12)",
    "deep": "x = []\n    for _ in range(880): x = [x]\n    return x",
    "an object": "return object()",
    "a number": "return 7",
    "long": "return list(range(1_000_000))",
    "no value": "import sys\n    return float('nan')",
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("validator", VALIDATORS)
async def test_a_value_that_its_validator_cannot_bear(
    validator: str, value: str, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(function, "_VALIDATOR_CALL_S", 1.0)
    check = validated(VALIDATORS[validator])
    code = f"def f(x):\n    {VALUES[value]}\n"
    verdict = await watched.attack(Sample(code=code, check=check, limits=LIMITS))
    assert verdict.decision is Decision.FAIL, story(verdict)
    assert verdict.usage.wall_s < 60, story(verdict)
    right = Sample(code="def f(x):\n    return [3, 4]\n", check=check)
    assert (await watched.engine.verify(right)).reason is R.PASSED


async def test_a_validator_that_fails_with_the_expected_values_is_the_checks_fault(
    watched: Watched,
) -> None:
    check = validated("def accept(args, output, expected):\n    import os; os._exit(0)\n")
    verdict = await watched.attack(Sample(code="def f(x):\n    return 7\n", check=check))
    assert verdict.decision is Decision.UNDECIDED, story(verdict)


FORGED = {
    "a value without a tag that is known": '{"call":0,"value":{"$nothing":1}}',
    "a value of the wrong kind": '{"call":0,"value":{"$dict":3}}',
    "no value": '{"call":0}',
    "a name that is none": '{"missing":[[[1]]]}',
    "a deep name": '{"missing":' + "[" * 900 + "]" * 900 + "}",
    "a deep exception": '{"raised":' + "[" * 900 + "]" * 900 + "}",
    "a deep test": '{"test":' + "[" * 900 + "]" * 900 + "}",
    "a long number": '{"call":0,"value":' + "9" * 4500 + "}",
    "a number for a call": '{"call":1e300,"value":3}',
    "another end": '{"done":null}',
}


@pytest.mark.parametrize("event", FORGED)
@pytest.mark.parametrize("validator", [None, VALIDATORS["adds"]], ids=["compared", "validated"])
async def test_a_record_that_the_sample_wrote(
    event: str, validator: str | None, watched: Watched
) -> None:
    code = (
        "import os, sys\n"
        "def f(x):\n"
        "    frame = sys._getframe()\n"
        "    while frame:\n"
        "        for value in list(frame.f_locals.values()):\n"
        "            if type(value).__name__ == 'Recorder':\n"
        f"                value._append({FORGED[event]!r}.encode())\n"
        "                value.write({'done': 1})\n"
        "                os.write(2, b'attacked')\n"
        "                os._exit(0)\n"
        "        frame = frame.f_back\n"
    )
    check = FunctionCheck(
        entry_point="f", calls=[Call(args=[1], expected=[3, 4])], validator=validator
    )
    verdict = await watched.attack(Sample(code=code, check=check, limits=LIMITS))
    assert verdict.stderr.text == "attacked", story(verdict)
    assert verdict.decision is Decision.FAIL, story(verdict)
    assert verdict.attempts == 1


# What it costs the engine -------------------------------------------------------------------


async def judge_beside_a_clock(watched: Watched, sample: Sample) -> tuple[Verdict, float]:
    """Return a verdict, and the longest time that the event loop worked on one thing.

    In CPU seconds of the loop's own thread: a busy machine makes no difference.
    """
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - before)

    await watched.prepare()
    clock = asyncio.ensure_future(beat())
    try:
        return await watched.engine.verify(sample), longest
    finally:
        clock.cancel()


def returns(expression: str) -> str:
    return f"def add(a, b):\n    return {expression}\n"


COSTLY = {
    "a long list": returns("list(range(3_000_000))"),
    "many lists": returns("[[] for _ in range(1_000_000)]"),
    "one text many times": returns("['x' * 1_000_000] * 200"),
    "numbers with one hash": returns("[{n * (2**61 - 1)} for n in range(100_000)]"),
    "many keys": returns("{str(n): n for n in range(300_000)}"),
}


@pytest.mark.parametrize("name", COSTLY)
async def test_a_value_does_not_hold_up_the_others(name: str, watched: Watched) -> None:
    check = FunctionCheck(entry_point="add", calls=[Call(args=[1, 2], expected=[3] * 10_000)])
    limits = Limits(cpu_s=20.0, wall_s=60.0, memory_mib=1024)
    sample = Sample(code=COSTLY[name], check=check, limits=limits)
    verdict, stalled = await judge_beside_a_clock(watched, sample)
    assert verdict.decision is Decision.FAIL, story(verdict)
    assert stalled < 0.5
    await watched.expect_spotless()
