"""Members of tar and zip archives, read as streams by the standard library, within bounds.

tarfile takes the sizes in headers at their word, and follows headers that belong to headers by
recursion: without bounds a file of some KiB makes it read a name of many GiB into memory. What it
cannot read as a header is the archive's end to it.
"""

import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, Self, cast

from veristone.files import BROKEN, unpacked

__all__ = ["Damaged", "Member", "TooMuch", "members"]

_HEADER_BYTES = 128 << 10
"""What one header of a tar archive may take, a long name or an extended header included: some
hundreds of them may lie in memory, as deep as the interpreter recurses."""
_COMMENT_CHARS = 200
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2})
"""LZMA in zips has no bound on its memory, and is hardly used."""
_BROKEN = (
    *(*BROKEN, tarfile.TarError, zipfile.BadZipFile, struct.error, RuntimeError),
    *(RecursionError, LookupError, TypeError),
)
"""What reading a hostile archive may raise; RuntimeError among them for encrypted members."""


class Damaged(Exception):
    """An archive, or one member of it, cannot be read (further)."""


class TooMuch(Exception):
    """An archive has more in it than it may."""


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


def members(path: str, most: int, most_bytes: int) -> Iterator[Member]:
    """Yield the members of an archive in their order (of a zip: of its directory).

    A tar archive is unpacked to its end, whatever is in it; a zip only where a member is loaded.

    Raises:
        Damaged: the archive breaks off, or is none.
        TooMuch: it has more than `most` members, or unpacks to more bytes than it may.
        OSError: it cannot be opened.
    """
    with Path(path).open("rb") as file:
        is_zip = file.read(4) in (b"PK\3\4", b"PK\5\6")
    is_zip = is_zip or path.lower().endswith((".zip", ".whl", ".egg", ".jar"))
    found = _zip_members(path) if is_zip else _tar_members(path)
    total = 0
    try:
        for number, member in enumerate(found):
            total += 0 if is_zip else member.size
            if number == most or total > most_bytes:
                raise TooMuch(f"more than {most} members or {most_bytes} bytes")
            yield member
    except _BROKEN as error:
        raise Damaged(error) from error


class _Header(tarfile.TarInfo):
    """A header that says where it is none, and that is not too long."""

    @classmethod
    def fromtarfile(cls, tarfile: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile)
        except _EndMark:
            raise
        except _HeaderError as error:
            raise Damaged(f"it ends without an end mark: {error}") from error

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _LONG and not 0 <= self.size <= _HEADER_BYTES:
            raise TooMuch("a header that is too long")
        return cast(Any, super())._proc_member(archive)


_HeaderError: type[Exception] = tarfile.HeaderError
_EndMark: type[Exception] = cast(Any, tarfile).EOFHeaderError
_LONG = (
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE),
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
)


def _tar_members(path: str) -> Iterator[Member]:
    with (
        unpacked(Path(path)) as stream,
        tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header, errorlevel=2) as archive,
    ):
        while (info := archive.next()) is not None:
            comment = str(archive.pax_headers.get("comment", ""))[:_COMMENT_CHARS]
            cast(Any, archive).members.clear()  # kept for look-ups by name
            kind = "file" if info.isreg() and not info.issparse() else "other"
            load = partial(_load, partial(archive.extractfile, info), info.size)
            yield Member(info.name, info.size, "folder" if info.isdir() else kind, comment, load)


def _zip_members(path: str) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        comment = archive.comment.decode("ascii", "replace")
        for info in archive.infolist():
            mode = stat.S_IFMT(info.external_attr >> 16)
            kind = "file" if mode in (0, stat.S_IFREG) else "other"
            load = partial(_load, partial(_open_zipped, archive, info), info.file_size)
            # `is_dir` trips over an empty name.
            kind = "folder" if info.filename.endswith("/") else kind
            yield Member(info.filename, info.file_size, kind, comment, load)


def _open_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    if info.compress_type not in _METHODS:
        raise Damaged(f"compression method {info.compress_type}")
    return archive.open(info)


def _load(opened: Callable[[], IO[bytes] | None], size: int) -> bytes:
    """Read a member: never more than the size that was found small enough."""
    try:
        file = opened()
        if file is None:
            raise Damaged("no file")
        with file:
            return file.read(size)
    except _BROKEN as error:
        raise Damaged(error) from error
