"""Marks of unfinished code, and what only looks like one."""

import pytest
from rules_corpus import reason, seed

from veristone.generators.seeds.filters.markers import Markers

COMMENTS = {
    "# TODO: handle None": True,
    "# TODO handle None": True,
    "# TODO(alice): handle None": True,
    "# todo: handle None": True,
    "# todo handle None": True,
    "#todo": True,
    "# Todo - later": False,
    "# FIXME": True,
    "# fixme: this": True,
    "# XXX": True,
    "# XXXX why?": True,
    "# this is a HACK": True,
    "# noqa TODO: why?": True,
    "# BUG: off by one": True,
    "# works around a bug in glibc": False,
    "# hack the planet": False,
    "# debug output": False,
    "# the todo list": False,
    "# todo list entries come first": False,
    "# see TODO.md": False,
    "# set 'TODO' as the state": False,
    "# TODO_LIST is global": False,
    "# mastodon": False,
    "# format: XXX-XXX-XXXX": False,
}
CODE = {
    "x = 'TODO: this is text'": False,
    "todo = todo_list.pop()": False,
    'x = """\n# TODO in a string\n"""': False,
    "TODO = 1": False,
    "debug(x)": False,
    "x = '#'  # FIXME": True,
}
DOCSTRINGS = {
    "Return it.\n\nTODO: handle None": True,
    "TODO handle None": True,
    "  * XXX: order matters": True,
    "Return it. FIXME: slow.": True,
    "Return it. TODO(bob): slow.": True,
    "Todo:\n    * rewrite": True,
    ".. todo:: rewrite": True,
    "@todo rewrite": True,
    "\\todo rewrite": True,
    "Add an item to the todo list.": False,
    "Todo items are sorted by date.": False,
    "Report a bug: what, where and when.": False,
    "Mask a number as XXX-XXX.": False,
    "State is one of 'TODO', 'DONE'.": False,
    'Marks are "TODO:" and "FIXME:".': False,
    "Count the TODO comments of a file.": False,
    "debugging help": False,
}


@pytest.mark.parametrize("comment", COMMENTS)
def test_comments(comment: str) -> None:
    given = seed(f"def f(x):\n    {comment}\n    return x")
    assert reason(Markers(), given) == ("marker_in_comment" if COMMENTS[comment] else "kept")


@pytest.mark.parametrize("line", CODE)
def test_code(line: str) -> None:
    given = seed(f"def f(x):\n    {line}\n    return x")
    assert reason(Markers(), given) == ("marker_in_comment" if CODE[line] else "kept")


@pytest.mark.parametrize("docstring", DOCSTRINGS)
def test_docstrings(docstring: str) -> None:
    given = seed(f"def f(x):\n    r'''{docstring}'''\n    return x", docstring=docstring)
    assert reason(Markers(), given) == ("marker_in_docstring" if DOCSTRINGS[docstring] else "kept")


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [
        ("java", "int f(int a) { return a; /* FIXME: overflow */ }", "marker_in_comment"),
        ("java", 'String f() { return "// TODO: x"; }', "kept"),
        ("rust", "/// TODO: document\nfn f(a: u8) -> u8 { a }", "marker_in_comment"),
        ("cpp", "/**\n * @todo tests\n */\nint f(int a) { return a; }", "marker_in_comment"),
        ("shell", "f() { echo $#; } # XXX", "marker_in_comment"),
    ],
)
def test_other_languages(language: str, code: str, expected: str) -> None:
    assert reason(Markers(), seed(code, language)) == expected


def test_documentation_in_comments_is_read_as_documentation_too() -> None:
    given = seed("/** Sums.\n * @todo tests\n */\nint f();", "cpp", docstring="Sums.\n@todo tests")
    assert reason(Markers(), given) == "marker_in_docstring"
