"""The few ways in which the duplicate steps change files, each safe to be killed in.

A published file appears whole or not at all; an appended log may have a tail that nothing refers to
yet, and the next append cuts it off. Data is flushed to the disk before anything refers to it, so
that a power cut is no worse than a kill.
"""

import os
from collections.abc import Iterable
from io import BufferedIOBase
from pathlib import Path
from typing import TypeAlias

__all__ = ["append", "publish", "remove"]

Bytes: TypeAlias = bytes | memoryview


def publish(path: Path, chunks: Iterable[Bytes]) -> None:
    """Write a file aside, flush it and give it its name, over one that had it before."""
    aside = path.with_name(f".{path.name}.aside")
    with open(aside, "wb") as file:
        for chunk in chunks:
            _write(file, chunk)
        _flush(file)
    _rename(aside, path)
    _flush_folder(path.parent)


def append(path: Path, size: int, data: Bytes) -> None:
    """Write behind the first `size` bytes of a log; whatever stood there goes."""
    with open(path, "r+b" if path.exists() else "w+b") as file:
        _truncate(file, size)
        file.seek(size)
        _write(file, data)
        _flush(file)


def remove(path: Path) -> None:
    """Remove a file that nothing refers to any more, if it is there."""
    path.unlink(missing_ok=True)


# Each of these is a moment at which the process may die; tests let it die at every one.


def _write(file: BufferedIOBase, data: Bytes) -> None:
    file.write(data)


def _truncate(file: BufferedIOBase, size: int) -> None:
    file.truncate(size)


def _flush(file: BufferedIOBase) -> None:
    file.flush()
    os.fsync(file.fileno())


def _rename(aside: Path, path: Path) -> None:
    aside.replace(path)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
