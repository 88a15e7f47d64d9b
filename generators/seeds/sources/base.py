"""What a source is: a list of parts, each of which a worker process can read by itself."""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

__all__ = ["Content", "Part", "Reason", "Refusal", "runs"]

Item = TypeVar("Item")
Reason: TypeAlias = Literal[
    # Nothing but white space.
    "empty",
    # Larger than `max_bytes`; also a line of JSON too long to hold such a text.
    "too_large",
    # A NUL in it.
    "binary",
    # Not UTF-8.
    "undecodable",
    # Its language is unknown, or not one that the recipe asks for.
    "language",
    # Nothing says what licence it has.
    "licence_unknown",
    # One of its licences is not on the recipe's list.
    "licence_not_allowed",
    # The file went away, or the row has no content.
    "missing",
    # The system refuses.
    "unreadable",
    # A line that is not a JSON object, a value of another type.
    "malformed",
    # A stream or row group that breaks off: the rest is not read.
    "damaged",
    # A file's name that is not UTF-8.
    "bad_name",
]
"""Why a document goes no further than reading."""


class Refusal(NamedTuple):
    """A reason, and what was found: at most a line, for a person."""

    reason: Reason
    detail: str = ""


Content: TypeAlias = bytes | str | Refusal
"""A document as it was read, or why it could not be."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a source that is read in one go: some files, a range of rows.

    Parts are written down when a run begins, so that a run that goes on later reads the same ones,
    and are small enough (some tens of MiB) that losing one that was half done costs little.
    """

    paths: tuple[str, ...]
    """Files."""
    first: int = 0
    """First byte or row group, as the source counts; 0 for the beginning."""
    last: int = -1
    """One past the last; -1 for the end."""


def runs(
    items: Iterable[tuple[Item, int]], most_bytes: int, most_items: int | None = None
) -> Iterator[list[Item]]:
    """Yield neighbouring items, given with their sizes, in runs of about so many bytes.

    None is divided: one that is larger than that is a run of its own.
    """
    run: list[Item] = []
    total = 0
    for item, size in items:
        if run and (total + size > most_bytes or len(run) == most_items):
            yield run
            run, total = [], 0
        run.append(item)
        total += size
    if run:
        yield run
