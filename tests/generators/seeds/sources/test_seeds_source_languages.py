import pytest

from veristone.generators.seeds.languages import (
    LANGUAGES,
    language_named,
    language_of_path,
)

WANTED = """
    python javascript typescript tsx java cpp c go rust csharp php swift shell ruby kotlin scala
    lua julia r racket ocaml
"""


def test_the_languages_that_recipes_count_on_are_there():
    assert set(WANTED.split()) <= set(LANGUAGES)
    assert list(LANGUAGES) == sorted(LANGUAGES)


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("Python", "python"),
        ("C++", "cpp"),
        ("c-plus-plus", "cpp"),
        ("C#", "csharp"),
        ("c-sharp", "csharp"),
        ("C Sharp", "csharp"),
        ("Shell", "shell"),
        ("JavaScript", "javascript"),
        ("TypeScript", "typescript"),
        ("TSX", "tsx"),
        (" Go ", "go"),
        ("golang", "go"),
        ("Objective-C", "objectivec"),
        ("OCaml", "ocaml"),
        ("R", "r"),
        ("COBOL", None),
        ("", None),
    ],
)
def test_names_of_corpora(word, language):
    assert language_named(word) == language


def test_every_language_is_known_by_its_own_name():
    assert [language_named(name) for name in LANGUAGES] == list(LANGUAGES)


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"),
        ("a/B.PY", "python"),
        ("x.pyi", None),
        ("x.tsx", "tsx"),
        ("x.d.ts", "typescript"),
        ("x.mjs", "javascript"),
        ("x.c", "c"),
        ("x.C", "cpp"),
        ("x.hpp", "cpp"),
        ("x.h", "cpp"),
        ("x.cs", "csharp"),
        ("x.R", "r"),
        ("x.tar.gz", None),
        ("folder.py/README", None),
        (".py", None),
        ("py", None),
        ("x.", None),
        ("", None),
    ],
)
def test_suffixes(path, language):
    assert language_of_path(path) == language
