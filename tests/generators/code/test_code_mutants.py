"""Changed copies of code."""

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.code.mutants import mutants
from veristone.generators.code.stubs import stubbed

CODE = '''
import math

def area(r: float = 1, *, half=False) -> float:
    """Area; 3 words."""
    if r < 0 and not half:
        raise ValueError("negative")
    total = math.pi * r ** 2
    for k in range(len("ab")):
        total += k
    total = divmod(total, 1 + k)[0]
    print(total)
    return total / 2 if half else total

if __name__ == "__main__":
    print(area(1))
'''


def test_every_mutant_is_another_program_with_one_change() -> None:
    found = mutants(CODE, 100, 0, "a/0")
    assert len(found) > 12
    assert len({one.code for one in found}) == len(found)
    original = ast.unparse(ast.parse(CODE)).splitlines()
    for one in found:
        lines = one.code.splitlines()
        changed = [(a, b) for a, b in zip(original, lines, strict=False) if a != b]
        assert changed
        assert len(lines) == len(original), one
        assert len(changed) == 1, one
    kinds = {one.kind for one in found}
    assert kinds == {
        *("comparison", "arithmetic", "boolean", "constant", "condition", "result"),
        *("bound", "statement", "arguments"),
    }


def test_documentation_hints_and_the_main_block_are_left_alone() -> None:
    for one in mutants(CODE, 100, 0, "a/0"):
        assert "Area; 3 words." in one.code
        assert "r: float" in one.code
        assert "-> float" in one.code
        assert one.code.rstrip().endswith("print(area(1))")
        assert "if __name__ == '__main__':" in one.code


def test_few_mutants_are_of_many_kinds_and_fixed_by_the_name() -> None:
    few = mutants(CODE, 9, 0, "a/0")
    assert len({one.kind for one in few}) == 9
    assert few == mutants(CODE, 9, 0, "a/0")
    assert few != mutants(CODE, 9, 0, "a/1") or few != mutants(CODE, 9, 1, "a/0")
    assert few == mutants(CODE, 100, 0, "a/0")[:9]


def test_a_check_may_be_left_out_and_what_it_says_stays() -> None:
    found = {one.differs(CODE) for one in mutants(CODE, 100, 0, "a/0")}
    assert "-        raise ValueError('negative')\n+        pass" in found
    assert not any("+        raise" in change for change in found)


def test_arguments_are_exchanged_where_somebody_may_notice() -> None:
    code = "def f(a, b, c):\n    return g(a, b), max(a, b), isinstance(a, b), g(*a, b), g(a, b, c)"
    found = [one.code for one in mutants(code, 100, 0, "a/0") if one.kind == "arguments"]
    assert found == [ast.unparse(ast.parse(code.replace("g(a, b)", "g(b, a)")))]


HELPERS = """
import math

TABLE = {1: 2}

def shown(s):
    return s + 1

def inner(s):
    return TABLE[s] - 1

def solve(s):
    return inner(s) * math.pi
"""


@pytest.mark.parametrize(
    ("tests", "unchanged"),
    [
        ("solve", "def shown(s):\n    return s + 1"),
        ("assert shown(1) == 2", "def solve(s):\n    return inner(s) * math.pi"),
    ],
)
def test_what_the_tests_do_not_lead_to_is_left_alone(tests: str, unchanged: str) -> None:
    found = mutants(HELPERS, 100, 0, "a/0", tests)
    assert found
    assert all(unchanged in one.code for one in found)
    changed = {line for one in found for line in one.differs(HELPERS).splitlines()}
    assert ("-    return TABLE[s] - 1" in changed) == ("solve" in tests)
    assert ("-TABLE = {1: 2}" in changed) == ("solve" in tests)


def test_all_may_be_changed_where_tests_name_nothing_of_it() -> None:
    everything = mutants(HELPERS, 100, 0, "a/0")
    assert mutants(HELPERS, 100, 0, "a/0", "assert main() == 1") == everything
    assert mutants(HELPERS, 100, 0, "a/0", "shown(1); solve(1)") == everything


def test_a_stub_does_nothing() -> None:
    text = stubbed(CODE, "None")
    assert text is not None
    space: dict[str, Any] = {"__name__": "stub"}
    exec(text, space)
    assert space["area"](3) is None
    assert stubbed("x = 1", "None") is None


@pytest.mark.parametrize("code", ["def f(", "x" * 200_000, "\0", "x = " + "-" * 5000 + "1", ""])
def test_what_cannot_be_changed_has_no_mutants(code: str) -> None:
    assert mutants(code, 5, 0, "a") == []
    assert stubbed(code, "None") is None


@given(st.text(max_size=100))
def test_any_text_is_mutated_or_left(code: str) -> None:
    for one in mutants(code, 5, 0, "a"):
        ast.parse(one.code)


def test_odd_numbers() -> None:
    code = "def f():\n    return [float('nan'), 1e999, 10 ** 400, True, b'x', None, 1j, ...]\n"
    for one in mutants(code, 50, 0, "a"):
        compile(one.code, "x", "exec")
