"""Comments of a program, by one small lexer for each family of languages.

A lexer knows a family's comments and strings, and nothing else: enough to tell a comment from a
string that looks like one. Each is one regular expression without nested repetition, in which an
unfinished string ends with its line, so that time is linear in the length of any text.

Not promised: here-documents of shell and PHP are read as code; block comments do not nest; a
JavaScript regular expression is told from a division by the character before it; in the expressions
of template strings (`${...}`, f-strings) comments are not looked for.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

__all__ = ["comments"]

_LINE: Final = r"//[^\n]*"
_BLOCK: Final = r"/\*(?:[^*]|\*(?!/))*(?:\*/)?"
_DOUBLE: Final = r'"(?:\\[\s\S]|[^"\\\n])*"?'
_SINGLE: Final = r"'(?:\\[\s\S]|[^'\\\n])*'?"
_BACKTICK: Final = r"`(?:\\[\s\S]|[^`\\])*`?"
_CHARACTER: Final = r"'(?:\\(?:u\{[0-9a-fA-F_]{1,8}\}|[^\n]){1,10}?|[^'\\\n])'"
_TRIPLE: Final = r'"""(?:\\[\s\S]|[^"\\]|"(?!""))*(?:""")?'
_TRIPLE_SINGLE: Final = r"'''(?:\\[\s\S]|[^'\\]|'(?!''))*(?:''')?"
# After what an expression may begin; at most a line's worth.
_REGEX: Final = (
    r"[(,=:\[!&|?{};+*%~^<>]\s{0,20}/(?![/*])"
    r"(?:\\[^\n]|[^/\\\n\[]|\[(?:\\[^\n]|[^\]\\\n]){0,99}\]){1,200}/"
)

# Comments are the group `c`; strings come without one.
_PATTERNS: Final = {
    "python": rf"(?P<c>#[^\n]*)|{_TRIPLE}|{_TRIPLE_SINGLE}|{_DOUBLE}|{_SINGLE}",
    "c": rf"(?P<c>{_LINE}|{_BLOCK})|R\"(?P<d>[^\s()\\]{{0,16}})\([\s\S]*?(?:\)(?P=d)\"|\Z)"
    rf"|{_DOUBLE}|{_CHARACTER}",
    "java": rf"(?P<c>{_LINE}|{_BLOCK})|{_TRIPLE}|{_DOUBLE}|{_CHARACTER}",
    "csharp": rf'(?P<c>{_LINE}|{_BLOCK})|\$?@\$?"(?:[^"]|"")*"?|{_TRIPLE}|{_DOUBLE}|{_CHARACTER}',
    "javascript": rf"(?P<c>{_LINE}|{_BLOCK})|{_DOUBLE}|{_SINGLE}|{_BACKTICK}|{_REGEX}",
    "go": rf"(?P<c>{_LINE}|{_BLOCK})|{_DOUBLE}|`[^`]*`?|{_CHARACTER}",
    "rust": rf"(?P<c>{_LINE}|{_BLOCK})|r(?P<h>#{{1,16}})\"[\s\S]*?(?:\"(?P=h)|\Z)"
    rf"|r\"[^\"]*\"?|\"(?:\\[\s\S]|[^\"\\])*\"?|{_CHARACTER}",
    "swift": rf"(?P<c>{_LINE}|{_BLOCK})|(?P<h>#{{1,16}})\"[\s\S]*?(?:\"(?P=h)|\Z)"
    rf"|{_TRIPLE}|{_DOUBLE}",
    "php": rf"(?P<c>{_LINE}|{_BLOCK}|#(?!\[)[^\n]*)|\"(?:\\[\s\S]|[^\"\\])*\"?"
    r"|'(?:\\[\s\S]|[^'\\])*'?",
    "shell": r"(?P<c>(?:(?<=[\s;&|()])|^)#[^\n]*)|\\[\s\S]|\"(?:\\[\s\S]|[^\"\\])*\"?|'[^']*'?",
}

_FAMILIES: Final = {
    "c": "c",
    "cpp": "c",
    "csharp": "csharp",
    "dart": "javascript",
    "go": "go",
    "java": "java",
    "javascript": "javascript",
    "kotlin": "java",
    "objectivec": "c",
    "perl": "shell",
    "php": "php",
    "python": "python",
    "r": "python",
    "ruby": "python",
    "rust": "rust",
    "scala": "java",
    "shell": "shell",
    "swift": "swift",
    "tsx": "javascript",
    "typescript": "javascript",
}


@cache
def _lexer(family: str) -> re.Pattern[str]:
    return re.compile(_PATTERNS[family], re.MULTILINE if family == "shell" else 0)


def comments(code: str, language: str) -> Iterator[str]:
    """Yield the comments of some code in their order, delimiters included.

    Languages without a lexer are read like C: wrong, but for a search in comments the safe side.
    """
    for match in _lexer(_FAMILIES.get(language, "c")).finditer(code):
        comment = match["c"]
        if comment is not None:
            yield comment
