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
    assert verdict.usage.runs == 1 + verdict.strength.stubs


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
        assert verdict.usage.runs == 1 + verdict.strength.stubs + verdict.strength.mutants
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
