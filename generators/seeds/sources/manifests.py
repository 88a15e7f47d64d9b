"""What a package says of itself: its name, version and licence.

Four kinds of manifests: Python's core metadata (PKG-INFO, METADATA), Cargo.toml, package.json and
pyproject.toml. Those in archives are as hostile as the code beside them: read whole only up to a
bound, and what cannot be parsed says nothing.
"""

import email
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any, NamedTuple, cast

from veristone.generators.seeds.languages import language_of_path
from veristone.generators.seeds.sources.licences import all_normalised, normalised
from veristone.generators.seeds.sources.text import one_line

__all__ = ["MANIFESTS", "MOST_BYTES", "Package", "installed", "read_manifest"]

MOST_BYTES = 1 << 20
MANIFESTS: tuple[str, ...] = (
    "PKG-INFO",
    "METADATA",
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
)
"""File names, those that say more first."""


class Package(NamedTuple):
    """What of a manifest goes into provenance; empty where it does not say."""

    repository: str = ""
    """A package URL without its version: `pkg:pypi/requests`, `pkg:npm/%40types/node`."""
    commit: str = ""
    """The version."""
    licences: tuple[str, ...] = ()


def read_manifest(name: str, data: bytes) -> Package:
    """Return what a manifest, by its file name one of `MANIFESTS`, says."""
    try:
        match name:
            case "package.json":
                return _npm(json.loads(data))
            case "Cargo.toml":
                package = tomllib.loads(data.decode())["package"]
                return _package("cargo", package, [package.get("license")])
            case "pyproject.toml":
                return _pyproject(tomllib.loads(data.decode())["project"])
            case _:
                return _core_metadata(email.message_from_bytes(data))
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return Package()


def _npm(manifest: dict[str, Any]) -> Package:
    """Read package.json; `licenses` with objects is how npm once wanted it."""
    stated = manifest.get("license") or manifest.get("licenses") or ()
    names: list[Any] = cast(list[Any], stated) if isinstance(stated, list) else [stated]
    words = [cast(Any, name)["type"] if isinstance(name, dict) else name for name in names]
    return _package("npm", manifest, words)


def _pyproject(project: dict[str, Any]) -> Package:
    stated = project.get("license")
    words: list[Any] = [cast(Any, stated)["text"] if isinstance(stated, dict) else stated]
    if not any(words):
        words = [word for word in project.get("classifiers", []) if word.startswith("License ::")]
    return _package("pypi", project, words)


def _core_metadata(headers: Any) -> Package:
    """Read the fields of the core metadata specification: `License-Expression` (PEP 639) holds
    alone; else classifiers, but for those less exact than the free text of `License`."""
    licences = all_normalised([_header(headers, "License-Expression")])
    if not licences:
        free = normalised(_header(headers, "License"))
        classifiers = [str(value) for value in headers.get_all("Classifier") or ()]
        licences = all_normalised(value for value in classifiers if value.startswith("License ::"))
        if free and (not licences or _more_exact(free, licences)):
            licences = (free,)
    stated = {"name": _header(headers, "Name"), "version": _header(headers, "Version")}
    return _package("pypi", stated, licences)


def _more_exact(free: str, licences: tuple[str, ...]) -> bool:
    """Whether words say which of a family it is: `BSD-3-Clause` for a classifier "BSD License"."""
    family = licences[0].removeprefix("LicenseRef-")
    vague = len(licences) == 1 and family != licences[0]
    return vague and family in free and not free.startswith("LicenseRef-")


def _header(headers: Any, name: str) -> str:
    # A value with bytes that are no ASCII comes as an object that writes itself out.
    return one_line(str(headers.get(name) or "").strip().partition("\n")[0], 500)


def _package(kind: str, stated: Mapping[str, Any], words: Iterable[Any]) -> Package:
    name, version = stated.get("name"), stated.get("version")
    name = one_line(name).replace("@", "%40") if isinstance(name, str) else ""
    if kind == "pypi":
        name = re.sub(r"[-_.]+", "-", name).lower()
    return Package(
        f"pkg:{kind}/{name}" if name else "",
        one_line(version) if isinstance(version, str) else "",
        all_normalised(word for word in words if isinstance(word, str)),
    )


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
            package = _core_metadata(found.metadata)
            for name in _owned(found) if package.repository else ():
                owners.setdefault(name, package)
    return owners


def _owned(found: Distribution) -> Iterator[str]:
    if found.read_text("RECORD"):
        yield from filter(language_of_path, map(str, found.files or ()))
    else:
        top = found.read_text("top_level.txt") or found.name
        yield from (f"{name}/" for name in top.split())
