"""Programming languages: one lower-case name each, however a corpus or a file name calls it.

Names and suffixes follow GitHub's linguist, which The Stack and its descendants used. `.h` is C++:
nearly all headers of C are that as well. Python stubs (`.pyi`) are left out: they have no bodies.
Files without a suffix are not recognised: a first line with `#!` is not looked at.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator

__all__ = [
    "LANGUAGES",
    "KnownLanguage",
    "known_language",
    "language_named",
    "language_of_path",
]


_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

LANGUAGES: tuple[str, ...] = tuple(sorted(_TABLE))
"""Every name, sorted."""

_BY_SUFFIX = {suffix: name for name, entry in _TABLE.items() for suffix in entry["suffixes"]}
_BY_NAME = {word: name for name, entry in _TABLE.items() for word in (name, *entry["names"])}


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


def _folded(word: str) -> str:
    return re.sub(r"[\s_]+", "-", word.strip().lower())
