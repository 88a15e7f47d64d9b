"""What a source is: a list of parts, each of which a worker process can read by itself.

Why a document goes no further than reading, a closed set:

    empty                 nothing but white space
    too_large             larger than `max_bytes`; also a line of JSON too long to hold such a text
    binary                a NUL in it
    undecodable           not UTF-8, nor what its byte order mark or PEP 263 line declares
    language              its language is unknown, or not one that the recipe asks for
    licence_unknown       nothing says what licence it has
    licence_not_allowed   one of its licences is not on the recipe's list
    missing               the file went away, or the row has no content
    unreadable            the system refuses, or it is no regular file any more
    malformed             a line that is not a JSON object, a value of another type
    damaged               an archive, stream or row group that breaks off: the rest is not read
    oversized_archive     more members or bytes than an archive may have: the rest is not read
    not_a_file            a link, a device or a sparse file in an archive
    bad_name              a name in an archive that is absolute, climbs out or is endless; in a
                          tree, one that is not UTF-8
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol, TypeAlias

import msgspec

from veristone.generators.seeds.records import Document, Rejection

__all__ = ["Content", "Part", "Reason", "Refusal", "Source"]

Reason: TypeAlias = Literal[
    "empty",
    "too_large",
    "binary",
    "undecodable",
    "language",
    "licence_unknown",
    "licence_not_allowed",
    "missing",
    "unreadable",
    "malformed",
    "damaged",
    "oversized_archive",
    "not_a_file",
    "bad_name",
]


class Refusal(NamedTuple):
    """A reason, and what was found: at most a line, for a person."""

    reason: Reason
    detail: str = ""


Content: TypeAlias = bytes | str | Refusal
"""A document as it was read, or why it could not be."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a source that is read in one go: some files, an archive, a range of rows.

    Parts are written down when a run begins, so that a run that goes on later reads the same ones,
    and are small enough (some tens of MiB) that losing one that was half done costs little.
    """

    paths: tuple[str, ...]
    """Files, or the names that the source knows its shards by."""
    first: int = 0
    """First byte or row group, as the source counts; 0 for the beginning."""
    last: int = -1
    """One past the last (with a limit: how many documents); -1 for the end."""


class Source(Protocol):
    """Where documents come from. Built in every worker from the recipe, so cheap to build."""

    name: str

    def parts(self) -> Iterator[Part]:
        """Yield the parts, in an order that depends on the source's content alone.

        Raises:
            ConfigError: there is no such file or dataset, or it has not the columns it should.
        """
        ...

    def read(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the documents of a part in their order, one at a time: never the whole part.

        What cannot be read (undecodable text, a file that went away, a broken archive, a row
        without content), is too large or has a licence that is not allowed comes as a rejection
        of step `read`; it does not end the part.
        """
        ...
