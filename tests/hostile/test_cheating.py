"""Wrong programs that try to be judged right.

Every program is tried on every kind of check that it could cheat. Not one may pass, each must
fail and not be undecided, and each leaves a spotless sandbox.
"""

import secrets
import time
from pathlib import Path

import msgspec
import pytest
from backends import Watched, story

from veristone import (
    AssertsCheck,
    Call,
    Decision,
    FunctionCheck,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    StdioCase,
    StdioCheck,
    Verdict,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROGRAMS = Path(__file__).parent / "programs"
CHEATS = sorted(path.stem for path in PROGRAMS.glob("cheat_*.py"))
LIMITS = Limits(cpu_s=30.0, wall_s=60.0)
R = Reason
# What a cheat may be called. Never a pass, and never the sandbox's fault.
ENDS = {
    R.WRONG_ANSWER,
    R.ASSERTION_FAILED,
    R.RUNTIME_ERROR,
    R.EARLY_EXIT,
    R.TAMPERED,
    R.SIGNALLED,
    R.NO_TESTS,
    R.OUTPUT_LIMIT,
    R.CPU_TIMEOUT,
}
ASSERTS = {
    "statements": "assert add(1, 2) == 3\nassert add(2, 2) == 4\n",
    "function": (
        "def check(candidate):\n"
        "    assert True, 'always'\n"
        "    assert candidate(1, 2) == 3\n"
        "    assert candidate(2, 2) == 4\n"
        "    assert True, 'always'\n"
        "\n"
        "check(add)\n"
    ),
    "pytest": "def test_add():\n    assert add(1, 2) == 3\n    assert add(2, 2) == 4\n",
    "unittest": (
        "import unittest\n\n"
        "class TestAdd(unittest.TestCase):\n"
        "    def test_add(self):\n"
        "        self.assertEqual(add(1, 2), 3)\n"
        "    def test_more(self):\n"
        "        self.assertEqual(add(2, 2), 4)\n"
    ),
}
# Their text needs the solution in the interpreter of the tests.
SHARED = "import inspect\nassert inspect.isfunction(add)\n" + ASSERTS["statements"]
# These know this driver and take its record or its functions from the frames and the memory of
# their own interpreter. Nothing that runs beside them can stop that: it is why such a verdict says
# `shared`. Where the tests run in a process of their own they get nowhere.
KNOW_THE_DRIVER = {"cheat_patches_driver", "cheat_token_from_frames", "cheat_token_from_memory"}
# What these attack is the driver, by a way that leads there or not: each says that it got to the
# point. Without that a test would hold that nothing comes of a program that died on its way.
ATTACK_THE_DRIVER = {
    *("cheat_claims_a_fault", "cheat_claims_a_fault_in_call", "cheat_floods_record"),
    *("cheat_floods_record_with_events", "cheat_overwrites_record", "cheat_patches_driver"),
    *("cheat_thread_watches", "cheat_token_from_frames", "cheat_token_from_memory"),
    "cheat_writes_everywhere",
}


def expect_attacked(name: str, verdict: Verdict) -> None:
    # Who is caught by what he wrote may be ended before he says that he did.
    if name in ATTACK_THE_DRIVER and verdict.reason is not Reason.TAMPERED:
        assert "attacked" in verdict.stderr.text, story(verdict)


def code_of(name: str) -> str:
    return (PROGRAMS / f"{name}.py").read_text()


@pytest.mark.parametrize("suite", sorted(ASSERTS))
@pytest.mark.parametrize("name", CHEATS)
async def test_asserts(name: str, suite: str, watched: Watched) -> None:
    check = AssertsCheck(tests=ASSERTS[suite])
    verdict = await watched.attack(Sample(code=code_of(name), check=check, limits=LIMITS))
    assert verdict.decision is Decision.FAIL, story(verdict)
    assert verdict.reason in ENDS, story(verdict)
    assert verdict.judged == "split"
    expect_attacked(name, verdict)


@pytest.mark.parametrize("name", sorted(set(CHEATS) - KNOW_THE_DRIVER))
async def test_tests_beside_the_solution(name: str, watched: Watched) -> None:
    sample = Sample(code=code_of(name), check=AssertsCheck(tests=SHARED), limits=LIMITS)
    verdict = await watched.attack(sample)
    assert verdict.decision is Decision.FAIL, story(verdict)
    assert verdict.reason in ENDS, story(verdict)
    assert verdict.judged == "shared"


@pytest.mark.parametrize("name", sorted(KNOW_THE_DRIVER))
async def test_verdicts_that_a_sample_could_forge_say_so(name: str, watched: Watched) -> None:
    sample = Sample(code=code_of(name), check=AssertsCheck(tests=SHARED), limits=LIMITS)
    verdict = await watched.attack(sample)
    assert verdict.judged == "shared"
    assert verdict.decision is not Decision.UNDECIDED, story(verdict)
    assert verdict.attempts == 1
    expect_attacked(name, verdict)


@pytest.mark.parametrize("name", CHEATS)
async def test_function(name: str, watched: Watched) -> None:
    calls = [
        Call(args=[1, 2], expected=3),
        Call(args=[2, 2], expected="expected-" + secrets.token_hex(16)),
    ]
    check = FunctionCheck(entry_point="add", calls=calls)
    verdict = await watched.attack(Sample(code=code_of(name), check=check, limits=LIMITS))
    assert verdict.decision is Decision.FAIL, story(verdict)
    assert verdict.reason in ENDS, story(verdict)
    assert verdict.judged == "split"
    assert verdict.attempts == 1
    assert not verdict.tests[-1].passed
    expect_attacked(name, verdict)


@pytest.mark.parametrize("name", CHEATS)
async def test_stdio(name: str, watched: Watched) -> None:
    cases = [StdioCase(input="1 2\n", output=f"{secrets.token_hex(16)}\n")]
    sample = Sample(code=code_of(name), check=StdioCheck(cases=cases), limits=LIMITS)
    verdict = await watched.attack(sample)
    assert verdict.decision is Decision.FAIL, story(verdict)
    assert verdict.reason in ENDS, story(verdict)


async def test_early_end_of_a_program_is_no_pass_where_output_is_wanted(watched: Watched) -> None:
    for name in ("cheat_os_exit", "cheat_sys_exit", "cheat_kill_itself", "cheat_exec"):
        sample = Sample(code=code_of(name), check=ProgramCheck(stdout="done\n"), limits=LIMITS)
        verdict = await watched.attack(sample)
        assert verdict.decision is Decision.FAIL, story(verdict)


@pytest.mark.parametrize(
    "tests",
    [
        "",
        "\n# nothing\n",
        "pass",
        "import math",
        "x = add(1, 2)",
        "def test_add():\n    pass",
        "def check(candidate):\n    assert candidate(1, 2) == 3",
        "if False:\n    assert add(1, 2) == 3",
        "for n in []:\n    assert add(1, 2) == 3",
        "print(add(1, 2))",
        "'assert add(1, 2) == 3'",
    ],
)
async def test_empty_suites_test_nothing(tests: str, watched: Watched) -> None:
    code = "def add(a, b):\n    return a + b\n"
    verdict = await watched.attack(Sample(code=code, check=AssertsCheck(tests=tests)))
    assert verdict.reason is R.NO_TESTS, story(verdict)


async def test_no_calls_and_no_cases_test_nothing(watched: Watched) -> None:
    for check in (FunctionCheck(entry_point="add", calls=[]), StdioCheck(cases=[])):
        verdict = await watched.attack(Sample(code="def add(a, b): return a + b", check=check))
        assert verdict.reason is R.NO_TESTS, story(verdict)


@pytest.mark.parametrize("suite", sorted(ASSERTS))
async def test_right_program_passes_every_suite(suite: str, watched: Watched) -> None:
    """Without this the tests above would prove nothing."""
    code = "def add(a, b):\n    return a + b\n"
    verdict = await watched.attack(Sample(code=code, check=AssertsCheck(tests=ASSERTS[suite])))
    assert verdict.reason is R.PASSED, story(verdict)


async def test_odd_messages_do_not_hide_the_reason(watched: Watched) -> None:
    code = "raise ValueError('\\ud800' * 3 + '\\0' + 'x' * 100000)"
    for check in (
        AssertsCheck(tests="assert True"),
        FunctionCheck(entry_point="f", calls=[Call(expected=1)]),
    ):
        verdict = await watched.attack(Sample(code=code, check=check))
        assert verdict.reason is R.RUNTIME_ERROR, story(verdict)


@pytest.mark.parametrize("name", ["cheat_floods_record", "cheat_floods_record_with_events"])
@pytest.mark.parametrize("kind", ["function", "asserts"])
async def test_a_flood_of_the_record_costs_the_engine_little(
    name: str, kind: str, watched: Watched
) -> None:
    check = (
        FunctionCheck(entry_point="add", calls=[Call(args=[1, 2], expected=3)])
        if kind == "function"
        else AssertsCheck(tests=ASSERTS["statements"])
    )
    before = time.thread_time()
    verdict = await watched.engine.verify(Sample(code=code_of(name), check=check, limits=LIMITS))
    assert verdict.decision is Decision.FAIL, story(verdict)
    expect_attacked(name, verdict)
    assert time.thread_time() - before < 2.0
    assert len(msgspec.json.encode(verdict)) < 256 * 1024
