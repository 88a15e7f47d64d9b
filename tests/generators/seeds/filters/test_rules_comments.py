"""Comments: by table, and against tokenize."""

import io
import tokenize

import pytest
from rules_corpus import corpus

from veristone.generators.seeds.filters.comments import comments

CASES = [
    ("python", "x = '# no' # yes", ["# yes"]),
    ("python", 'x = """\n# no\n""" # yes', ["# yes"]),
    ("python", "x = r'\\' # yes'", []),
    ("python", "x = 'a\\'# no' # yes", ["# yes"]),
    ("python", "'''a'# no''' '' # yes", ["# yes"]),
    ("python", "f'{x!r}#no'#yes", ["#yes"]),
    ("c", 'a = "// no"; // yes', ["// yes"]),
    ("cpp", "c = '\"'; // yes", ["// yes"]),
    ("cpp", 'R"x(// no )" )x" /* yes */', ["/* yes */"]),
    ("cpp", "int a = 1'000'000; // yes", ["// yes"]),
    ("cpp", "/* a\n * b */ /**/ //", ["/* a\n * b */", "/**/", "//"]),
    ("java", '"""\n // no \\""" " // no\n""" // yes', ["// yes"]),
    ("java", "'\\u0022' // yes", ["// yes"]),
    ("csharp", '@"c:\\" // yes', ["// yes"]),
    ("csharp", '$@"a ""// no""" // yes', ["// yes"]),
    ("javascript", "a = `// no ${b}`; // yes", ["// yes"]),
    ("javascript", 'a = /[/]"/; // yes', ["// yes"]),
    ("javascript", "a = b / c; // yes / no", ["// yes / no"]),
    ("javascript", "s.replace(/'/g, x) // yes", ["// yes"]),
    ("javascript", "u = 'http://x'; // yes", ["// yes"]),
    ("typescript", "let a: A<'//'> = x; // yes", ["// yes"]),
    ("go", "a := `\\` // yes", ["// yes"]),
    ("go", "a := '\"' // yes", ["// yes"]),
    ("rust", "fn f<'a>(x: &'a str) {} // yes", ["// yes"]),
    ("rust", "let a = '\"'; // yes", ["// yes"]),
    ("rust", 'let a = r#"" // no "#; // yes', ["// yes"]),
    ("rust", "let a = '\\u{1F600}'; /* yes */", ["/* yes */"]),
    ("php", "$a = '# no'; # yes", ["# yes"]),
    ("php", "#[Attribute]\nfunction f() {} // yes", ["// yes"]),
    ("shell", "echo ${#a} $# '# no' # yes", ["# yes"]),
    ("shell", 'echo \\" # yes', ["# yes"]),
    ("unknown", "a // yes", ["// yes"]),
]


@pytest.mark.parametrize(("language", "code", "expected"), CASES)
def test_comments(language: str, code: str, expected: list[str]) -> None:
    assert list(comments(code, language)) == expected


def test_python_comments_are_those_of_tokenize() -> None:
    for seed in corpus(400):
        try:
            tokens = list(tokenize.generate_tokens(io.StringIO(seed.code).readline))
        except (tokenize.TokenError, SyntaxError):
            continue
        expected = [token.string for token in tokens if token.type == tokenize.COMMENT]
        assert list(comments(seed.code, "python")) == expected
