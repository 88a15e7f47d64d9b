"""Compressed files, read forwards and within bounds.

gzip, bzip2, xz and plain files are told apart by their first bytes. Decompression happens piece by
piece: what a stream expands to never lies in memory whole.
"""

import bz2
import gzip
import io
import lzma
import zlib
from typing import BinaryIO, cast

from veristone.generators.seeds.sources.files import open_regular

__all__ = ["BROKEN_STREAM", "Bounded", "TooMuch", "magic_of", "open_stream"]

BROKEN_STREAM = (EOFError, OSError, ValueError, lzma.LZMAError, zlib.error)
"""What decompressing a hostile stream may raise."""

_PIECE_BYTES = 1 << 16
_XZ_MEMORY_BYTES = 256 << 20
"""A dictionary of 192 MiB; `xz -9` has 64 MiB."""


class TooMuch(Exception):
    """An archive has more in it than its bounds allow."""


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


def open_stream(path: str) -> BinaryIO:
    """Open a file for reading what it decompresses to.

    Raises:
        OSError: it cannot be opened. Reading raises one of `BROKEN_STREAM` where it breaks off.
    """
    kind = magic_of(path)
    file = open_regular(path)
    if kind == "gz":
        return cast(BinaryIO, _Owning(gzip.GzipFile(fileobj=file), file))
    if kind == "bz2":
        return cast(BinaryIO, _Owning(bz2.BZ2File(file), file))
    return cast(BinaryIO, io.BufferedReader(_Xz(file), _PIECE_BYTES)) if kind == "xz" else file


class _Owning(io.BufferedReader):
    """A decompressing file that closes the file below it too."""

    def __init__(self, stream: io.BufferedIOBase, below: BinaryIO) -> None:
        super().__init__(cast(io.RawIOBase, stream), _PIECE_BYTES)
        self._below = below

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._below.close()


class _Xz(io.RawIOBase):
    """An xz file. The standard library's own has no bound on memory, which a file may claim 4 GiB
    of."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._decoder = self._fresh()
        self._started = False

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(cast(bytearray, buffer)).cast("B")
        while True:
            data = b""
            if self._decoder.eof:
                data = self._next_stream()
                if not data:
                    return 0
            elif self._decoder.needs_input and not (data := self._file.read(_PIECE_BYTES)):
                if self._started:
                    raise EOFError("the xz stream breaks off")
                return 0
            self._started = True
            piece = self._decoder.decompress(data, max_length=len(view))
            if piece:
                view[: len(piece)] = piece
                return len(piece)

    def _next_stream(self) -> bytes:
        """Begin the stream after the one that has ended; between them may be zeros."""
        data = self._decoder.unused_data.lstrip(b"\0")
        while not data and (more := self._file.read(_PIECE_BYTES)):
            data = more.lstrip(b"\0")
        self._decoder = self._fresh()
        self._started = False
        return data

    @staticmethod
    def _fresh() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)


class Bounded:
    """A stream that `tarfile` can read as if it were seekable: forwards only, and never more in
    one go than was granted.

    tarfile takes the sizes in headers at their word, and follows headers that belong to headers by
    recursion: without bounds a file of some KiB makes it read a name of many GiB into memory, or
    recurse until the interpreter gives up.
    """

    def __init__(self, stream: BinaryIO, most_bytes: int) -> None:
        self._stream = stream
        self._position = 0
        self._left = most_bytes
        self._granted = 0
        self._reads = 0
        self.last = b""
        """What was read last."""

    def grant(self, size: int, reads: int) -> None:
        """Allow so many bytes in so many reads, instead of what is left from before."""
        self._granted = size
        self._reads = reads

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes.

        Raises:
            TooMuch: more than was granted, or the stream has become too long.
        """
        self._reads -= 1
        if size < 0 or size > self._granted or self._reads < 0:
            raise TooMuch("headers that are too long, or too many of them")
        self._granted -= size
        self.last = self._pull(size)
        return self.last

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Skip to a position that lies ahead, or to the end of the stream if it is before it.

        Raises:
            ValueError: it lies behind.
        """
        if whence != io.SEEK_SET or offset < self._position:
            raise ValueError("the archive points backwards")
        while self._position < offset:
            if not self._pull(min(offset - self._position, _PIECE_BYTES)):
                break
        return self._position

    def _pull(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._position += len(data)
        self._left -= len(data)
        if self._left < 0:
            raise TooMuch("more bytes, unpacked, than an archive may have")
        return data
