"""Python functions: a table of forms, and the interpreter's own parser as the oracle."""

import ast
import sysconfig
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest

from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.records import Document, Extraction, Provenance, seed_id

STDLIB = Path(sysconfig.get_path("stdlib"))
SKIPPED = {"site-packages", "test", "tests", "idle_test", "__pycache__"}


def extract(source: str, *, methods: bool = False) -> Extraction:
    provenance = Provenance(source="here", path="a.py", commit="c0ffee", licences=("MIT",))
    return Functions(methods=methods).extract(
        Document(content=source, language="python", provenance=provenance)
    )


@pytest.mark.parametrize(
    ("body", "docstring"),
    [
        ('"""Text."""', "Text."),
        ("'''Text.'''", "Text."),
        ('"Text."', "Text."),
        ("'Text.'", "Text."),
        (r'r"""A \d."""', r"A \d."),
        (r'R"A \d."', r"A \d."),
        ('u"Text."', "Text."),
        ("U'''Text.'''", "Text."),
        ('"One " "two."', "One two."),
        ('("One "\n     "two.")', "One two."),
        (r'"One " r"\two."', r"One \two."),
        ('(("""Text."""))', "Text."),
        ('"""Text."""; return 1', "Text."),
        ('# why\n    """Text."""', "Text."),
        ('"""One.\n\n      Indented.\n    Two.\n    """', "One.\n\n  Indented.\nTwo."),
        (r'"A\tb\x41\u00e9\N{DIGIT ONE}\101\\n"', "A       bAé1A\\n"),
        ('"""One \\\n    two."""', "One     two."),
        (r'"\ud800 \U0010ffff"', "\ufffd \U0010ffff"),
        (r'"\N{NO SUCH NAME} \q"', r"\N{NO SUCH NAME} \q"),
        # what is no docstring
        ('b"Text."', ""),
        ('f"Text."', ""),
        ('"One " f"two."', ""),
        ('"Text.",', ""),
        ('"Text." % 1', ""),
        ('x = "Text."', ""),
        ('return "Text."', ""),
        ('""', ""),
        ('"""   """', ""),
        ("...", ""),
        ('pass\n    "Text."', ""),
    ],
)
def test_docstrings(body: str, docstring: str) -> None:
    found = extract(f"def f(a):\n    {body}\n    return a\n")
    assert found.counts["functions"] == 1
    assert [seed.docstring for seed in found.seeds] == ([docstring] if docstring else [])


SOURCE = '''\
"""Module."""
import os


@decorate(
    1,
)
async def first(a):  # why
    """First."""
    return a


if os.name:
    def inside_if():
        """Not at the top level."""


class Stack:
    """A stack."""

    @property
    def top(self):
        """Top."""
        text = """
unindented
        indented"""

        return text

    class Inner:
        def deep(self):
            """Deep."""

    def bare(self):
        return 1

def outer():
    \'\'\'Outer.\'\'\'
    def nested():
        """Nested."""
    return nested
def bare(): return 1
'''


def test_functions_where_they_stand() -> None:
    found = extract(SOURCE)
    assert dict(found.counts) == {"functions": 3, "documented": 2}
    first, outer = found.seeds
    assert (first.name, first.shape, first.docstring) == ("first", "function", "First.")
    assert first.code == "\n".join(SOURCE.split("\n")[4:10])
    assert (first.provenance.start_line, first.provenance.end_line) == (5, 10)
    assert first.provenance.licences == ("MIT",)
    assert first.provenance.commit == "c0ffee"
    assert first.id == seed_id("python", first.code)
    assert (outer.name, outer.code.split("\n")[-1]) == ("outer", "    return nested")


def test_methods_are_dedented_and_carry_their_class() -> None:
    found = extract(SOURCE, methods=True)
    assert dict(found.counts) == {"functions": 5, "documented": 3, "methods": 2}
    top = found.seeds[1]
    assert (top.name, top.shape) == ("Stack.top", "method")
    # Lines that are less indented than the method stay as they are.
    assert top.code.startswith('@property\ndef top(self):\n    """Top."""\n')
    assert '"""\nunindented\n    indented"""\n\n    return text' in top.code
    assert (top.provenance.start_line, top.provenance.end_line) == (21, 28)


@pytest.mark.parametrize(
    ("source", "names", "counts"),
    [
        ("", [], {}),
        ("\ufeffdef f():\n    'F.'\n", ["f"], {"functions": 1, "documented": 1}),
        ("def f():\r\n    'F.'\r\n    return 1\r\n", ["f"], {"functions": 1, "documented": 1}),
        ("\x0c\ndef f():\n    'F.'\n", ["f"], {"functions": 1, "documented": 1}),
        ("class A:\n  def f(self):\n    'F.'\n", [], {}),
        # A syntax error costs its own function.
        (
            "def f():\n    'F.'\n    return 1 +\n\n\ndef g():\n    'G.'\n    return 1\n",
            ["g"],
            {"functions": 2, "documented": 1, "broken": 1},
        ),
        (
            "x = = 1\n\n\ndef g():\n    'G.'\n    return 1\n\n)\n",
            ["g"],
            {"functions": 1, "documented": 1},
        ),
        ("def f(:\n    'F.'\n\n\ndef g():\n    'G.'\n", ["g"], {"documented": 1}),
    ],
)
def test_odd_files(source: str, names: list[str], counts: dict[str, int]) -> None:
    found = extract(source)
    assert [seed.name for seed in found.seeds] == names
    assert found.counts.items() >= counts.items()


def test_seeds_come_in_the_order_of_the_document() -> None:
    source = "class A:\n    def a(self):\n        'A.'\n\n\ndef b():\n    'B.'\n" * 3
    assert [seed.name for seed in extract(source, methods=True).seeds] == ["A.a", "b"] * 3


class Expected(NamedTuple):
    name: str
    docstring: str
    code: str


def by_the_interpreter(source: str) -> list[Expected]:
    """Documented functions and methods as `ast` sees them, in order.

    Raises:
        SyntaxError: the source is none.
    """
    lines = source.split("\n")
    found: list[tuple[int, Expected]] = []

    def add(node: ast.AST, owner: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = (ast.get_docstring(node) or "").strip()
            start = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            code = "\n".join(lines[start - 1 : node.end_lineno])
            if docstring:
                found.append((start, Expected(owner + node.name, docstring, code)))

    for node in ast.parse(source).body:
        add(node, "")
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                add(member, f"{node.name}.")
    return [expected for _, expected in sorted(found, key=lambda pair: pair[0])]


@pytest.mark.slow
def test_the_standard_library_as_the_interpreter_reads_it() -> None:
    """The same documented functions and methods, text and code, in every third file of those that
    it can read."""
    checked = 0
    for path in sorted(STDLIB.rglob("*.py"))[::3]:
        if SKIPPED & set(path.parts) or path.stat().st_size > 1 << 20:
            continue
        try:
            source = path.read_bytes().decode()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = by_the_interpreter(source)
        except (UnicodeDecodeError, SyntaxError, ValueError):
            continue
        seeds = extract(source, methods=True).seeds
        assert [(s.name, s.docstring) for s in seeds] == [e[:2] for e in expected], path
        lines = source.split("\n")
        for seed, one in zip(seeds, expected, strict=True):
            where = seed.provenance
            whole = "\n".join(lines[where.start_line - 1 : where.end_line])
            # The tree counts comments after the last statement to the body.
            assert whole.startswith(one.code.rstrip("; ").rstrip()), (path, seed.name)
            rest = whole[len(one.code) :].split("\n")
            assert all(not line.strip() or line.lstrip().startswith("#") for line in rest[1:])
            assert [line.strip() for line in seed.code.split("\n")] == [
                line.strip() for line in whole.split("\n")
            ]
        checked += len(seeds)
    assert checked > 1000
