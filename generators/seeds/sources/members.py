"""Members of tar and zip archives, read as streams by the standard library, within bounds.

tarfile takes the sizes in headers at their word, and follows headers that belong to headers by
recursion: without bounds a file of some KiB makes it read a name of many GiB into memory. zipfile
reads the whole central directory. Both get no more than the bounds here.
"""

import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any, BinaryIO, Literal, NamedTuple, cast

from veristone.generators.seeds.sources.files import open_regular
from veristone.generators.seeds.sources.streams import BROKEN_STREAM, open_stream

__all__ = ["Bounds", "Damaged", "Member", "TooMuch", "tar_members", "zip_members"]

_HEADER_BYTES = 128 << 10
"""What one header of a tar archive may take, a long name or an extended header included: some
hundreds of them may lie in memory, as deep as the interpreter recurses."""
_PIECE_BYTES = 1 << 16
_COMMENT_CHARS = 200
_ENTRY_BYTES = 256
"""What an entry of a zip's central directory usually takes; 46 are the least."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2})
"""LZMA in zips has no bound on its memory, and is hardly used."""
_BROKEN = (
    *(*BROKEN_STREAM, tarfile.TarError, zipfile.BadZipFile, struct.error, RuntimeError),
    *(RecursionError, LookupError, TypeError),
)
"""What reading a hostile archive may raise; RuntimeError among them for encrypted members."""


class Damaged(Exception):
    """An archive, or one member of it, cannot be read (further)."""


class TooMuch(Exception):
    """An archive has more in it than its bounds allow."""


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
    """Reads the content, before the next member is asked for. Raises `Damaged`."""


def tar_members(path: str, bounds: Bounds) -> Iterator[Member]:
    """Yield the members of a tar archive in their order.

    Raises:
        Damaged: the archive breaks off, or is none.
        TooMuch: it has more bytes than it may.
        OSError: it cannot be opened.
    """
    with open_stream(path) as file:
        stream = _Bounded(file, bounds.unpacked_bytes)
        try:
            with tarfile.TarFile(fileobj=cast(IO[bytes], stream), errorlevel=2) as archive:
                yield from _tar_members(archive, stream)
        except _BROKEN as error:
            raise Damaged(error) from error


def _tar_members(archive: tarfile.TarFile, stream: "_Bounded") -> Iterator[Member]:
    comment = ""
    while (info := archive.next()) is not None:
        # tarfile keeps all members, for lookups by name, and all global headers: git's archives
        # have one, with the commit.
        headers = cast("dict[str, str]", archive.pax_headers)
        comment = headers.pop("comment", comment)[:_COMMENT_CHARS]
        headers.clear()
        cast(Any, archive).members.clear()
        kind = "file" if info.isreg() and not info.issparse() else "other"
        load = partial(_load_tar, info, stream)
        yield Member(info.name, info.size, "folder" if info.isdir() else kind, comment, load)
    # To tarfile a header that is cut or garbled is the end as well.
    if stream.last != bytes(tarfile.BLOCKSIZE):
        raise Damaged("it ends without an end mark")


def _load_tar(info: tarfile.TarInfo, stream: "_Bounded") -> bytes:
    try:
        stream.seek(info.offset_data)
        data = stream.take(info.size)
    except _BROKEN as error:
        raise Damaged(error) from error
    if len(data) < info.size:
        raise Damaged("a member breaks off")
    return data


class _Bounded:
    """A stream that `tarfile` can read as if it were seekable: forwards only, and never more in
    one go than a header may have."""

    def __init__(self, stream: BinaryIO, most_bytes: int) -> None:
        self._stream = stream
        self._position = 0
        self._left = most_bytes
        self.last = b""
        """What was read last."""

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= _HEADER_BYTES:
            raise TooMuch("a header that is too long")
        self.last = self.take(size)
        return self.last

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Skip to a position that lies ahead, or to the end of the stream if it is before it."""
        if whence != io.SEEK_SET or offset < self._position:
            raise ValueError("the archive points backwards")
        while self._position < offset:
            if not self.take(min(offset - self._position, _PIECE_BYTES)):
                break
        return self._position

    def take(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._position += len(data)
        self._left -= len(data)
        if self._left < 0:
            raise TooMuch("more bytes, unpacked, than an archive may have")
        return data


def zip_members(path: str, bounds: Bounds) -> Iterator[Member]:
    """Yield the members of a zip archive in the order of its central directory.

    Raises:
        Damaged: it is no zip archive, or one that is broken.
        TooMuch: it has more members than it may.
        OSError: it cannot be opened.
    """
    with open_regular(path) as file:
        try:
            # The same look that `ZipFile` takes; place 5 is the directory's size, which it trusts.
            end = cast(Any, zipfile)._EndRecData(file)
            if end is not None and end[5] > bounds.members * _ENTRY_BYTES:
                raise TooMuch("more members than an archive may have")
            archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise Damaged(error) from error
        with archive:
            comment = archive.comment.decode("ascii", "replace")
            for info in archive.infolist():
                kind, load = _zip_kind(info), partial(_load_zip, archive, info)
                yield Member(info.filename, info.file_size, kind, comment, load)


def _zip_kind(info: zipfile.ZipInfo) -> Literal["file", "folder", "other"]:
    if info.filename.endswith("/"):  # `is_dir` trips over an empty name
        return "folder"
    mode = info.external_attr >> 16
    return "file" if stat.S_IFMT(mode) in (0, stat.S_IFREG) else "other"


def _load_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type not in _METHODS:
        raise Damaged(f"compression method {info.compress_type}")
    try:
        with archive.open(info) as file:
            # Never more than the size that was found small enough; the rest is not read.
            return file.read(info.file_size)
    except _BROKEN as error:
        raise Damaged(error) from error
