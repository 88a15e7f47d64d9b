"""What is in an archive, whatever its format."""

from collections.abc import Callable
from typing import Literal, NamedTuple

__all__ = ["Bounds", "Damaged", "Member"]


class Damaged(Exception):
    """An archive, or one member of it, cannot be read (further)."""


class Bounds(NamedTuple):
    """What one archive may have in it."""

    members: int
    unpacked_bytes: int


class Member(NamedTuple):
    """One entry of an archive."""

    name: str
    size: int
    """Bytes, as the archive says: `load` is only to be called if it is small enough."""
    kind: Literal["file", "folder", "other"]
    comment: str
    """The archive's own comment: where it came from git, the commit."""
    load: Callable[[], bytes]
    """Reads the content. Raises `Damaged`."""
