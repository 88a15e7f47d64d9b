"""Archives of source files, read as streams: nothing is unpacked to disk.

tar archives (plain, gz, bz2, xz) and zips by their content: sdists, wheels, crates, npm packages,
Maven's source jars, and what git hosts give for a commit. They are hostile until read: see
`members` for the bounds. An archive inside an archive is not opened.

Where a file comes from, the nearest that says it: a manifest in the archive's one folder (or of the
wheel), the commit that `git archive` writes into the archive's comment, the recipe, and last the
archive's own name.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import Field

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Content, Part, Reason, Refusal
from veristone.generators.seeds.sources.files import (
    FileSettings,
    archive_name,
    error_name,
    files_of,
)
from veristone.generators.seeds.sources.manifests import TAR_SUFFIXES, ZIP_SUFFIXES, Origin
from veristone.generators.seeds.sources.members import (
    Bounds,
    Damaged,
    Member,
    TooMuch,
    tar_members,
    zip_members,
)
from veristone.generators.seeds.sources.streams import magic_of

__all__ = ["ArchiveSource"]


class ArchiveSource(FileSettings):
    """Files of known suffixes in archives."""

    kind: Literal["archive"] = "archive"
    path: str
    """An archive, a folder with archives (at any depth), or a glob of either."""
    max_members: int = Field(default=100_000, ge=1)
    """Of one archive; the rest of it is not read."""
    max_unpacked_mib: int = Field(default=4096, ge=1)
    """Of one archive, whatever is in it."""
    part_mib: int = Field(default=16, ge=1)
    """Archives, as they are stored, that make a part; one archive is never divided."""

    def parts(self) -> Iterator[Part]:
        """Yield runs of archives in the order of their paths; all in one if there is a limit.

        Raises:
            ConfigError: there is no such file, or no archive in the folders.
        """
        archives = list(files_of(self.path, (*TAR_SUFFIXES, *ZIP_SUFFIXES)))
        if not archives:
            known = " ".join((*TAR_SUFFIXES, *ZIP_SUFFIXES))
            raise ConfigError(f"source {self.name}: no archives in {self.path} (suffixes {known})")
        if self.limit is not None:
            yield Part(paths=tuple(archives), last=self.limit)
            return
        run: list[str] = []
        total = 0
        for path in archives:
            size = _size(path)
            if run and total + size > self.part_mib << 20:
                yield Part(paths=tuple(run))
                run, total = [], 0
            run.append(path)
            total += size
        yield Part(paths=tuple(run))

    def read(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the files in the part's archives, one by one."""
        items = (item for path in part.paths for item in self._read(path))
        yield from islice(items, part.last if part.last >= 0 else None)

    def _read(self, path: str) -> Iterator[Document | Rejection]:
        try:
            origin = self._origin(path)
            for number, member in enumerate(self._members(path)):
                if number == self.max_members:
                    raise TooMuch(f"more than {number} members")
                if (item := self._item(member, origin)) is not None:
                    yield item
        except Damaged as error:
            yield self._failed(path, "damaged", error)
        except TooMuch as error:
            yield self._failed(path, "oversized_archive", error)
        except FileNotFoundError as error:
            yield self._failed(path, "missing", error_name(error))
        except OSError as error:
            yield self._failed(path, "unreadable", error_name(error))

    def _members(self, path: str) -> Iterator[Member]:
        bounds = Bounds(self.max_members, self.max_unpacked_mib << 20)
        is_zip = magic_of(path) == "zip" or path.lower().endswith(ZIP_SUFFIXES)
        return zip_members(path, bounds) if is_zip else tar_members(path, bounds)

    def _origin(self, path: str) -> Origin:
        """Look for manifests and a commit. An archive that breaks off tells so when it is read."""
        origin = Origin.of(path)
        try:
            for number, member in enumerate(self._members(path)):
                if number == self.max_members or origin.learn(member):
                    break
        except (Damaged, TooMuch, OSError):
            pass
        return origin

    def _item(self, member: Member, origin: Origin) -> Document | Rejection | None:
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

    def _provenance(self, origin: Origin, name: str) -> Provenance:
        package = origin.package_of(name)
        return Provenance(
            source=self.name,
            repository=self.repository or package.repository or origin.stem,
            path=origin.inside(name),
            commit=self.commit or package.commit,
            licences=package.licences or self.stated_licences(),
        )

    def _failed(self, path: str, reason: Reason, error: Exception | str) -> Rejection:
        refusal = Refusal(reason, f"{Path(path).name}: {error}")
        return self.rejection(self._provenance(Origin.of(path), ""), refusal)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:  # reading it will say so
        return 0
