"""A model that writes down what it says, so that a run can be replayed byte for byte.

Every generation is a line of a file (`generators.models.recorded`) before it is returned. A kill of
the process loses nothing that was returned; after a crash of the machine the last moments may be
missing. A line that a kill tore is no recording to those who read the file, and is removed when the
file is opened for writing again. One process writes a file at a time.
"""

import asyncio
import fcntl
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from veristone import ConfigError, Generation, GenerationRequest, Model, RequestRefused
from veristone.generators.models.recorded import BadLine, read_line, write_line
from veristone.generators.models.recorded_index import LONGEST_LINE

__all__ = ["RecordingModel"]

_PIECE_BYTES = 1 << 16
_BEGINNING = b'{"id":'
"""Of every line that is written here: nobody's notes are taken for a torn line."""


class RecordingModel:
    """Wraps an open model. An asynchronous context manager: entering opens the file, and the model
    below is left to whoever opened it."""

    def __init__(self, model: Model, path: str | os.PathLike[str]) -> None:
        self._model = model
        self._path = Path(path)
        self._file = -1
        self._closed = False
        # One thread: lines are written one after the other, and a cancelled caller tears none.
        self._writer: ThreadPoolExecutor | None = None

    @property
    def name(self) -> str:
        """The name of the model below."""
        return self._model.name

    async def __aenter__(self) -> Self:
        """Open the file, or make it; what is in it stays.

        Raises:
            ConfigError: it cannot be written, or another process writes it.
        """
        if self._path.suffix in (".gz", ".bz2", ".xz"):
            raise ConfigError(f"{self._path}: recordings are written uncompressed; compress later")
        if self._writer is not None:
            raise ConfigError("a recording is opened once")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="recording")
        try:
            await asyncio.wrap_future(self._writer.submit(self._open))
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Write what is waiting, and close the file. May be called twice."""
        self._closed = True
        if self._writer is not None:
            await asyncio.shield(asyncio.to_thread(self._finish, self._writer))

    async def generate(self, request: GenerationRequest) -> Generation:
        """Return what the model says, recorded.

        Raises:
            RequestRefused: as the model below; also if a text cannot be written as UTF-8.
            ModelUnavailable: as the model below.
            ConfigError: the disk is full, or the file is not open.
        """
        self._opened()
        generation = await self._model.generate(request)
        try:
            line = write_line(request, generation)
        except UnicodeEncodeError as error:
            raise RequestRefused(f"request {request.id}: it cannot be recorded: {error}") from error
        await asyncio.wrap_future(self._opened().submit(self._write, line))
        return generation

    def _opened(self) -> ThreadPoolExecutor:
        if self._closed or self._writer is None:
            raise ConfigError(f"{self._path}: the recording is not open")
        return self._writer

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            file = os.open(self._path, flags, 0o666)
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror}") from error
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise ConfigError(f"{self._path}: it is no regular file")
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._mend(file)
        except BaseException as error:
            os.close(file)
            if isinstance(error, BlockingIOError):
                raise ConfigError(f"{self._path}: another process writes it") from None
            if isinstance(error, OSError):
                raise ConfigError(f"{self._path}: {error.strerror}") from error
            raise
        self._file = file

    def _mend(self, file: int) -> None:
        """End the last line if it lacks only its newline; remove it if it is torn."""
        size = os.fstat(file).st_size
        if size and not os.pread(file, len(_BEGINNING), 0).startswith(_BEGINNING[:size]):
            raise ConfigError(f"{self._path}: it has something else in it than a recording of ours")
        start = _start_of_last_line(file, size)
        if start == size:
            return
        last = os.pread(file, min(size - start, LONGEST_LINE), start)
        try:
            read_line(last)
        except BadLine:
            os.ftruncate(file, start)
        else:
            _write_all(file, b"\n")

    def _write(self, line: bytes) -> None:
        size = os.fstat(self._file).st_size
        try:
            _write_all(self._file, line)
        except OSError as error:
            os.ftruncate(self._file, size)
            raise ConfigError(f"{self._path}: {error.strerror}") from error

    def _finish(self, writer: ThreadPoolExecutor) -> None:
        writer.shutdown(wait=True)
        if self._file >= 0:
            file, self._file = self._file, -1
            try:
                os.fsync(file)
            finally:
                os.close(file)


def _start_of_last_line(file: int, size: int) -> int:
    """Return where the part of the file after its last newline begins."""
    end = size
    while end > 0:
        start = max(end - _PIECE_BYTES, 0)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
