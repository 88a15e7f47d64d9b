"""Members of a tar archive, as a stream."""

import struct
import tarfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import IO, Literal, Protocol, cast

from veristone.generators.seeds.sources.members import Bounds, Damaged, Member
from veristone.generators.seeds.sources.streams import BROKEN_STREAM, Bounded, open_stream

__all__ = ["tar_members"]

_HEADER_BYTES = 4 << 20
"""What one member's headers may take, long names and extended headers included."""


_HEADER_READS = 64
"""A member with a global header, its own and long names takes about ten."""
_COMMENT_CHARS = 200
_BROKEN = (*BROKEN_STREAM, tarfile.TarError, RecursionError, LookupError, TypeError, struct.error)
"""What reading a hostile archive may raise: chains of headers recurse, sparse maps are parsed."""


class _Kept(Protocol):
    """What a TarFile remembers of the members it has passed."""

    members: list[tarfile.TarInfo]
    pax_headers: dict[str, str]


def tar_members(path: str, bounds: Bounds) -> Iterator[Member]:
    """Yield the members of a tar archive in their order. A member is loaded before the next one is
    asked for, or never.

    Raises:
        Damaged: the archive breaks off, or is none.
        TooMuch: it has more members or bytes than it may.
        OSError: it cannot be opened.
    """
    with closing(open_stream(path)) as file:
        stream = Bounded(file, bounds.unpacked_bytes)
        try:
            stream.grant(_HEADER_BYTES, _HEADER_READS)
            # The constructor reads the first header already.
            with tarfile.TarFile(fileobj=cast(IO[bytes], stream), errorlevel=2) as archive:
                yield from _members(archive, stream)
        except _BROKEN as error:
            raise Damaged(error) from error


def _members(archive: tarfile.TarFile, stream: Bounded) -> Iterator[Member]:
    comment = ""
    kept = cast(_Kept, archive)
    while True:
        stream.grant(_HEADER_BYTES, _HEADER_READS)
        info = archive.next()
        if info is None:
            break
        # tarfile keeps all members, for lookups by name, and all global headers: git's archives
        # have one, with the commit.
        comment = kept.pax_headers.get("comment", comment)[:_COMMENT_CHARS]
        kept.members.clear()
        kept.pax_headers.clear()
        load = partial(_load, archive, info, stream)
        yield Member(info.name, info.size, _kind(info), comment, load)
    # To tarfile a header that is cut or garbled is the end as well.
    if stream.last != bytes(tarfile.BLOCKSIZE):
        raise Damaged("it ends without an end mark")


def _kind(info: tarfile.TarInfo) -> Literal["file", "folder", "other"]:
    if info.isdir():
        return "folder"
    return "file" if info.isreg() and not info.issparse() else "other"


def _load(archive: tarfile.TarFile, info: tarfile.TarInfo, stream: Bounded) -> bytes:
    try:
        file = archive.extractfile(info)
        if file is None:
            raise Damaged("no content")
        stream.grant(info.size + tarfile.BLOCKSIZE, info.size // tarfile.BLOCKSIZE + 8)
        data = file.read()
    except _BROKEN as error:
        raise Damaged(error) from error
    if len(data) < info.size:
        raise Damaged("a member breaks off")
    return data
