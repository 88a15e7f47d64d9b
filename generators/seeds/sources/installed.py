"""Which installed package a file belongs to, and what its metadata says: name, version, licence."""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any, NamedTuple

from veristone.generators.seeds.languages import language_of_path
from veristone.generators.seeds.sources.licences import all_normalised, normalised
from veristone.generators.seeds.sources.text import one_line

__all__ = ["Package", "installed"]


class Package(NamedTuple):
    """What of a package goes into provenance; empty where it does not say."""

    repository: str = ""
    """A package URL without its version: `pkg:pypi/requests`."""
    commit: str = ""
    """The version."""
    licences: tuple[str, ...] = ()


def installed(root: str, path: str) -> Package | None:
    """Return which package of an environment's folder (site-packages, or Debian's dist-packages) a
    file belongs to: as its RECORD says, or by the top-level names of those that have none."""
    try:
        owners = _owners(root, Path(root).stat().st_mtime_ns)
    except OSError:  # it went away; reading its files will say so
        return None
    return owners.get(path) or owners.get(path.partition("/")[0].removesuffix(".py") + "/")


@lru_cache(maxsize=4)
def _owners(root: str, changed_ns: int) -> dict[str, Package]:
    """Packages by the paths of their files, or by top-level names with a slash."""
    owners: dict[str, Package] = {}
    for info in sorted(Path(root).glob("*.*-info")):
        with suppress(ValueError, TypeError):  # no metadata, or not in UTF-8
            found = Distribution.at(info)
            package = _package(found.metadata)
            for name in _owned(found) if package.repository else ():
                owners.setdefault(name, package)
    return owners


def _owned(found: Distribution) -> Iterator[str]:
    if found.read_text("RECORD"):
        yield from filter(language_of_path, map(str, found.files or ()))
    else:
        top = found.read_text("top_level.txt") or found.name
        yield from (f"{name}/" for name in top.split())


def _package(headers: Any) -> Package:
    """Read the fields of the core metadata specification: `License-Expression` (PEP 639) holds
    alone; else classifiers, but for those less exact than the free text of `License`."""
    licences = all_normalised([_header(headers, "License-Expression")])
    if not licences:
        free = normalised(_header(headers, "License"))
        classifiers = [str(value) for value in headers.get_all("Classifier") or ()]
        licences = all_normalised(value for value in classifiers if value.startswith("License ::"))
        if free and (not licences or _more_exact(free, licences)):
            licences = (free,)
    name = re.sub(r"[-_.]+", "-", _header(headers, "Name")).lower()
    return Package(f"pkg:pypi/{name}" if name else "", _header(headers, "Version"), licences)


def _more_exact(free: str, licences: tuple[str, ...]) -> bool:
    """Whether words say which of a family it is: `BSD-3-Clause` for a classifier "BSD License"."""
    family = licences[0].removeprefix("LicenseRef-")
    vague = len(licences) == 1 and family != licences[0]
    return vague and family in free and not free.startswith("LicenseRef-")


def _header(headers: Any, name: str) -> str:
    # A value with bytes that are no ASCII comes as an object that writes itself out.
    return one_line(str(headers.get(name) or "").strip().partition("\n")[0], 500)
