"""Which installed Python package a file belongs to.

An environment's folder (site-packages, or Debian's dist-packages) says it in the `*.dist-info` and
`*.egg-info` beside the packages: RECORD lists the files; where it is missing, top_level.txt or the
distribution's own name says which names are its.
"""

import csv
from functools import lru_cache
from pathlib import Path

from veristone.generators.seeds.languages import language_of_path
from veristone.generators.seeds.sources.manifests import Package, read_manifest

__all__ = ["owner"]


def owner(root: str, path: str) -> Package | None:
    """Return the package of an environment's folder that a file belongs to."""
    try:
        owners = _owners(root, Path(root).stat().st_mtime_ns)
    except OSError:  # it went away; reading its files will say so
        return None
    return owners.get(path) or owners.get(path.partition("/")[0].removesuffix(".py") + "/")


@lru_cache(maxsize=4)
def _owners(root: str, changed_ns: int) -> dict[str, Package]:
    """Packages by the paths of their files, or by top-level names with a slash."""
    owners: dict[str, Package] = {}
    for info in sorted(Path(root).iterdir()):
        if info.suffix not in (".dist-info", ".egg-info") or info.is_symlink():
            continue
        if info.is_dir() or info.is_file():
            for path, package in _files(info).items():
                owners.setdefault(path, package)
    return owners


def _files(info: Path) -> dict[str, Package]:
    """What a distribution, as its `*.dist-info` or `*.egg-info` says, owns."""
    manifest = next(filter(None, (_read(info / n) for n in ("METADATA", "PKG-INFO", ""))), b"")
    package = read_manifest("METADATA", manifest)
    if not package.repository:
        return {}
    record = _read(info / "RECORD").decode("utf-8", "replace").splitlines()
    try:
        names = [row[0] for row in csv.reader(record) if row]
    except csv.Error:
        return {}
    if not names:
        top = _read(info / "top_level.txt").decode("utf-8", "replace").split()
        return {f"{name}/": package for name in top or [info.name.partition("-")[0]]}
    return {name: package for name in names if language_of_path(name)}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError:
        return b""
