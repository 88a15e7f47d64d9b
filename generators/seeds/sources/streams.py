"""Compressed files, read forwards and within bounds.

gzip, bzip2, xz and plain files are told apart by their first bytes. Decompression happens piece by
piece: what a stream expands to never lies in memory whole.
"""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO, cast

from veristone.generators.seeds.sources.files import open_regular

__all__ = ["BROKEN_STREAM", "magic_of", "open_stream"]

BROKEN_STREAM = (EOFError, OSError, ValueError, lzma.LZMAError, zlib.error)
"""What decompressing a hostile stream may raise."""

_PIECE_BYTES = 1 << 16
_XZ_MEMORY_BYTES = 256 << 20
"""A dictionary of 192 MiB; `xz -9` has 64 MiB."""


def magic_of(path: str) -> str:
    """Return what a file's first bytes say: `gz`, `bz2`, `xz`, `zip`, or nothing.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path) as file:
        head = file.read(6)
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    if head.startswith(b"\x1f\x8b"):
        return "gz"
    return "bz2" if head.startswith(b"BZh") else "xz" * (head == b"\xfd7zXZ\0")


@contextmanager
def open_stream(path: str) -> Generator[BinaryIO]:
    """Open a file for reading what it decompresses to.

    Raises:
        OSError: it cannot be opened. Reading raises one of `BROKEN_STREAM` where it breaks off.
    """
    kind = magic_of(path)
    with open_regular(path) as file:
        match kind:
            case "gz":
                yield cast(BinaryIO, gzip.GzipFile(fileobj=file))
            case "bz2":
                yield cast(BinaryIO, bz2.BZ2File(file))
            case "xz":
                yield cast(BinaryIO, io.BufferedReader(_Xz(file), _PIECE_BYTES))
            case _:
                yield file


class _Xz(io.RawIOBase):
    """An xz file. The standard library's own has no bound on memory, which a file may claim 4 GiB
    of."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(cast(bytearray, buffer)).cast("B")
        while True:
            data = b""
            if self._decoder.eof:  # one stream may follow another, after zeros
                data = self._decoder.unused_data.lstrip(b"\0")
                while not data and (more := self._file.read(_PIECE_BYTES)):
                    data = more.lstrip(b"\0")
                if not data:
                    return 0
                self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)
            elif self._decoder.needs_input and not (data := self._file.read(_PIECE_BYTES)):
                raise EOFError("the xz stream breaks off")
            piece = self._decoder.decompress(data, max_length=len(view))
            if piece:
                view[: len(piece)] = piece
                return len(piece)
