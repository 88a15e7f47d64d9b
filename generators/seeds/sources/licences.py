"""Names of licences to SPDX identifiers, and which of them are allowed.

Corpora write licences as SPDX identifiers in any case (The Stack), as SPDX expressions (PEP 639,
Cargo, npm) or in words. `normalised` gives the identifier or expression; what
it does not recognise stays as it is, and is then allowed only if the recipe lists those words.

Decisions, on the side of caution:
- Several licences of one document must all be allowed. The Stack detects them in a repository and
  cannot say which holds for which file. In an expression, `OR` leaves the choice to us.
- An exception (`WITH`) only adds permissions: the licence before it decides.
- A licence that nobody knows (none given, `UNKNOWN`, `NOASSERTION`) is something else than one that
  is not on the list; only the first may be let through with `unknown = "allow"`.

Not legal advice: it is as good as what the corpus says of itself.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, field_validator

from veristone.generators.seeds.sources.base import Refusal
from veristone.generators.seeds.sources.text import one_line

__all__ = ["LicencePolicy", "LicenceSetting", "all_normalised", "normalised"]

_MOST_CHARS = 500
_NOISE = frozenset({"licence", "license", "licensed", "the", "under", "v", "version"})
_WORD = re.compile(r"(?:[^\W_]|\+)+(?:\.(?:[^\W_]|\+)+)*")
_TOKEN = re.compile(r"[()]|[^\s()]+")
_IDENTIFIER = re.compile(r"(?:LicenseRef-|DocumentRef-)?[A-Za-z0-9][A-Za-z0-9.:-]*\+?")
_WITH = re.compile(r"(?i)\s+with\s+")
_OPERATORS = {"OR": "|", "AND": "&", "(": "(", ")": ")"}

_data = tomllib.loads(Path(__file__).with_name("licences.toml").read_text(encoding="utf-8"))
PERMISSIVE: tuple[str, ...] = tuple(_data["permissive"].split())
"""SPDX identifiers of the preset `permissive`."""
_OTHERS: tuple[str, ...] = tuple(_data["others"].split())


def normalised(words: str) -> str:
    """Return the SPDX identifier or expression that the words mean; the words themselves, as one
    line, if they are not recognised; empty if they name no licence."""
    return _normalised(words[: 4 * _MOST_CHARS])


def all_normalised(names: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct licences among the names, in their order."""
    found = (normalised(name) for name in names)
    return tuple(dict.fromkeys(name for name in found if name))


class LicencePolicy(BaseModel):
    """Which licences a document may have.

    In recipes also in short: `licences = "permissive"`, `licences = ["MIT", "BSD-3-Clause"]`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: Literal["any"] | tuple[str, ...] = ("permissive",)
    """`any` asks nothing; a list names licences in any form, and may contain `permissive`."""
    unknown: Literal["reject", "allow"] = "reject"
    """What is done with documents of which nothing says the licence."""

    @field_validator("allow", mode="before")
    @classmethod
    def _as_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str) and value != "any" else value

    @property
    def wants_licences(self) -> bool:
        """Whether documents without a licence are rejected."""
        return self.allow != "any" and self.unknown == "reject"

    def refusal(self, licences: Sequence[str]) -> Refusal | None:
        """Return why a document with these licences, normalised, is not allowed; None if it is."""
        if self.allow == "any":
            return None
        if not licences:
            return None if self.unknown == "allow" else Refusal("licence_unknown")
        allowed = _allowed(self.allow)
        for licence in licences:
            if not _permitted(licence, allowed):
                return Refusal("licence_not_allowed", one_line(licence))
        return None


def _from_short(value: object) -> object:
    if isinstance(value, str | list | tuple):
        return {"allow": cast(object, value)}
    return value


LicenceSetting = Annotated[LicencePolicy, BeforeValidator(_from_short)]
"""A policy as recipes write it: in full, as a list or as the one word."""


@lru_cache(maxsize=64)
def _allowed(names: tuple[str, ...]) -> frozenset[str]:
    found: list[str] = []
    for name in names:
        found += PERMISSIVE if name == "permissive" else (normalised(name) or name,)
    return frozenset(name.lower() for name in found)


@lru_cache(maxsize=4096)
def _normalised(words: str) -> str:
    line = next((line.strip() for line in words.splitlines() if line.strip()), "")
    line = one_line(line, _MOST_CHARS)
    if name := _recognised(line):
        return name
    if line.isascii() and _folded(line) in _data["silent"]:
        return ""
    tokens = list(_tokens(line))
    if len(tokens) > 1 and _value(tokens, frozenset()) is not None:
        return " ".join(tokens).replace("( ", "(").replace(" )", ")")
    return line


def _recognised(words: str) -> str | None:
    """Return the identifier of one licence, with its exception if it has one."""
    base, *exception = _WITH.split(words, maxsplit=1)
    folded = _folded(base)
    found = _KNOWN.get(folded)
    if found is None and folded.endswith("+") and folded[:-1] in _KNOWN:
        found = _KNOWN[folded[:-1]] + "+"
    return " WITH ".join([found, *exception]) if found else None


def _folded(words: str) -> str:
    found = (re.sub(r"v(?=\d)", "", word) for word in _WORD.findall(words.lower()))
    return " ".join(word for word in found if word not in _NOISE)


def _tokens(words: str) -> Iterator[str]:
    """Yield the operands (normalised), operators and parentheses of an expression.

    Cargo once wrote `OR` as a slash; in a list with commas we cannot choose, so it means `AND`.
    """
    for mark, operator in (("/", " OR "), (",", " AND ")):
        if all(_recognised(side) for side in words.split(mark)):
            words = operator.join(words.split(mark))
    phrase: list[str] = []
    for token in (*_TOKEN.findall(words), ""):
        if token and token.upper() not in _OPERATORS:
            phrase.append(token)
            continue
        if phrase:
            operand = " ".join(phrase)
            yield _recognised(operand) or operand
            phrase = []
        if token:
            yield token.upper()


def _value(tokens: Iterable[str], allowed: frozenset[str]) -> bool | None:
    """Return whether an expression allows the use, None if it is no expression: what binds is
    reduced until nothing changes, the innermost parentheses and `AND` first."""
    line = ""
    for token in tokens:
        if token not in _OPERATORS and not (_recognised(token) or _IDENTIFIER.fullmatch(token)):
            return None
        line += _OPERATORS.get(token) or f"{_listed(token.lower(), allowed):d}"
    before = ""
    while line != before:
        before = line
        line = re.sub(r"\(([01])\)", r"\1", line)
        line = re.sub(r"[01]&[01]", lambda both: min(both[0][0], both[0][2]), line)
        line = re.sub(r"(?<!&)[01]\|[01](?!&)", lambda two: max(two[0][0], two[0][2]), line)
    return {"0": False, "1": True}.get(line)


def _permitted(licence: str, allowed: frozenset[str]) -> bool:
    return _listed(licence.lower(), allowed) or bool(_value(_tokens(licence), allowed))


def _listed(operand: str, allowed: frozenset[str]) -> bool:
    base = operand.partition(" with ")[0].removesuffix("+")
    older = base.removesuffix("-or-later") + "-only"
    return not allowed.isdisjoint((operand, base, older))


_KNOWN: dict[str, str] = {
    **{_folded(name): name for name in (*_OTHERS, *PERMISSIVE)},
    **_data["aliases"],
}
