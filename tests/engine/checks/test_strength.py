"""Suites that prove nothing are told from those that prove little."""

import ast

import pytest

from veristone import AssertsCheck, Decision, Sample, Strength
from veristone.engine import Engine
from veristone.generators.code.stubs import stubbed

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = """import math
LIMIT = 3
class Counter:
    def __init__(self, n=0):
        self.n = n
    @property
    def twice(self):
        return 2 * self.n
def add(a, b):
    return a + b
"""
VACUOUS = {
    "true of everything": "assert True\nassert add",
    "not None": "assert add(1, 2) is not None",
    "a type": "def test_add():\n    assert isinstance(add(1, 2), int)",
    "itself": "assert add(1, 2) == add(1, 2)",
    "a tuple": "assert (add(1, 2) == 3, 'three')",
    "swallowed": (
        "def check(a, b, c):\n    try:\n        assert add(a, b) == c\n"
        "    except Exception as error:\n        print(error)\ncheck(1, 2, 3)\ncheck(1, 1, 5)"
    ),
    "a mock": "from unittest import mock\nadd = mock.Mock(return_value=3)\nassert add(1, 2) == 3",
}
SOUND = {
    "a value": "assert add(1, 2) == 3",
    "a value that a stub returns": "assert add(0, 0) == 0",
    "a property": "assert Counter(2).twice == 4",
    "an exception": ("try:\n    add(1, 'a')\n    raise SystemError\nexcept TypeError:\n    pass"),
    "something false": "assert not add(1, -1)",
}


@pytest.mark.parametrize("name", [*VACUOUS, *SOUND])
async def test_stubs(name: str, engine: Engine) -> None:
    tests = (VACUOUS | SOUND)[name]
    sample = Sample(code=CODE, check=AssertsCheck(tests=tests, strength="stub"))
    verdict = await engine.verify(sample)
    assert verdict.decision is Decision.PASS, verdict
    assert verdict.strength is not None
    assert verdict.strength.vacuous is (name in VACUOUS), verdict.strength
    assert verdict.strength.runs == verdict.strength.stubs + 1
    assert verdict.usage.runs == 1 + verdict.strength.runs
    assert 0 < verdict.strength.cpu_s < verdict.usage.cpu_s


@pytest.mark.parametrize(
    ("tests", "vacuous"),
    [("assert (abs(ones(3) - 1) < 0.1).all()", True), ("assert ones(3).sum() == 3", False)],
)
async def test_an_empty_array_is_a_stub_of_what_makes_arrays(
    tests: str, vacuous: bool, engine: Engine
) -> None:
    code = "import numpy as np\ndef ones(n):\n    return np.ones(n)"
    verdict = await engine.verify(
        Sample(code=code, check=AssertsCheck(tests=tests, strength="stub"))
    )
    assert verdict.decision is Decision.PASS, verdict
    assert verdict.strength is not None
    assert verdict.strength.vacuous is vacuous


async def test_only_where_it_is_asked_for(engine: Engine) -> None:
    verdict = await engine.verify(Sample(code=CODE, check=AssertsCheck(tests="assert add(1, 2)")))
    assert verdict.strength is None
    assert verdict.usage.runs == 1


async def test_a_stub_keeps_what_tests_are_set_up_with() -> None:
    code = CODE + "print(add(1, 2))\nTABLE = [1, 2]\nMADE = add(1, 2)\n"
    stub = stubbed(code, "7")
    assert stub is not None
    kept = ast.unparse(ast.parse(stub))
    assert "import math" in kept
    assert "LIMIT = 3" in kept
    assert "TABLE = [1, 2]" in kept
    assert "self.n = n" in kept
    assert kept.count("return 7") == 2
    assert "print" not in kept
    assert "MADE" not in kept
    assert stubbed("x = 1", "7") is None
    assert stubbed("not python(", "7") is None


async def test_mutants_that_a_suite_does_not_notice_are_shown(engine: Engine) -> None:
    code = "def larger(a, b):\n    if a > b:\n        return a\n    return b\n"

    async def strength(tests: str) -> Strength:
        check = AssertsCheck(tests=tests, strength="mutants")
        verdict = await engine.verify(Sample(code=code, check=check))
        assert verdict.strength is not None, verdict
        assert verdict.strength.runs == verdict.strength.stubs + verdict.strength.mutants + 1
        assert verdict.usage.runs == 1 + verdict.strength.runs
        return verdict.strength

    weak = await strength("assert larger(2, 1) == 2")
    assert 0 < weak.killed < weak.mutants
    assert "-    return b\n+    return None" in weak.survivors
    strong = await strength("assert larger(2, 1) == 2 and larger(1, 3) == 3")
    # That of `>=` for `>` is the same function.
    assert strong.survivors == ("-    if a > b:\n+    if a >= b:",)


async def test_a_suite_that_proves_nothing_is_spared_the_mutants(engine: Engine) -> None:
    check = AssertsCheck(tests="assert add(1, 2) is not None", strength="mutants")
    verdict = await engine.verify(Sample(code=CODE, check=check))
    assert verdict.strength is not None
    assert verdict.strength.vacuous
    assert verdict.strength.mutants == 0


async def test_a_mutant_without_end_is_noticed_soon(engine: Engine) -> None:
    code = "def count(n):\n    k = 0\n    while k < n:\n        k += 1\n    return k\n"
    check = AssertsCheck(tests="assert count(3) == 3", strength="mutants")
    verdict = await engine.verify(Sample(code=code, check=check))
    assert verdict.decision is Decision.PASS
    assert verdict.strength is not None
    assert verdict.usage.cpu_s < 2 * verdict.strength.mutants


SIGN = """class Sign:
    def of(self, n):
        if n < 0:
            return -1
        return [
            1
            for _ in range(1)
        ][0]

def unused():
    return 0
"""
SUITES = {
    "asserts": "assert Sign().of(1) == 1\nassert Sign().of(2) == 1",
    "functions": "def test_a():\n    assert Sign().of(1) == 1\n    assert Sign().of(2) == 1\n",
    "unittest": (
        "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n"
        "        self.assertEqual([Sign().of(1)], [1])\n        self.assertTrue(Sign().of(2))\n"
    ),
    "swallowed": (
        "assert Sign().of(1) == 1\ntry:\n    assert Sign().of(2) == 2\n"
        "except AssertionError:\n    print('well')"
    ),
    "shared": (
        "import sys\nassert Sign().of(1) == 1\nassert sys._getframe() and Sign().of(2) == 1"
    ),
}


@pytest.mark.parametrize("name", SUITES)
async def test_asserts_and_lines_are_counted(name: str, engine: Engine) -> None:
    check = AssertsCheck(tests=SUITES[name], strength="stub")
    verdict = await engine.verify(Sample(code=SIGN, check=check))
    found = verdict.strength
    assert found is not None, verdict
    assert verdict.judged == ("shared" if name == "shared" else "split")
    assert (found.asserts, found.failed_asserts) == (2, int(name == "swallowed"))
    assert set(found.uncovered) == {4, 11}
    assert found.lines - found.covered == 2
    assert found.covered >= 2


async def test_what_is_said_of_lines_is_no_more_than_a_number(engine: Engine) -> None:
    """The solution's process tells of them: whatever it says, the verdict stands."""
    code = """import gc, sys
def f():
    for watch in gc.get_objects():
        if type(watch).__name__ == "Watch":
            watch.seen = [10**9, "x", -1, 2, None, []]
    return 1
"""
    check = AssertsCheck(tests="assert f() == 1", strength="stub")
    verdict = await engine.verify(Sample(code=code, check=check))
    assert verdict.decision is Decision.PASS
    assert verdict.strength is not None
    assert 0 <= verdict.strength.covered <= verdict.strength.lines <= 4


async def test_a_solution_that_watches_itself_is_judged_all_the_same(engine: Engine) -> None:
    code = """import sys
def f():
    if hasattr(sys, "monitoring"):
        sys.monitoring.use_tool_id(sys.monitoring.COVERAGE_ID, "mine")
    sys.settrace(None)
    return 1
"""
    check = AssertsCheck(tests="assert f() == 1", strength="stub")
    verdict = await engine.verify(Sample(code=code, check=check))
    assert verdict.decision is Decision.PASS
    assert verdict.strength is not None
