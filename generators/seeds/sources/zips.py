"""Members of a zip archive: a wheel, a jar with sources, a download from GitHub."""

import re
import stat
import struct
import zipfile
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, Literal

from veristone.generators.seeds.sources.files import open_regular
from veristone.generators.seeds.sources.members import Bounds, Damaged, Member
from veristone.generators.seeds.sources.streams import BROKEN_STREAM, TooMuch

__all__ = ["zip_members"]

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2})
"""LZMA in zips has no bound on its memory, and is hardly used."""
_BROKEN = (*BROKEN_STREAM, zipfile.BadZipFile, RuntimeError, LookupError, struct.error)
"""What zipfile may raise; RuntimeError among them for members that are encrypted."""
_ENTRY_BYTES = 46  # the least that an entry of the central directory takes
_TYPICAL_ENTRY_BYTES = 256
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_SEE_64 = 0xFFFFFFFF  # in place of a number: see the record of zip64


def zip_members(path: str, bounds: Bounds) -> Iterator[Member]:
    """Yield the members of a zip archive in the order of its central directory.

    Raises:
        Damaged: it is no zip archive, or one that is broken.
        TooMuch: it has more members than it may.
        OSError: it cannot be opened.
    """
    with open_regular(path) as file:
        try:
            if _directory_bytes(file) > bounds.members * _TYPICAL_ENTRY_BYTES:
                raise TooMuch("more members than an archive may have")
            archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            raise Damaged(error) from error
        with archive:
            comment = archive.comment.decode("ascii", "replace")
            for info in archive.infolist():
                yield Member(
                    name=info.filename,
                    size=info.file_size,
                    kind=_kind(info),
                    comment=comment,
                    load=partial(_load, archive, info),
                )


def _kind(info: zipfile.ZipInfo) -> Literal["file", "folder", "other"]:
    if info.filename.endswith("/"):  # `is_dir` trips over an empty name
        return "folder"
    mode = info.external_attr >> 16
    return "file" if stat.S_IFMT(mode) in (0, stat.S_IFREG) else "other"


def _load(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type not in _METHODS:
        raise Damaged(f"compression method {info.compress_type}")
    try:
        with archive.open(info) as file:
            # Never more than the size that was found small enough; the rest is not read.
            return file.read(info.file_size)
    except _BROKEN as error:
        raise Damaged(error) from error


def _directory_bytes(file: BinaryIO) -> int:
    """Return the size of the central directory, all of which zipfile reads into memory: the
    largest that one of the records says which may be the one that zipfile finds. They lie before
    a comment of at most 64 KiB."""
    size = file.seek(0, 2)
    start = max(0, size - _END.size - (1 << 16) - _LOCATOR_64.size - _END_64.size)
    file.seek(start)
    tail = file.read()
    file.seek(0)
    claimed = [-1]
    for mark, record, place in ((b"PK\5\6", _END, 5), (b"PK\6\6", _END_64, 8)):
        starts = (match.start() for match in re.finditer(mark, tail))
        records = (record.unpack_from(tail, at) for at in starts if at + record.size <= len(tail))
        claimed += [int(values[place]) % _SEE_64 for values in records]
    if max(claimed) < 0:
        raise zipfile.BadZipFile("no central directory")
    return min(max(claimed), size)
