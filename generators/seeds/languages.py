"""Programming languages: one lower-case name each, however a corpus or a file name calls it.

Names and suffixes follow GitHub's linguist, which The Stack and its descendants used. Two suffixes
mean several languages: `.h` (C, C++ or Objective-C) and `.ts` (TypeScript, or the XML of Qt's
translations); `settled` looks at the text to tell. Python stubs (`.pyi`) are left out: they have no
bodies. Files without a suffix are not recognised: a first line with `#!` is not looked at.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

__all__ = [
    "LANGUAGES",
    "KnownLanguage",
    "candidates",
    "known_language",
    "language_named",
    "language_of_path",
    "settled",
]


_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

LANGUAGES: tuple[str, ...] = tuple(sorted(_TABLE))
"""Every name, sorted."""

_BY_SUFFIX = {suffix: name for name, entry in _TABLE.items() for suffix in entry["suffixes"]}
_BY_NAME = {word: name for name, entry in _TABLE.items() for word in (name, *entry["names"])}

_HEAD_CHARS = 1 << 16
"""How much of a text `settled` looks at."""
_OBJECTIVE_C = re.compile(
    r"^[ \t]*(?:@(?:interface|protocol|property|implementation|class|end)\b|#[ \t]*import\b)", re.M
)
_CPP = re.compile(
    r"^[ \t]*(?:template[ \t]*<|namespace\b|using[ \t]+\w|class[ \t]+\w|constexpr\b"
    r"|(?:public|private|protected)[ \t]*:|\#[ \t]*include[ \t]*<[a-z_]+>)|\bstd::\w",
    re.M,
)


def language_named(word: str) -> str | None:
    """Return our name of a language that a corpus names so (`C++`, `c-sharp`), None if unknown."""
    return _BY_NAME.get(_folded(word))


def known_language(word: str) -> str:
    """Return our name of a language.

    Raises:
        ValueError: it is none of ours.
    """
    name = language_named(word)
    if name is None:
        raise ValueError(f"no language {word!r}; there are {', '.join(LANGUAGES)}")
    return name


KnownLanguage: TypeAlias = Annotated[str, AfterValidator(known_language)]
"""A setting: any name of a language, kept as ours."""


def language_of_path(path: str) -> str | None:
    """Return the language that a file's suffix says, None for files of no known language.

    Case counts only where it tells languages apart: `.C` is C++, `.R` and `.PY` are what they are.
    """
    name = path.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    if not (stem and dot):
        return None
    return _BY_SUFFIX.get(dot + suffix) or _BY_SUFFIX.get((dot + suffix).lower())


def candidates(language: str, path: str) -> tuple[str, ...]:
    """Return the languages that `settled` may return for such a document."""
    suffix = _suffix(path)
    if language == "typescript" and suffix == ".tsx":
        return ("tsx",)
    return ("c", "cpp", "objectivec") if language == "c" and suffix == ".h" else (language,)


def settled(language: str, path: str, text: str) -> str | None:
    """Return the language of a text whose path leaves a choice, None if it is none of ours.

    Others stand as they are, but for one: corpora call TSX files TypeScript, and their grammars
    differ.
    """
    if _suffix(path) == ".ts" and text[:256].lstrip().startswith(("<?xml", "<!DOCTYPE")):
        return None
    choice = candidates(language, path)
    if len(choice) == 1:
        return choice[0]
    head = text[:_HEAD_CHARS]
    if _OBJECTIVE_C.search(head):
        return "objectivec"
    return "cpp" if _CPP.search(head) else "c"


def _suffix(path: str) -> str:
    return path[path.rfind(".") :].lower() if "." in path else ""


def _folded(word: str) -> str:
    return re.sub(r"[\s_]+", "-", word.strip().lower())
