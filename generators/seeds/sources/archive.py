"""Archives of source files, read as streams: nothing is unpacked to disk.

tar archives (plain, gz, bz2, xz) and zips by their content: sdists, wheels, crates, npm packages,
Maven's source jars, and what git hosts give for a commit. They are hostile until read: see
`members` for the bounds. An archive inside an archive is not opened.

Where a file comes from, the nearest that says it: a manifest in the archive's one folder (or of the
wheel), the commit that `git archive` writes into the archive's comment, the recipe, and last the
archive's own name.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field

from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Content, Part, Refusal, runs
from veristone.generators.seeds.sources.files import (
    FileSettings,
    archive_name,
    error_name,
    files_of,
)
from veristone.generators.seeds.sources.manifests import (
    MANIFESTS,
    MOST_BYTES,
    Package,
    read_manifest,
)
from veristone.generators.seeds.sources.members import Damaged, Member, TooMuch, members
from veristone.generators.seeds.sources.text import printable

__all__ = ["SUFFIXES", "ArchiveSource"]

SUFFIXES = (
    *(".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".crate"),
    *(".zip", ".whl", ".egg", ".jar"),
)

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"-(?:v?\d[\w.+-]*|[0-9a-f]{40}|main|master)$")


@dataclass(slots=True)
class _Origin:
    """What an archive says of itself."""

    stem: str
    """The archive's name without its suffix."""
    commit: str = ""
    root: str = ""
    """The folder that `git archive` or a git host put everything in."""
    manifests: dict[str, dict[str, Package]] = field(default_factory=dict[str, dict[str, Package]])
    """By folder (empty: the whole archive) and file name."""

    def learn(self, member: Member) -> None:
        """Take in what a member says of the others."""
        name = archive_name(member.name)
        if isinstance(name, Refusal):
            return
        if not self.commit and _COMMIT.fullmatch(member.comment):
            self.commit = member.comment
            self.root = name.partition("/")[0] if "/" in name or member.kind == "folder" else ""
        folder, _, base = name.rpartition("/")
        whole = folder == "EGG-INFO" or folder.endswith(".dist-info")
        if base not in MANIFESTS or "/" in folder or (base == "METADATA" and not whole):
            return
        if member.kind == "file" and member.size <= MOST_BYTES:
            package = read_manifest(base, member.load())
            self.manifests.setdefault("" if whole else folder, {})[base] = package

    def inside(self, name: str) -> str:
        """Return a member's path inside its package or repository."""
        folder, slash, rest = name.partition("/")
        return rest if slash and (folder == self.root or folder in self.manifests) else name

    def package_of(self, name: str) -> Package:
        """Return what is known of where a member comes from."""
        found = self.manifests.get(name.partition("/")[0]) or self.manifests.get("") or {}
        ranked = [found[base] for base in MANIFESTS if base in found]
        licences = next((package.licences for package in ranked if package.licences), ())
        if self.commit:
            return Package(_REF.sub("", self.root), self.commit, licences)
        named = next((package for package in ranked if package.repository), Package(self.stem))
        return named._replace(licences=licences)


class ArchiveSource(FileSettings, frozen=True):
    """Files of known suffixes in archives."""

    kind: Literal["archive"] = "archive"
    path: str
    """An archive, a folder with archives (at any depth), or a glob of either."""
    max_members: int = Field(default=100_000, ge=1)
    """Of one archive; the rest of it is not read."""
    max_unpacked_mib: int = Field(default=4096, ge=1)
    """Of one archive, whatever is in it."""

    def parts(self) -> Iterator[Part]:
        """Yield runs of archives in the order of their paths; all in one if there is a limit.

        Raises:
            ConfigError: there is no such file, or no archive in the folders.
        """
        archives = files_of(self.path, SUFFIXES, "archives")
        if self.limit is not None:
            yield Part(paths=tuple(archives))
            return
        sizes = [Path(path).stat().st_size for path in archives]
        for run in runs(zip(archives, sizes, strict=True), self.part_mib << 20):
            yield Part(paths=tuple(run))

    def items(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the files in the part's archives, one by one."""
        for path in part.paths:
            yield from self._read(path)

    def _read(self, path: str) -> Iterator[Document | Rejection]:
        name = printable(Path(path).name)
        ends = [len(end) for end in SUFFIXES if name.lower().endswith(end)]
        origin = _Origin(stem=name[: len(name) - max(ends, default=0)])
        failed = self._provenance(origin, "")
        try:
            with suppress(Damaged, TooMuch):  # which is told when the members themselves are read
                for member in self._members(path):
                    origin.learn(member)
            for member in self._members(path):
                if (item := self._item(member, origin)) is not None:
                    yield item
        except Damaged as error:
            yield self.rejection(failed, Refusal("damaged", f"{name}: {error}"))
        except TooMuch as error:
            yield self.rejection(failed, Refusal("oversized_archive", f"{name}: {error}"))
        except OSError as error:
            reason = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
            yield self.rejection(failed, Refusal(reason, f"{name}: {error_name(error)}"))

    def _members(self, path: str) -> Iterator[Member]:
        return members(path, self.max_members, self.max_unpacked_mib << 20)

    def _item(self, member: Member, origin: _Origin) -> Document | Rejection | None:
        """Return what becomes of a member, None if it is not asked for."""
        name = archive_name(member.name)
        if member.kind == "folder":
            return None
        if isinstance(name, Refusal):
            wanted = self.language_of(member.name.rpartition("/")[2]) is not None
            return self.rejection(self._provenance(origin, ""), name) if wanted else None
        language = self.language_of(origin.inside(name))
        if language is None:
            return None
        provenance = self._provenance(origin, name)
        if member.kind == "other":
            return self.rejection(provenance, Refusal("not_a_file"))
        return self.admit(provenance, language, lambda: self._content(member))

    def _content(self, member: Member) -> Content:
        if member.size > self.max_bytes:
            return self.too_large(member.size)
        try:
            return member.load()
        except Damaged as error:
            return Refusal("damaged", str(error))

    def _provenance(self, origin: _Origin, name: str) -> Provenance:
        package = origin.package_of(name)
        return Provenance(
            source=self.name,
            repository=self.repository or package.repository or origin.stem,
            path=origin.inside(name),
            commit=self.commit or package.commit,
            licences=package.licences or self.stated_licences(),
        )
