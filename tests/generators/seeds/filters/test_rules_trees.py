"""Parsing hostile Python."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_corpus import corpus

from veristone.generators.seeds.filters import trees
from veristone.generators.seeds.filters.trees import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    Parsed,
    Unparsable,
    own_nodes,
    parse,
    parse_expression,
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
    for seed in corpus(1000)[:200]:
        tree = parse(seed.code)
        assert isinstance(tree, Parsed)
        expected = [node for node in ast.walk(tree.module) if not isinstance(node, skipped)]
        assert {id(node) for node in tree.nodes} == {id(node) for node in expected}
        assert len(tree.nodes) == len(expected)


def test_the_cache_holds_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = trees._Cache()
    monkeypatch.setattr(trees, "_CACHE", cache)
    monkeypatch.setattr(trees, "_CACHED_NODES", 1000)
    first = parse("a0 = 1")
    for number in range(500):
        parse(f"a{number} = 1")
        assert cache._nodes <= 1000
    kept = [tree for tree in cache._trees.values() if isinstance(tree, Parsed)]
    assert cache._nodes == sum(len(tree.nodes) for tree in kept)
    assert len(kept) == len(cache._trees) < 500
    assert parse("a0 = 1") is not first


def test_own_nodes_leave_out_what_other_scopes_do() -> None:
    tree = parse(
        "def f(x):\n"
        "    if x: return 1\n"
        "    def g(): return 2\n"
        "    class C:\n"
        "        def m(self): return 3\n"
        "    h = lambda: (yield 4)\n"
    )
    assert isinstance(tree, Parsed)
    assert tree.function is not None
    values = [node.value for node in own_nodes(tree.function) if isinstance(node, ast.Return)]
    assert [ast.unparse(value) for value in values if value] == ["1"]
    assert not any(isinstance(node, ast.Yield) for node in own_nodes(tree.function))


@pytest.mark.parametrize(
    ("code", "count"),
    [("def f():\n  '''d'''\n  a\n  b", 2), ("def f():\n  b'd'\n  a", 2), ("def f(): 'd'", 0)],
)
def test_statements_are_the_body_without_the_docstring(code: str, count: int) -> None:
    tree = parse(code)
    assert isinstance(tree, Parsed)
    assert tree.function is not None
    assert len(statements(tree.function)) == count


@pytest.mark.parametrize("text", ["a; b", "x = 1", "a\nb", "", "(", "a" * 2000])
def test_what_is_no_expression_is_none(text: str) -> None:
    assert parse_expression(text) is None


def test_an_expression_may_have_blanks_around_it() -> None:
    assert isinstance(parse_expression(" List[int] "), ast.Subscript)
