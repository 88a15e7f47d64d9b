"""Paths: which files of a tree are documents, and what a glob stands for."""

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from glob import glob
from operator import attrgetter
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints

from veristone import ConfigError
from veristone.generators.seeds.languages import language_of_path
from veristone.generators.seeds.sources.settings import Source
from veristone.generators.seeds.sources.text import printable

__all__ = [
    "FileSettings",
    "error_name",
    "expanded",
    "files_of",
    "walk",
]

SKIPPED: tuple[str, ...] = (
    *(".*", "__pycache__", "__MACOSX"),
    # Copies of other people's work, mostly under other licences than what lies around them.
    *("node_modules", "bower_components", "vendor", "vendored", "_vendor"),
    *("third_party", "thirdparty", "3rdparty"),
    # Input for tests: often broken on purpose.
    *("testdata", "test_data", "test-data"),
)
"""Names of folders that are not entered, as globs."""

_Glob = Annotated[str, StringConstraints(min_length=1)]


class FileSettings(Source, frozen=True):
    """Settings of sources that are made of files with paths.

    Globs: `*` and `?` stay within a name, `**` spans folders; a glob without a slash is matched
    against the file's name alone. Case counts.
    """

    include: tuple[_Glob, ...] = ()
    """Only files whose path inside the tree matches one of these globs; empty: all."""
    exclude: tuple[_Glob, ...] = ()
    """Files that match one of these are passed over."""
    skip_folders: tuple[_Glob, ...] = SKIPPED
    """Files in folders with such names are passed over, as are hidden ones (`.*`)."""
    repository: str = ""
    """What the files belong to, where they do not say it themselves."""
    commit: str = ""

    def language_of(self, path: str) -> str | None:
        """Return the language of a file that is asked for, None for all other files."""
        language = language_of_path(path)
        if language is None or not self.wants(language, path):
            return None
        *folders, name = path.split("/")
        if any(map(self.skips, folders)) or (name.startswith(".") and self.skips(name)):
            return None
        if self.include and not any(_matches(pattern, path) for pattern in self.include):
            return None
        if any(_matches(pattern, path) for pattern in self.exclude):
            return None
        return language

    def skips(self, folder: str) -> bool:
        """Whether a folder of this name is not entered."""
        return any(_matches(pattern, folder) for pattern in self.skip_folders)


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


def _matches(pattern: str, path: str) -> bool:
    if "/" not in pattern:
        return fnmatchcase(path.rpartition("/")[2], pattern)
    return _match(pattern.removeprefix("/").split("/"), path.split("/"))


def _match(patterns: Sequence[str], names: Sequence[str]) -> bool:
    if not patterns:
        return not names
    if patterns[0] == "**":
        return any(_match(patterns[1:], names[skip:]) for skip in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], patterns[0]) and _match(patterns[1:], names[1:])
