"""What a package or an archive says of itself: its name, version and licence.

Four kinds of manifests: Python's core metadata (PKG-INFO, METADATA), Cargo.toml, package.json and
pyproject.toml. They are as hostile as the code beside them: read whole only up to a bound, and
what cannot be parsed says nothing.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, NamedTuple, Self, cast

import msgspec

from veristone.generators.seeds.sources.base import Refusal
from veristone.generators.seeds.sources.files import archive_name
from veristone.generators.seeds.sources.licences import all_normalised, normalised
from veristone.generators.seeds.sources.members import Member
from veristone.generators.seeds.sources.text import one_line, printable

__all__ = ["TAR_SUFFIXES", "ZIP_SUFFIXES", "Origin", "Package", "read_manifest"]

_MOST_BYTES = 1 << 20
_MANIFESTS: tuple[str, ...] = (
    "PKG-INFO",
    "METADATA",
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
)
"""File names, those that say more first."""


TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".crate")
ZIP_SUFFIXES = (".zip", ".whl", ".egg", ".jar")

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"-(?:v?\d[\w.+-]*|[0-9a-f]{40}|main|master)$")


class Package(NamedTuple):
    """What of a manifest goes into provenance; empty where it does not say."""

    repository: str = ""
    """A package URL without its version: `pkg:pypi/requests`, `pkg:npm/%40types/node`."""
    commit: str = ""
    """The version."""
    licences: tuple[str, ...] = ()


def read_manifest(name: str, data: bytes) -> Package:
    """Return what a manifest, by its file name one of `_MANIFESTS`, says."""
    if len(data) > _MOST_BYTES:
        return Package()
    try:
        match name:
            case "PKG-INFO" | "METADATA":
                return _core_metadata(BytesHeaderParser().parsebytes(data))
            case "package.json":
                return _npm(_table(msgspec.json.decode(data)))
            case "Cargo.toml":
                return _cargo(_table(_toml(data).get("package")))
            case _:
                return _pyproject(_table(_toml(data).get("project")))
    except (ValueError, RecursionError, LookupError):
        return Package()


def _core_metadata(headers: "Message[str, str]") -> Package:
    """Read the fields of the core metadata specification: `License-Expression` (PEP 639) holds
    alone; else classifiers, but for those less exact than the free text of `License`."""
    licences = all_normalised([_header(headers, "License-Expression")])
    if not licences:
        free = normalised(_header(headers, "License"))
        classifiers = [str(value) for value in headers.get_all("Classifier", [])]
        licences = all_normalised(value for value in classifiers if value.startswith("License ::"))
        vague = not licences or all(name.startswith("LicenseRef-") for name in licences)
        if free and vague and (not licences or _more_exact(free, licences)):
            licences = (free,)
    return Package(_purl("pypi", _header(headers, "Name")), _header(headers, "Version"), licences)


def _more_exact(free: str, licences: tuple[str, ...]) -> bool:
    """Whether words say which of a family it is: `BSD-3-Clause` for a classifier "BSD License"."""
    family = licences[0].removeprefix("LicenseRef-")
    return len(licences) == 1 and family in free and not free.startswith("LicenseRef-")


def _npm(manifest: Mapping[str, Any]) -> Package:
    """Read package.json; `licenses` with objects is how npm once wanted it."""
    stated = manifest.get("license") or manifest.get("licenses") or ()
    names: list[Any] = cast(list[Any], stated) if isinstance(stated, list) else [stated]
    words = [_table(name).get("type", name) for name in names]
    return _package("npm", manifest, words)


def _cargo(manifest: Mapping[str, Any]) -> Package:
    return _package("cargo", manifest, [manifest.get("license")])


def _pyproject(project: Mapping[str, Any]) -> Package:
    stated = project.get("license")
    words = [_table(cast(object, stated)).get("text") if isinstance(stated, dict) else stated]
    listed = project.get("classifiers")
    if not any(words) and isinstance(listed, list):
        words = [
            item
            for item in cast(list[object], listed)
            if isinstance(item, str) and item.startswith("License ::")
        ]
    return _package("pypi", project, words)


def _package(kind: str, manifest: Mapping[str, Any], words: list[Any]) -> Package:
    name, version = manifest.get("name"), manifest.get("version")
    return Package(
        _purl(kind, name) if isinstance(name, str) else "",
        one_line(version) if isinstance(version, str) else "",
        all_normalised(word for word in words if isinstance(word, str)),
    )


def _purl(kind: str, name: str) -> str:
    name = one_line(name).replace("@", "%40")
    if kind == "pypi":
        name = re.sub(r"[-_.]+", "-", name).lower()
    return f"pkg:{kind}/{name}" if name else ""


def _header(headers: "Message[str, str]", name: str) -> str:
    # A value with bytes that are no ASCII comes as an object that writes itself out.
    return one_line(str(headers.get(name, "")).strip().partition("\n")[0], 500)


def _toml(data: bytes) -> dict[str, Any]:
    return tomllib.loads(data.decode("utf-8-sig"))


def _table(value: object) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], value) if isinstance(value, dict) else {}


@dataclass(slots=True)
class Origin:
    """What an archive says of itself."""

    stem: str
    """The archive's name without its suffix."""
    commit: str = ""
    root: str = ""
    """The folder that `git archive` or a git host put everything in."""
    manifests: dict[str, dict[str, Package]] = field(default_factory=dict[str, dict[str, Package]])
    """By folder (empty: the whole archive) and file name."""

    @classmethod
    def of(cls, path: str) -> Self:
        """Return what an archive's path says: no more than its name."""
        name = printable(Path(path).name)
        ends = [end for end in (*TAR_SUFFIXES, *ZIP_SUFFIXES) if name.lower().endswith(end)]
        return cls(stem=name[: len(name) - max(map(len, ends), default=0)])

    def learn(self, member: Member) -> bool:
        """Take in a member; whether all is known that there can be."""
        name = archive_name(member.name)
        if isinstance(name, Refusal):
            return False
        folder, slash, rest = name.partition("/")
        if not self.commit and _COMMIT.fullmatch(member.comment):
            self.commit = member.comment
            self.root = folder if slash or member.kind == "folder" else ""
        base = rest if slash else folder
        if base not in _MANIFESTS or member.kind != "file" or member.size > _MOST_BYTES:
            return False
        if base == "METADATA" and not folder.endswith(".dist-info"):
            return False
        whole = not slash or folder == "EGG-INFO" or folder.endswith(".dist-info")
        package = read_manifest(base, member.load())
        self.manifests.setdefault("" if whole else folder, {})[base] = package
        # An sdist's: there is nothing that says more.
        return base == "PKG-INFO" and folder == self.stem and bool(package.licences)

    def inside(self, name: str) -> str:
        """Return a member's path inside its package or repository."""
        folder, slash, rest = name.partition("/")
        return rest if slash and (folder == self.root or folder in self.manifests) else name

    def package_of(self, name: str) -> Package:
        """Return what is known of where a member comes from."""
        folder = name.partition("/")[0]
        found = self.manifests.get(folder) or self.manifests.get("") or {}
        ranked = [found[base] for base in _MANIFESTS if base in found]
        licences = next((package.licences for package in ranked if package.licences), ())
        if self.commit:
            return Package(_REF.sub("", self.root), self.commit, licences)
        named = next((package for package in ranked if package.repository), Package())
        return named._replace(licences=licences)
