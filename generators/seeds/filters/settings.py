"""Checks of settings that several rules share."""

from collections.abc import Iterable

from veristone import ConfigError

__all__ = ["check_modules"]


def check_modules(kind: str, names: Iterable[str], *, dotted: bool = True) -> None:
    """Check that names are names of modules.

    Raises:
        ConfigError: one is not; the message says what it should look like.
    """
    for name in names:
        parts = name.split(".")
        if not all(part.isidentifier() for part in parts):
            raise ConfigError(f"{kind}: {name!r} is not the name of a module; write `numpy`")
        if not dotted and len(parts) > 1:
            raise ConfigError(f"{kind}: {name!r}: give only the part before the first dot")
