"""Which installed Python package a file belongs to.

An environment's folder (site-packages, or Debian's dist-packages) says it in the `*.dist-info` and
`*.egg-info` beside the packages: RECORD or installed-files.txt list the files; where they are
missing, top_level.txt or the distribution's own name says which names are its.
"""

import csv
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from veristone.generators.seeds.languages import language_of_path
from veristone.generators.seeds.sources.files import open_regular
from veristone.generators.seeds.sources.manifests import MOST_BYTES, Package, read_manifest

__all__ = ["Environment", "environment_of"]

_RECORD_BYTES = 64 << 20
_INFO = re.compile(r"([^-]+)(?:-.*)?\.(?:dist|egg)-info")


class Environment:
    """The packages of one folder."""

    def __init__(self) -> None:
        self._by_path: dict[str, Package] = {}
        self._by_top: dict[str, Package] = {}

    def owner(self, path: str) -> Package | None:
        """Return the package that a file belongs to, by its path in the folder."""
        top = path.partition("/")[0]
        return self._by_path.get(path) or self._by_top.get(top.removesuffix(".py"))

    def add(self, info: Path) -> None:
        """Add the distribution that a `*.dist-info` or `*.egg-info` describes."""
        match = _INFO.fullmatch(info.name)
        manifest = info if info.is_file() else info / "METADATA"
        if not manifest.exists():
            manifest = info / "PKG-INFO"
        package = read_manifest("METADATA", _head(manifest, MOST_BYTES))
        if match is None or not package.repository:
            return
        listed = False
        for path in _listed(info):
            listed = True
            if language_of_path(path) is not None:
                self._by_path.setdefault(path, package)
        if not listed:
            names = _head(info / "top_level.txt", MOST_BYTES).decode("utf-8", "replace").split()
            for name in names or [match[1]]:
                self._by_top.setdefault(name, package)


def environment_of(root: str) -> Environment:
    """Return the packages of a folder; the last few are remembered, while they do not change."""
    try:
        return _environment(root, Path(root).stat().st_mtime_ns)
    except OSError:  # it went away; reading its files will say so
        return Environment()


@lru_cache(maxsize=4)
def _environment(root: str, changed_ns: int) -> Environment:
    environment = Environment()
    for info in sorted(Path(root).iterdir()):
        if info.name.endswith((".dist-info", ".egg-info")) and not info.is_symlink():
            environment.add(info)
    return environment


def _listed(info: Path) -> Iterator[str]:
    """Yield the source files that a distribution lists, relative to the folder that it is in."""
    record = _head(info / "RECORD", _RECORD_BYTES).decode("utf-8", "replace")
    try:
        for row in csv.reader(record.splitlines()):
            if row:
                yield row[0]
    except csv.Error:
        return
    installed = _head(info / "installed-files.txt", _RECORD_BYTES).decode("utf-8", "replace")
    for line in installed.splitlines():
        yield os.path.normpath(f"{info.name}/{line}")


def _head(path: Path, most: int) -> bytes:
    try:
        with open_regular(str(path)) as file:
            return file.read(most)
    except OSError:
        return b""
