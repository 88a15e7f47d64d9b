import pytest

from veristone.generators.seeds.languages import (
    LANGUAGES,
    candidates,
    language_named,
    language_of_path,
    settled,
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
        ("x.h", "c"),
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


@pytest.mark.parametrize(
    ("language", "path", "text", "expected"),
    [
        ("c", "a.h", "int f(int);\nstruct class_ { int x; };\n", "c"),
        ("c", "a.h", "#include <stdio.h>\nint f(void);\n", "c"),
        ("c", "a.h", "#include <vector>\n", "cpp"),
        ("c", "a.h", "namespace a {\n}\n", "cpp"),
        ("c", "a.H", "  template <typename T> T f(T);\n", "cpp"),
        ("c", "a.h", "@interface A : NSObject\n@end\n", "objectivec"),
        ("c", "a.c", "namespace a {}\n", "c"),
        ("typescript", "a.ts", "export const a = 1\n", "typescript"),
        ("typescript", "a.ts", '<?xml version="1.0"?><TS></TS>', None),
        ("typescript", "a.tsx", "export const a = <b/>\n", "tsx"),
        ("python", "", "x = 1\n", "python"),
    ],
)
def test_what_the_suffix_leaves_open_the_text_settles(language, path, text, expected):
    assert settled(language, path, text) == expected
    assert expected is None or expected in candidates(language, path)
