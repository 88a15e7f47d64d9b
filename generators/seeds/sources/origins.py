"""Where the files of an archive come from, as the archive itself says it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from veristone.generators.seeds.sources.base import Refusal
from veristone.generators.seeds.sources.files import archive_name
from veristone.generators.seeds.sources.manifests import (
    MANIFESTS,
    MOST_BYTES,
    Package,
    read_manifest,
)
from veristone.generators.seeds.sources.members import Member
from veristone.generators.seeds.sources.text import printable

__all__ = ["TAR_SUFFIXES", "ZIP_SUFFIXES", "Origin"]

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".crate")
ZIP_SUFFIXES = (".zip", ".whl", ".egg", ".jar")

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"-(?:v?\d[\w.+-]*|[0-9a-f]{40}|main|master)$")


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
        if base not in MANIFESTS or member.kind != "file" or member.size > MOST_BYTES:
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
        ranked = [found[base] for base in MANIFESTS if base in found]
        licences = next((package.licences for package in ranked if package.licences), ())
        if self.commit:
            return Package(_REF.sub("", self.root), self.commit, licences)
        named = next((package for package in ranked if package.repository), Package())
        return named._replace(licences=licences)
