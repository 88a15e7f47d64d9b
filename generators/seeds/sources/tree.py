"""A directory of source files.

In parts, `/./` parts a file's root from its path inside the root, as in rsync's `--relative`; paths
in provenance are the second half, so they say nothing of the machine.
"""

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from veristone import ConfigError
from veristone.generators.seeds.languages import language_of_path
from veristone.generators.seeds.records import Document, Provenance, Rejection
from veristone.generators.seeds.sources.base import Content, Part, Refusal, runs
from veristone.generators.seeds.sources.files import error_name, expanded, walk
from veristone.generators.seeds.sources.settings import Source
from veristone.generators.seeds.sources.text import printable

__all__ = ["TreeSource"]

_ROOT = "/./"
SKIPPED: tuple[str, ...] = (
    *(".*", "__pycache__", "__MACOSX"),
    # Copies of other people's work, mostly under other licences than what lies around them.
    *("node_modules", "bower_components", "vendor", "vendored", "_vendor"),
    *("third_party", "thirdparty", "3rdparty"),
    # Input for tests: often broken on purpose.
    *("testdata", "test_data", "test-data"),
)
"""Names of folders that are not entered, as globs."""


class TreeSource(Source, frozen=True):
    """Files of known suffixes under one or several folders.

    What is not a regular file, and what symbolic links point to, is not part of the tree.
    """

    kind: Literal["tree"] = "tree"
    path: str
    """A folder or a file, or a glob of them (`/srv/repos/*`): each match is a root of its own."""
    skip_folders: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = SKIPPED
    """Files in folders with such names, globs without a slash, are passed over, and so are hidden
    ones where `.*` is among them. Case counts."""
    repository: str = ""
    """What the files belong to."""
    commit: str = ""
    part_files: int = Field(default=1000, ge=1)
    """Files that make a part, however small they are."""

    def parts(self) -> Iterator[Part]:
        """Yield runs of files in the order of their paths.

        Raises:
            ConfigError: there is no such folder, or nothing can say what its files' licence is.
        """
        if self.licences.wants_licences and not self.licence:
            raise ConfigError(
                f"source {self.name}: nothing says what licence its files have. State it "
                '(licence = "MIT"), or let files without one through (licences = {unknown = '
                '"allow"}, or --any-licence)'
            )
        # The limit is `read`'s; files that it will never reach need not be listed.
        for files in runs(islice(self._files(), self.limit), self.part_mib << 20, self.part_files):
            yield Part(paths=tuple(files))

    def items(self, part: Part) -> Iterator[Document | Rejection]:
        """Yield the part's files, one by one."""
        for path in part.paths:
            relative = path.partition(_ROOT)[2]
            provenance = Provenance(
                source=self.name,
                repository=self.repository,
                path=relative,
                commit=self.commit,
                licences=self.stated_licences(),
            )
            language = self._language_of(relative)
            if language is None:  # a folder that could not be entered
                yield self.rejection(provenance, Refusal("unreadable", "a folder"))
                continue
            yield self.admit(provenance, language, partial(self._content, path))

    def _files(self) -> Iterator[tuple[str, int]]:
        """Yield the files that are asked for with their sizes, and folders that cannot be read."""
        for root in _apart(expanded(self.path)):
            if Path(root).is_file():
                real = Path(root).resolve()
                if self._language_of(real.name) is not None:
                    yield f"{real.parent}{_ROOT}{real.name}", real.stat().st_size
                continue
            try:
                for entry in walk(root, self._skips):
                    relative = printable(entry.path[len(root) :].lstrip("/"))
                    if entry.is_dir(follow_symlinks=False):
                        yield printable(root) + _ROOT + relative, 0
                    elif self._language_of(relative) is not None:
                        size = entry.stat(follow_symlinks=False).st_size
                        yield printable(root) + _ROOT + relative, min(size, self.max_bytes)
            except OSError as error:
                raise ConfigError(f"source {self.name}: {root}: {error.strerror}") from error

    def _language_of(self, path: str) -> str | None:
        """Return the language of a file that is asked for, None for all other files."""
        language = language_of_path(path)
        *folders, name = path.split("/")
        if any(map(self._skips, folders)) or (name.startswith(".") and self._skips(name)):
            return None
        return language if language is not None and self.wants(language) else None

    def _skips(self, folder: str) -> bool:
        """Whether a folder of this name is not entered."""
        return any(fnmatchcase(folder, pattern) for pattern in self.skip_folders)

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
