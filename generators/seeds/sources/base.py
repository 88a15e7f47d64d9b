"""What a source is: a list of parts, each of which a worker process can read by itself."""

from collections.abc import Iterator
from typing import Protocol

import msgspec

from veristone.generators.seeds.records import Document, Rejection

__all__ = ["Part", "Source"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a source that is read in one go: some files, an archive, a range of rows.

    Parts are written down when a run begins, so that a run that goes on later reads the same ones,
    and are small enough (some tens of MiB) that losing one that was half done costs little.
    """

    paths: tuple[str, ...]
    """Files, or the names that the source knows its shards by."""
    first: int = 0
    """First byte, row group or row, as the source counts; 0 for the beginning."""
    last: int = -1
    """One past the last; -1 for the end."""


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
