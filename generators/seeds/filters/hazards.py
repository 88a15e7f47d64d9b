"""What the safety rule calls a hazard: the tables of `hazards.toml`, which says what each means."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = [
    "DUNDERS",
    "HAZARDS",
    "METHODS",
    "OPENERS",
    "PATH_METHODS",
    "ROOTS",
    "STORED",
    "hazard_of",
]

_HARMLESS: Final = "harmless"
_DATA: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)


def _by_name(table: str) -> dict[str, str]:
    return {name: hazard for hazard, names in _DATA[table].items() for name in names.split()}


_NAMES: Final = _by_name("names")
HAZARDS: Final = tuple(name for name in _DATA["names"] if name != _HARMLESS)
"""All reasons, in the order in which they are told."""
OPENERS: Final = frozenset(_by_name("openers"))
METHODS: Final = _by_name("methods")
PATH_METHODS: Final = _by_name("path_methods")
STORED: Final = frozenset(_by_name("stored"))
DUNDERS: Final = frozenset(_by_name("dunders"))
ROOTS: Final = frozenset(
    name.removeprefix("builtins.").partition(".")[0] for name in (*_NAMES, *OPENERS)
) | {"pathlib", "Path", "getattr"}
"""The first parts of all names, those of `builtins` by their own."""


def hazard_of(dotted: str) -> str | None:
    """Return the hazard of a dotted name, built-in ones under `builtins.`."""
    while dotted:
        found = _NAMES.get(dotted)
        if found is not None:
            return None if found == _HARMLESS else found
        dotted = dotted.rpartition(".")[0]
    return None
