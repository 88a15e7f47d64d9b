"""Checks of programs: which code an answer has, whether it is finished, what it imports."""

from textwrap import dedent

import pytest

from veristone.generators.code.fences import fences
from veristone.generators.synthesis.checks.base import Problem
from veristone.generators.synthesis.checks.program import code_of, foreign_imports, program, stub


def fenced(*blocks: tuple[str, str]) -> str:
    return "\n\n".join(f"```{tag}\n{code}\n```" for tag, code in blocks)


GOOD = "def f(x):\n    return x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (fenced(("python", GOOD)), GOOD),
        (fenced(("Python3", GOOD)), GOOD),
        (fenced(("py", GOOD), ("python", "f(1)")), f"{GOOD}\n\nf(1)"),
        (fenced(("", GOOD)), GOOD),
        (fenced(("bash", "pip install x"), ("python", GOOD)), GOOD),
        (fenced(("python", GOOD), ("python", ">>> f(1)\n1")), GOOD),
        (fenced(("python", GOOD), ("", "some_output")), GOOD),
        (fenced(("python", "x = 1"), ("python", "from __future__ import annotations\ny = 2")),
         "from __future__ import annotations\n\nx = 1\n\ny = 2"),
        (fenced(("python", "from __future__ import annotations\ny = 2")),
         "from __future__ import annotations\ny = 2"),
        (f"~~~python\n{GOOD}\n~~~", GOOD),
    ],
)  # fmt: skip
def test_code_of_an_answer(text: str, expected: str) -> None:
    assert code_of(fences(text), "python") == expected


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("no code at all", "python", "no_code"),
        ("```python\n```", "python", "no_code"),
        (fenced(("javascript", "let x = 1;")), "python", "wrong_language"),
        (fenced(("text", "x = 1")), "python", "wrong_language"),
        (fenced(("python", "def f(:")), "python", "does_not_parse"),
        (fenced(("", "npm install x")), "python", "does_not_parse"),
        (fenced(("python", "x = 1\0")), "python", "does_not_parse"),
        (fenced(("python", "(" * 5000)), "python", "does_not_parse"),
        (fenced(("python", "# nothing")), "python", "does_not_parse"),
        (fenced(("python", "print 'x'")), "python", "does_not_parse"),
        (fenced(("python", GOOD)), "rust", "wrong_language"),
    ],
)
def test_answers_without_code(text: str, language: str, reason: str) -> None:
    found = code_of(fences(text), language)
    assert isinstance(found, Problem)
    assert found.reason == reason


def test_code_of_other_languages_is_parsed_by_their_grammars() -> None:
    pytest.importorskip("tree_sitter_rust", reason="the grammars come with the extra seeds")
    good, bad = "fn f(x: i32) -> i32 { x }", "fn f(x i32 -> { x"
    assert code_of(fences(fenced(("rust", good))), "rust") == good
    assert code_of(fences(fenced(("rs", good), ("rust", bad))), "rust") == good
    found = code_of(fences(fenced(("rust", bad))), "rust")
    assert isinstance(found, Problem)
    assert found.reason == "does_not_parse"
    method = "static int f(int x) { return x; }"
    assert code_of(fences(fenced(("java", method))), "java") == method
    assert code_of(fences(fenced(("ts", "let x = 1"))), "javascript") == "let x = 1"


def test_code_of_a_language_without_a_grammar_is_taken_as_it_is() -> None:
    assert code_of(fences(fenced(("haskell", "f x = x"))), "haskell") == "f x = x"
    found = code_of(fences(fenced(("python", "x = 1"))), "haskell")
    assert isinstance(found, Problem)


def test_a_program_is_a_program() -> None:
    assert program("x = 1", "python") is None
    assert program("", "python") == Problem("no_code", "no fence")
    broken = program("x = (", "python")
    assert broken is not None
    assert broken.reason == "does_not_parse"
    assert program("anything", "haskell") is None


FINISHED = {
    "the word in a string": "def f():\n    return 'TODO: your code here'",
    "a comment on a to-do list": "# TODO list of a user\ndef f(items):\n    return items",
    "in lower case": "# todo items are kept in order\ndef f(items):\n    return items",
    "an exception": "class Wrong(Exception):\n    pass\n\ndef f():\n    raise Wrong",
    "an abstract class": """
        from abc import ABC, abstractmethod

        class Shape(ABC):
            @abstractmethod
            def area(self):
                raise NotImplementedError

            def name(self): ...

        class Square(Shape):
            def area(self):
                return 1
        """,
    "a base class": """
        class Shape:
            def area(self):
                raise NotImplementedError

        class Square(Shape):
            def area(self):
                return 1
        """,
    "a protocol": """
        from typing import Protocol

        class Sized(Protocol):
            def size(self) -> int: ...
        """,
    "overloads": """
        from typing import overload

        @overload
        def f(x: int) -> int: ...
        @overload
        def f(x: str) -> str: ...
        def f(x):
            return x
        """,
    "a hook": "class A:\n    def closed(self):\n        pass\n    def f(self):\n        return 1",
    "nothing on purpose": "def noop(*args):\n    pass\n\ndef f(g=noop):\n    return g",
    "raises beside other work": "def f(x):\n    if x: raise NotImplementedError\n    return 1",
    "NotImplemented": "class A:\n    def __eq__(self, other):\n        return NotImplemented",
    "pass in a branch": "def f(x):\n    try:\n        x.pop()\n    except KeyError:\n        pass",
    "the rest of a list": "def f(x):\n    # the rest of the list is sorted\n    return sorted(x)",
    "a nested function": "def f():\n    def g():\n        pass\n    return g",
    "no Python": "fn main() {}",
    "nothing": "",
}

STUBS = {
    "TODO": "def f(x):\n    # TODO: handle zero\n    return x",
    "FIXME": "def f(x):\n    return x  # FIXME later",
    "your code here": "def f(x):\n    # Your code here\n    return None",
    "code goes here": "def f(x):\n    # implementation goes here\n    return None",
    "the rest": "def f(x):\n    return x\n\n# ... rest of the code",
    "implement this": "def f(x):\n    # Implement this\n    return None",
    "pass": "def f(x):\n    pass",
    "a docstring": 'def f(x):\n    """Add one."""',
    "dots": "def f(x): ...",
    "NotImplementedError": "def f(x):\n    raise NotImplementedError",
    "NotImplementedError()": "async def f(x):\n    'Do it.'\n    raise NotImplementedError('x')",
    "one of two": "def f(x):\n    return g(x)\n\ndef g(x):\n    pass",
    "a method": "class A:\n    def f(self):\n        raise NotImplementedError",
    "a method of dots": "class A:\n    def f(self):\n        ...",
}


@pytest.mark.parametrize("code", FINISHED.values(), ids=FINISHED)
def test_finished_programs(code: str) -> None:
    assert stub(dedent(code)) is None


@pytest.mark.parametrize("code", STUBS.values(), ids=STUBS)
def test_stubs(code: str) -> None:
    found = stub(code)
    assert found is not None
    assert found.reason == "incomplete"


@pytest.mark.parametrize(
    ("code", "allowed", "expected"),
    [
        ("import json, os.path\nfrom collections import abc", [], None),
        ("import numpy as np", [], "numpy"),
        ("import numpy.linalg", ["numpy"], None),
        ("from scipy.stats import norm", ["scipy.stats"], None),
        ("from scipy import stats", ["scipy.stats"], None),
        ("import scipy", ["scipy.stats"], "scipy"),
        ("from . import x", [], "relative import of ."),
        ("def f():\n    import pandas", [], "pandas"),
        ("__import__('torch')", [], "torch"),
        ("x = 'import numpy'", [], None),
        ("import (", [], None),
    ],
)
def test_imports(code: str, allowed: list[str], expected: str | None) -> None:
    found = foreign_imports(code, allowed)
    assert (found.detail if found else None) == expected
    assert found is None or found.reason == "imports"
