"""Why a document goes no further than reading: a closed set.

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

from typing import Literal, NamedTuple, TypeAlias

__all__ = ["Reason", "Refusal"]

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
