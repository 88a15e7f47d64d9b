"""A directory of source files.

In parts, `/./` parts a file's root from its path inside the root, as in rsync's `--relative`; paths
in provenance are the second half, so they say nothing of the machine.
"""

import os
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import Field

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Content, Part, Refusal, runs
from veristone.generators.seeds.sources.files import FileSettings, error_name, expanded, walk
from veristone.generators.seeds.sources.installed import Package, installed
from veristone.generators.seeds.sources.text import printable

__all__ = ["TreeSource"]

_ROOT = "/./"


class TreeSource(FileSettings, frozen=True):
    """Files of known suffixes under one or several folders.

    What is not a regular file, and what symbolic links point to, is not part of the tree.
    """

    kind: Literal["tree"] = "tree"
    path: str
    """A folder or a file, or a glob of them (`/srv/repos/*`): each match is a root of its own."""
    packages: bool = False
    """The folders are site-packages: a file's licence, package and version come from the
    `*.dist-info` beside it. Files of no package have what the recipe states."""
    part_files: int = Field(default=1000, ge=1)
    """Files that make a part, however small they are."""

    def parts(self) -> Iterator[Part]:
        """Yield runs of files in the order of their paths.

        Raises:
            ConfigError: there is no such folder, or nothing can say what its files' licence is.
        """
        if self.licences.wants_licences and not (self.licence or self.packages):
            raise ConfigError(
                f"source {self.name}: nothing says what licence its files have. State it "
                '(licence = "MIT"), or read it from installed packages (packages = true), or '
                'let files without one through (licences = {unknown = "allow"}, or --any-licence)'
            )
        # The limit is `read`'s; files that it will never reach need not be listed.
        for files in runs(islice(self._files(), self.limit), self.part_mib << 20, self.part_files):
            yield Part(paths=tuple(files))

    def items(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the part's files, one by one."""
        for path in part.paths:
            root, _, relative = path.partition(_ROOT)
            found = installed(root, relative) if self.packages else None
            package = found or Package(self.repository, self.commit, self.stated_licences())
            provenance = Provenance(
                source=self.name,
                repository=package.repository,
                path=relative,
                commit=package.commit,
                licences=package.licences,
            )
            language = self.language_of(relative)
            if language is None:  # a folder that could not be entered
                yield self.rejection(provenance, Refusal("unreadable", "a folder"))
                continue
            yield self.admit(provenance, language, partial(self._content, path))

    def _files(self) -> Iterator[tuple[str, int]]:
        """Yield the files that are asked for with their sizes, and folders that cannot be read."""
        for root in _apart(expanded(self.path)):
            if Path(root).is_file():
                real = Path(root).resolve()
                if self.language_of(real.name) is not None:
                    yield f"{real.parent}{_ROOT}{real.name}", real.stat().st_size
                continue
            try:
                for entry in walk(root, self.skips):
                    relative = printable(entry.path[len(root) :].lstrip("/"))
                    if entry.is_dir(follow_symlinks=False):
                        yield printable(root) + _ROOT + relative, 0
                    elif self.language_of(relative) is not None:
                        size = entry.stat(follow_symlinks=False).st_size
                        yield printable(root) + _ROOT + relative, min(size, self.max_bytes)
            except OSError as error:
                raise ConfigError(f"source {self.name}: {root}: {error.strerror}") from error

    def _content(self, path: str) -> Content:
        try:
            with Path(path).open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                return self.too_large(size) if size > self.max_bytes else stream.read(size + 1)
        except FileNotFoundError:
            # `printable` writes what is not UTF-8 with backslashes.
            return Refusal("bad_name", "not UTF-8") if "\\" in path else Refusal("missing")
        except OSError as error:
            return Refusal("unreadable", error_name(error))


def _apart(roots: list[str]) -> Iterator[str]:
    """Yield the roots that lie in no other root, so that nothing is read twice."""
    real = [os.path.realpath(root) for root in roots]
    for index, root in enumerate(real):
        inside = any(root.startswith(other.rstrip("/") + "/") for other in real)
        if not inside and root not in real[:index]:
            yield roots[index]
