"""Parsing hostile Python."""

import argparse
import ast
import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.code import python as trees
from veristone.generators.code.comments import without_comments
from veristone.generators.code.grammars import accepts
from veristone.generators.code.names import (
    defined_names,
    defines,
    definitions,
    imported_names,
    only_defines,
)
from veristone.generators.code.python import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    Parsed,
    Unparsable,
    parse,
    parses,
    statements,
)

HOSTILE = {
    "parentheses": ("(" * 20_000, "syntax_error"),
    "minus": ("-" * 20_000 + "1", "too_deep"),
    "not": ("not " * 10_000 + "1", "too_deep"),
    "sum": ("+".join(["a"] * 20_000), "too_deep"),
    "attributes": ("a" + ".b" * 20_000, "too_deep"),
    "calls": ("a" + "()" * 20_000, "too_deep"),
    "lambdas": ("lambda:" * 5_000 + "1", "too_deep"),
    "elif": ("if a: pass\n" + "elif a: pass\n" * 3_000, "too_deep"),
    "deep but parsable": ("a" + ".b" * (MAX_DEPTH + 1), "too_deep"),
    "indentation": (
        "".join(" " * i + "if a:\n" for i in range(200)) + " " * 200 + "a",
        "syntax_error",
    ),
    "null byte": ("a\0b", "syntax_error"),
    "lone surrogate": ("'\ud800'", "syntax_error"),
    "huge integer": ("9" * 20_000, "syntax_error"),
    "python 2": ("print 'x'", "syntax_error"),
    "too large": ("a" * (MAX_CHARACTERS + 1), "too_large"),
    "brackets that nest": ("[" * 150 + "]" * 150, None),
    "many statements": ("a;" * 20_000, None),
    "comprehensions": ("[" * 90 + "x" + " for x in y]" * 90, None),
    "invalid escape": (r"'\d'", None),
    "is with a literal": ("x is 1", None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_parsed_or_named(name: str) -> None:
    code, expected = HOSTILE[name]
    tree = parse(code)
    assert (tree.reason if isinstance(tree, Unparsable) else None) == expected
    if isinstance(tree, Unparsable):
        assert tree.detail.isprintable()
        assert len(tree.detail) <= 120


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(code: str) -> None:
    tree = parse(code)
    assert isinstance(tree, Parsed | Unparsable)
    assert parse(code) is tree


@given(st.text(alphabet="()[]{}:,.'\"\\ \nabdefilorsty=*#", max_size=80))
def test_any_almost_python_gets_an_answer(code: str) -> None:
    assert isinstance(parse(code), Parsed | Unparsable)


def test_nodes_are_those_of_ast_walk_but_for_contexts_and_operators() -> None:
    skipped = ast.expr_context | ast.operator | ast.unaryop | ast.cmpop | ast.boolop
    for module in (ast, argparse, dataclasses):
        text = Path(str(module.__file__)).read_text()[:MAX_CHARACTERS]
        tree = parse(text.rpartition("\n\n\n")[0])
        assert isinstance(tree, Parsed)
        expected = [node for node in ast.walk(tree.module) if not isinstance(node, skipped)]
        assert {id(node) for node in tree.nodes} == {id(node) for node in expected}
        assert len(tree.nodes) == len(expected)


def test_the_cache_holds_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    cache: dict[str, object] = {}
    monkeypatch.setattr(trees, "_cache", cache)
    monkeypatch.setattr(trees, "_cached_nodes", 0)
    monkeypatch.setattr(trees, "_CACHED_NODES", 1000)
    first = parse("a0 = 1")
    assert parse("a0 = 1") is first
    for number in range(500):
        parse(f"a{number} = 1")
        assert sum(len(tree.nodes) for tree in cache.values() if isinstance(tree, Parsed)) <= 1000
    assert parse("a0 = 1") is not first


@pytest.mark.parametrize(
    ("code", "count"),
    [("def f():\n  '''d'''\n  a\n  b", 2), ("def f():\n  b'd'\n  a", 2), ("def f(): 'd'", 0)],
)
def test_statements_are_the_body_without_the_docstring(code: str, count: int) -> None:
    tree = parse(code)
    assert isinstance(tree, Parsed)
    assert tree.function is not None
    assert len(statements(tree.function)) == count


def test_what_parses() -> None:
    assert parses("'\\d'")  # a warning in Python, no error
    for code in ("", "# nothing", "x = ", "x\0", "-" * 100_000 + "1"):
        assert not parses(code)


def test_names_of_a_module() -> None:
    module = ast.parse(
        "import os, numpy as np\nfrom a.b import c as d\n"
        "def f(): g = 1\nclass A: b = 2\nx = (y, *z) = 1, 2\nn: int = 1\nm: int\n"
        "if x:\n    def h(): pass\ntry:\n    q = 1\nexcept E:\n    r = 2\nwith o as p:\n    s = 3\n"
        "t.u = 4\nv[0] = 5\n"
    )
    assert set(defined_names(module)) == {"f", "A", "x", "y", "z", "n", "h", "q", "r", "s"}
    assert imported_names(module) == {"os", "np", "d"}


def test_definitions_in_the_order_of_the_text() -> None:
    block = "class B:\n    def get(self):\n        pass\nasync def run():\n    pass\n"
    assert definitions(block) == [("class", "B"), ("def", "get"), ("def", "run")]
    assert definitions("def broken(:\n    pass") == [("def", "broken")]
    assert defines("def broken(:", "broken")
    assert not defines(block, "get")
    assert only_defines("import a\nx = 1\n" + block)
    assert not only_defines("f()")


def test_comments_are_taken_out_and_strings_stay() -> None:
    code = "# a\nx = '# no'  # b\n    # c\ny = f'{x}#'\n"
    assert without_comments(code) == "x = '# no'\ny = f'{x}#'\n"
    assert without_comments(code, lambda comment: "b" in comment) == code.replace("  # b", "")
    assert without_comments("# a\ndef f(:\n  '''") == "# a\ndef f(:\n  '''"


@given(st.lists(st.sampled_from(["x = 1", "# c", "y = '#'  # d", "if x:", "    z = 2 # e", ""])))
def test_without_comments_code_means_the_same(lines: list[str]) -> None:
    code = "\n".join(lines)
    try:
        tree = ast.dump(ast.parse(code))
    except SyntaxError:
        return
    assert ast.dump(ast.parse(without_comments(code))) == tree


def test_grammars() -> None:
    pytest.importorskip("tree_sitter_go", reason="the grammars come with the extra seeds")
    assert accepts("go", "func f() int { return 1 }") is True
    assert accepts("go", "func f( int {") is False
    assert accepts("java", "int f() { return 1; }") is True
    assert accepts("haskell", "f x = x") is None
    assert accepts("go", "") is None
    assert accepts("java", "a<" * 10_000) is None
    assert accepts("go", "(" * 10_000) is None
