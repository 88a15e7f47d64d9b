"""Paths: what a path or a glob stands for, and the files below a folder."""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from glob import glob
from operator import attrgetter
from pathlib import Path

from veristone import ConfigError
from veristone.generators.seeds.sources.text import printable

__all__ = ["error_name", "expanded", "files_of", "walk"]


def expanded(path: str) -> list[str]:
    """Return what a path or glob stands for, sorted.

    Raises:
        ConfigError: nothing is there.
    """
    if Path(path).exists():
        return [os.path.normpath(path)]
    found = sorted(map(os.path.normpath, glob(path, recursive=True)))  # noqa: PTH207 - no hidden ones
    if not found:
        raise ConfigError(f"{path}: there is no such file or folder")
    return found


def files_of(path: str, suffixes: Sequence[str], what: str) -> list[str]:
    """Return the files that a path or glob stands for, and those with such a suffix in folders.

    Raises:
        ConfigError: there are none of `what`.
    """
    found: list[str] = []
    for place in expanded(path):
        if Path(place).is_dir():
            found += [e.path for e in walk(place) if e.name.lower().endswith(tuple(suffixes))]
        else:
            found.append(str(Path(place).resolve()))
    if not found:
        raise ConfigError(f"no {what} in {path} (suffixes {' '.join(suffixes)})")
    return list(map(printable, found))


def walk(
    root: str, skips: Callable[[str], bool] = lambda name: False
) -> Iterator[os.DirEntry[str]]:
    """Yield the regular files under a folder, and folders that cannot be read, in the order of
    their names, folder by folder. Symbolic links are not followed, so nothing outside is found and
    nothing twice; what they point to inside the tree is found where it lies.

    Raises:
        OSError: the root itself cannot be read.
    """
    with os.scandir(root) as found:
        entries = sorted(found, key=attrgetter("name"))
    for entry in entries:
        if entry.is_file(follow_symlinks=False):
            yield entry
        elif entry.is_dir(follow_symlinks=False) and not skips(entry.name):
            try:
                yield from walk(entry.path, skips)
            except OSError:
                yield entry


def error_name(error: OSError) -> str:
    """Return what the system says, without the path: `EACCES`."""
    return errno.errorcode.get(error.errno or 0, "EIO")
