"""Functions of hostile documents: nothing crashes or runs away, and what is taken is right."""

import json
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_extract_languages import CASES
from test_extract_python import SOURCE

from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.extract.languages import LANGUAGES
from veristone.generators.seeds.records import Document, Extraction, Provenance, seed_id

REAL = {case.language: case.source for case in CASES.values()} | {"python": SOURCE}
for _name in ("javascript", "java", "cpp", "rust"):
    REAL[_name] = CASES[_name].source
SETTINGS = settings(max_examples=15, deadline=None)


def extract(source: str, language: str) -> Extraction:
    document = Document(
        content=source, language=language, provenance=Provenance(source="here", path="a")
    )
    return Functions(methods=True).extract(document)


def check(source: str, language: str) -> None:
    """What holds for every document, however broken."""
    found = extract(source, language)
    counts = found.counts
    assert counts["documented"] == len(found.seeds)
    assert counts["functions"] >= counts["documented"] + counts["broken"]
    assert counts["functions"] >= counts["methods"]
    whole = "\n".join(line.strip() for line in source.split("\n"))
    places = [(s.provenance.start_line, s.provenance.end_line) for s in found.seeds]
    assert places == sorted(places)
    for seed in found.seeds:
        assert "\n".join(line.strip() for line in seed.code.split("\n")) in whole
        assert seed.docstring.strip()
        assert seed.name
        assert seed.id == seed_id(language, seed.code)
        assert msgspec.json.decode(msgspec.json.encode(seed), type=type(seed)) == seed
        json.dumps(seed.docstring).encode()
    assert extract(source, language) == found


@pytest.mark.parametrize("language", LANGUAGES)
@SETTINGS
@given(source=st.text(max_size=300))
def test_any_text(language: str, source: str) -> None:
    check(source, language)


@pytest.mark.parametrize("language", LANGUAGES)
@SETTINGS
@given(
    cut=st.floats(0, 1),
    drop=st.floats(0, 1),
    more=st.text("(){}[]<>\"'`/*#@:;,.= \n\\", max_size=9),
)
def test_real_files_cut_and_mangled(language: str, cut: float, drop: float, more: str) -> None:
    source = REAL[language]
    source = source[: int(cut * len(source))]
    at = int(drop * len(source))
    check(source, language)
    check(source[:at] + more + source[at + 3 :], language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_bytes_that_mean_nothing(language: str) -> None:
    draw = random.Random(language)
    check(draw.randbytes(3000).decode("latin-1"), language)
    check("".join(draw.choices("()[]{}<>;:,.=+-*/\"'`@#a1 \n\0", k=3000)), language)


DEEP = {
    "parentheses": "(" * 20_000,
    "brackets": "[" * 20_000,
    "braces": "{" * 20_000,
    "strings": '"' * 20_000,
    "comments": "/*" * 10_000,
    "one line": "x = 1; " * 30_000,
    "line ends": "\n" * 500_000,
    "nothing": "\0" * 20_000,
    "classes": "class A {" * 10_000,
}


@pytest.mark.parametrize("shape", DEEP)
@pytest.mark.parametrize("language", ["python", "cpp", "rust"])
def test_endless_shapes(language: str, shape: str) -> None:
    assert not extract(DEEP[shape], language).seeds


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("java", "a=>" * 20_000),
        ("cpp", "a<a&;" * 20_000),
        ("python", "(*)" * 20_000),
        ("typescript", "f<T>(a)<" * 5_000),
        ("go", "case a:" * 5_000),
    ],
)
def test_what_the_parser_does_not_get_through_is_counted(language: str, source: str) -> None:
    """Each of these takes gigabytes or minutes in tree-sitter; what comes after them is read."""
    assert dict(extract(source, language).counts) == {"too_hard": 1}
    assert extract(SOURCE, "python").counts["documented"] == 3


def test_namespaces_in_namespaces() -> None:
    source = "namespace a {\n" * 3000 + "/// Doubles.\nint f(int a) { return a; }\n" + "}\n" * 3000
    (seed,) = extract(source, "cpp").seeds
    assert seed.name == "f"


def test_very_many_functions() -> None:
    source = "def f():\n    'F.'\n" * 20_000
    found = extract(source, "python")
    assert len(found.seeds) == found.counts["functions"] == 20_000
    assert found.seeds[-1].provenance.start_line == 39_999


def test_very_many_comments_above_a_function() -> None:
    source = "// says something about it\n" * 30_000 + "int f() { return 1; }\n"
    (seed,) = extract(source, "cpp").seeds
    assert seed.docstring.count("\n") == 29_999
