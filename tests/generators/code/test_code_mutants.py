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
        *("bound", "statement"),
    }


def test_documentation_hints_and_the_main_block_are_left_alone() -> None:
    for one in mutants(CODE, 100, 0, "a/0"):
        assert "Area; 3 words." in one.code
        assert "r: float" in one.code
        assert "-> float" in one.code
        assert one.code.rstrip().endswith("print(area(1))")
        assert "if __name__ == '__main__':" in one.code


def test_few_mutants_are_of_many_kinds_and_fixed_by_the_name() -> None:
    few = mutants(CODE, 8, 0, "a/0")
    assert len({one.kind for one in few}) == 8
    assert few == mutants(CODE, 8, 0, "a/0")
    assert few != mutants(CODE, 8, 0, "a/1") or few != mutants(CODE, 8, 1, "a/0")
    assert few == mutants(CODE, 100, 0, "a/0")[:8]


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
