"""The code without its documentation, in every language that functions are taken from."""

from typing import NamedTuple

import pytest
from judge_seeds import real_functions, seed

from veristone.generators.judge.documentation import without_documentation
from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.records import Document, Provenance


class Row(NamedTuple):
    language: str
    code: str
    expected: str
    shape: str = "function"


ROWS = {
    "python": Row("python", 'def f():\n    """Doc."""\n    return 1', "def f():\n    return 1"),
    "python, several lines": Row(
        "python",
        "@a\nasync def f():\n    # first\n    r'''Doc.\n\n    More.\n    '''\n\n"
        "    return 1  # Doc.",
        "@a\nasync def f():\n    # first\n\n    return 1  # Doc.",
    ),
    "python, one line": Row("python", 'def f(): "Doc."; return 1', "def f(): return 1"),
    "python, in pieces": Row(
        "python", 'def f():\n    ("Doc, "\n     "more.")\n    return 1', "def f():\n    return 1"
    ),
    "python, only a string inside": Row(
        "python", 'def f():\n    x = "Doc."\n    return x', 'def f():\n    x = "Doc."\n    return x'
    ),
    "python, windows": Row(
        "python", 'def f():\r\n    """Doc."""\r\n    return 1', "def f():\r\n    return 1"
    ),
    "python, not ascii": Row(
        "python", 'def f():\n    """Größe → 漢字."""\n    return "ß"', 'def f():\n    return "ß"'
    ),
    "javascript": Row(
        "javascript",
        "/**\n * Doc.\n */\n// eslint-disable-next-line\nexport const f = (a) => a; // stays",
        "export const f = (a) => a; // stays",
    ),
    "javascript, method": Row(
        "javascript",
        "/** Doc. */\npush(a) {\n  return a;\n}",
        "push(a) {\n  return a;\n}",
        "method",
    ),
    "typescript": Row(
        "typescript",
        "/** Doc. */\nfunction f(a: number): number {\n  // stays\n  return a;\n}",
        "function f(a: number): number {\n  // stays\n  return a;\n}",
    ),
    "tsx": Row("tsx", "/** Doc. */\nconst f = () => <b>x</b>;", "const f = () => <b>x</b>;"),
    "java": Row(
        "java",
        "/**\n * Doc.\n */\n@Deprecated\npublic static int f() {\n  return 1;\n}",
        "@Deprecated\npublic static int f() {\n  return 1;\n}",
    ),
    "cpp": Row(
        "cpp",
        "// f()\n//\n// Doc.\ntemplate <typename T>\nT f(T x) {\n  return x;\n}",
        "template <typename T>\nT f(T x) {\n  return x;\n}",
    ),
    "go": Row(
        "go",
        "// f is documented.\n// At length.\nfunc f() int {\n\treturn 1 // stays\n}",
        "func f() int {\n\treturn 1 // stays\n}",
    ),
    "rust": Row(
        "rust",
        "/// Doc.\n///\n/// ```\n/// f();\n/// ```\n#[inline]\npub fn f() -> u8 {\n    1\n}",
        "#[inline]\npub fn f() -> u8 {\n    1\n}",
    ),
    "rust, method": Row(
        "rust", "/// Doc.\nfn f(&self) -> u8 {\n    1\n}", "fn f(&self) -> u8 {\n    1\n}", "method"
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_documentation_is_cut_out(row: Row) -> None:
    given = seed(row.code, docstring="Doc.", language=row.language, shape=row.shape)
    assert without_documentation(given) == row.expected


@pytest.mark.parametrize(
    "given",
    [
        seed("def f(:\n  '''Doc.'''", docstring="Doc."),
        seed("<?php /** Doc. */ function f() {}", docstring="Doc.", language="php"),
        seed("", docstring="Doc."),
        seed("x = 1", docstring="Doc."),
        seed("x = 1", docstring=""),
        seed("\ud800", docstring="Doc."),
    ],
    ids=["broken", "no grammar", "empty", "no function", "snippet", "surrogate"],
)
def test_what_cannot_be_read_is_shown_as_it_is(given: object) -> None:
    from veristone.generators.seeds.records import Seed

    assert isinstance(given, Seed)
    assert without_documentation(given) == given.code


def test_what_no_parser_survives_is_shown_as_it_is() -> None:
    code = "a=>" * 7000
    assert without_documentation(seed(code, docstring="x", language="java")) == code


def test_of_real_functions_nothing_but_the_documentation_goes() -> None:
    for one in real_functions():
        cut = without_documentation(one)
        lines = one.code.splitlines()
        assert len(cut) < len(one.code)
        assert set(cut.splitlines()) <= set(lines) | {""}
        longest = max(one.docstring.splitlines(), key=len)
        if len(longest) > 40:
            assert longest not in cut


def test_a_cut_function_has_no_documentation_any_more() -> None:
    """The extractor, which found the documentation, finds none in what is left."""
    for one in real_functions():
        cut = without_documentation(one)
        document = Document(
            content=cut + "\n",
            language=one.language,
            provenance=Provenance(source="tests"),
        )
        found = Functions().extract(document)
        assert found.counts["functions"] == 1, cut
        assert not found.seeds, cut
