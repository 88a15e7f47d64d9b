"""Source code of any language as tokens and prose.

One lexer for all languages, not one grammar each: what is compared are copies that crossed
languages, snippets that begin in the middle of a block, and languages that no installed grammar
knows. It only tells comments, strings, numbers, words and signs apart, by families of languages
with the same comment signs. Every pattern is linear in the text, whatever the text is: an open
string or comment ends where its line or the text ends, and is never tried twice.

Not promised: right tokens where a language's own lexer needs context (a regular expression in
JavaScript, a heredoc in a shell). Both sides of a comparison are misread in the same way.
"""

import re
from typing import NamedTuple

__all__ = ["Lexed", "lex"]


class Lexed(NamedTuple):
    """A text taken apart."""

    tokens: list[str]
    """Code without comments and documentation; strings keep their quotes."""
    prose: str
    """Comments and documentation strings, in order, signs included."""


_HASH = r"\#(?<![$\{\\&]\#)[^\n]*"
_SLASHES = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_DASHES = r"--\[\[.*?(?:\]\]|\Z)|--[^\n]*"
_TRIPLE = r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)|' + r"'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)"
_DOUBLE = r'"(?:[^"\\\n]|\\.)*+"?'
_SINGLE = r"'(?:[^'\\\n]|\\.)*+'?"
_CHARACTER = r"'(?:\\[^\n]{1,8}?|[^'\\\n])'"
_BACKTICK = r"`(?:[^`\\]|\\.)*+`?"
_NUMBER = r"\d\w*(?:\.\d\w*)?"
# Not the prefix of a string; with the exclamation mark of a macro or of Julia.
_WORD = r"[^\W\d]\w*+(?![\"'])(?:!(?=[(\[{]))?"
_LISP_WORD = r"[^\s()\[\]{}\"';,`]+"
_SIGNS = (
    r"[!=]==?|<=|>=|<-|->|=>|&&|\|\||\+\+|--|[-+*/%^|&.~]=|//=?|\*\*=?|<<|>>|:=|::"
    r"|%/%|%%|%in%|\.\.|\S"
)


def _pattern(
    comment: str, *strings: str, word: str = _WORD, blank: str = r"\s*+"
) -> re.Pattern[str]:
    # Blanks are taken with the token after them: trying every alternative at each is dear. The end
    # of the text counts as a token, since a run of blanks before nothing would be tried anew at
    # each of them.
    tokens = "|".join([word, comment, *strings, _NUMBER, _SIGNS, r"\Z"])
    return re.compile(f"{blank}({tokens})", re.DOTALL)


# A Python string that begins its line carries the line feed, so that documentation can be told.
_PREFIX = r"(?:[rRuUbBfFtT]{1,2}(?=[\"']))?"
_PYTHON_STRING = rf"(?:\n[ \t]*+)?{_PREFIX}(?:{_TRIPLE}|{_DOUBLE}|{_SINGLE})"
_PYTHON_BLANK = r"(?:[^\S\n]|\n(?![ \t]*+[rRuUbBfFtT]{0,2}[\"']))*+"
_PYTHON = _pattern(_HASH, _PYTHON_STRING, blank=_PYTHON_BLANK)
_SCRIPT = _pattern(_HASH, _DOUBLE, _SINGLE, _BACKTICK)
_C = _pattern(_SLASHES + r"|\#(?![\[!])[^\n]*", _TRIPLE, _DOUBLE, _CHARACTER)
_ECMA = _pattern(_SLASHES, _DOUBLE, _SINGLE, _BACKTICK)
_PHP = _pattern(_SLASHES + "|" + _HASH, _DOUBLE, _SINGLE)
_LUA = _pattern(_DASHES, _DOUBLE, _SINGLE)
_LISP = _pattern(r";[^\n]*|\#\|.*?(?:\|\#|\Z)", r'"(?:[^"\\]|\\.)*+"?', word=_LISP_WORD)
_ML = _pattern(r"\(\*.*?(?:\*\)|\Z)|" + _SLASHES, _TRIPLE, _DOUBLE, _CHARACTER)
_GENERIC = _pattern(_SLASHES + r"|\#(?<!\S\#)[^\n]*", _PYTHON_STRING, blank=_PYTHON_BLANK)

_FAMILIES: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(("python", "py", "julia", "jl", "elixir", "ex"), _PYTHON),
    **dict.fromkeys(("ruby", "rb", "perl", "pl", "shell", "bash", "sh", "r"), _SCRIPT),
    **dict.fromkeys(("java", "cpp", "c", "csharp", "cs", "rust", "rs", "swift"), _C),
    **dict.fromkeys(("scala", "kotlin", "kt", "dart", "d", "go", "go_test.go"), _C),
    **dict.fromkeys(("javascript", "js", "typescript", "ts", "tsx", "jsx"), _ECMA),
    **dict.fromkeys(("lua", "haskell", "hs", "sql", "ada", "adb", "luau"), _LUA),
    **dict.fromkeys(("racket", "rkt", "clojure", "clj", "scheme", "lisp"), _LISP),
    **dict.fromkeys(("ocaml", "ml", "fsharp", "fs", "coq", "v"), _ML),
    "php": _PHP,
}
_COMMENT_SIGNS: dict[re.Pattern[str], tuple[str, ...]] = {
    _SCRIPT: ("#",),
    _PYTHON: ("#",),
    _LUA: ("--",),
    _LISP: (";", "#|"),
    _ML: ("(*", "//", "/*"),
    _ECMA: ("//", "/*"),
}
_OPENERS = frozenset("([{,=+%.\\")


def lex(text: str, language: str) -> Lexed:
    """Take `text` apart; `language` is a lower-case name or a usual short one (`rs`, `jl`).

    An unknown language is read as one with C's or a script's comments and Python's strings.
    """
    pattern = _FAMILIES.get(language.lower(), _GENERIC)
    found: list[str] = pattern.findall("\n" + text)
    comments = _COMMENT_SIGNS.get(pattern, ("//", "/*", "#"))
    firsts = "".join(sign[0] for sign in comments)
    tokens: list[str] = []
    prose: list[str] = []
    for token in found:
        if not token:  # the end
            break
        if token[0] in firsts and token.startswith(comments):
            if not (token[0] == "#" and pattern is _C):  # a preprocessor's line
                prose.append(token)
        elif token[0] == "\n":
            if tokens and (tokens[-1][-1] in _OPENERS or tokens[-1][-1] in "\"'"):
                tokens.append(token.lstrip())
            else:
                prose.append(token)
        else:
            tokens.append(token)
    return Lexed(tokens, "\n".join(prose))
