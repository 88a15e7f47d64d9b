"""Files of a run that the engine asked for, sent when every process of the run is gone.

A child of the warden's reads them as the sample's user: it sees what the sample could see, and
what the sample named never comes into the memory that later samples are forked from. No symlink
is followed and nothing but a plain file is opened for reading. The warden takes the bytes as they
come and looks at none of them.

What is sent: for each file `frames.FILE_HEAD`, its name, its content. A name that ends with a slash
stands for every file below that folder. One byte more than may be sent says that there was more.
"""

from __future__ import annotations

import os
import stat
from typing import Iterator

from .frames import FILE_HEAD

_CHUNK = 1024 * 1024
_MOST_FILES, _DEPTH = 4096, 16
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A FIFO in place of a file must not keep us waiting.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def send(work: str, names: list[str], most_bytes: int, sink: int) -> None:
    """Write the files called `names` that are there, `most_bytes` with their heads at most."""
    room = most_bytes
    for count, (name, fd) in enumerate(_files(os.open(work, _FOLDER), names)):
        raw, size = os.fsencode(name), os.fstat(fd).st_size
        wanted = FILE_HEAD.size + len(raw) + size
        if wanted > room or count == _MOST_FILES:
            _copy(os.open("/dev/zero", os.O_RDONLY), sink, room + 1)
            return
        _write(sink, FILE_HEAD.pack(len(raw), size) + raw)
        _copy(fd, sink, size)
        os.close(fd)
        room -= wanted


def _copy(fd: int, sink: int, size: int) -> None:
    while size:
        data = os.read(fd, min(size, _CHUNK))
        _write(sink, data)
        size -= len(data)


def _write(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while len(view):
        view = view[os.write(sink, view) :]


def _files(work: int, names: list[str]) -> Iterator[tuple[str, int]]:
    """Yield the plain files among `names`, open."""
    for name in names:
        *folders, last = name.rstrip("/").split("/")
        try:
            above = work
            for folder in folders:
                above = os.open(folder, _FOLDER, dir_fd=above)
            if name.endswith("/"):
                yield from _below(os.open(last, _FOLDER, dir_fd=above), name, _DEPTH)
            else:
                fd = os.open(last, _FILE, dir_fd=above)
                if stat.S_ISREG(os.fstat(fd).st_mode):
                    yield name, fd
        except OSError:
            continue  # it is not there, or no plain file


def _below(folder: int, path: str, depth: int) -> Iterator[tuple[str, int]]:
    for name in sorted(os.listdir(folder)):
        try:
            info = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISREG(info.st_mode):
                yield path + name, os.open(name, _FILE, dir_fd=folder)
            elif stat.S_ISDIR(info.st_mode) and depth:
                inner = os.open(name, _FOLDER, dir_fd=folder)
                yield from _below(inner, f"{path}{name}/", depth - 1)
        except OSError:
            continue
    os.close(folder)
