"""Benchmark files made ready once, and read by every worker.

The index is one file in the step's folder, named by a digest of the benchmark files and of this
package's version: when either changes another is made, and two machines have the same.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from veristone import ConfigError, DatasetError, __version__
from veristone.generators.seeds.contamination.benchmarks import Item, load_items
from veristone.generators.seeds.contamination.entries import Entry, make_entry

__all__ = ["Source", "build", "digest_of", "files_of", "load", "load_sources"]

_CURRENT = "current"
_SUFFIX = ".index"
_FORMAT = "1"
"""Raised when what entries hold, or how they are made, changes."""
_SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".json.gz", ".parquet")


class Source(NamedTuple):
    """A benchmark in a recipe."""

    name: str
    path: Path
    language: str = ""


def files_of(path: Path) -> list[Path]:
    """Return the file, or the benchmark files of a directory by name (MultiPL-E's languages).

    Raises:
        ConfigError: there is no such file, or no benchmark file in the directory.
    """
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.name.endswith(_SUFFIXES) and p.is_file())
        if not files:
            raise ConfigError(f"{path}: no file in it ends in {', '.join(_SUFFIXES)}")
        return files
    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file")
    return [path]


def load_sources(sources: Sequence[Source]) -> list[Item]:
    """Return the items of all benchmarks, in the order of the recipe.

    Raises:
        ConfigError: a file is missing or cannot be read; the message names the benchmark that
            would not be covered.
    """
    items: list[Item] = []
    for source in sources:
        try:
            for path in files_of(source.path):
                items += load_items(path, source.name, source.language)
        except (DatasetError, ConfigError) as error:
            raise ConfigError(
                f"contamination: {source.name} would not be covered: {error}"
            ) from error
    return items


def build(sources: Sequence[Source], folder: Path) -> None:
    """Make the index in `folder`, unless the same is there.

    Raises:
        ConfigError: see `load_sources`.
    """
    digest = _digest(sources)
    target = folder / f"{digest}{_SUFFIX}"
    if not target.is_file():
        entries = [make_entry(item) for item in load_sources(sources)]
        folder.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(".part")
        draft.write_bytes(msgspec.msgpack.encode(entries))
        draft.replace(target)
    (folder / _CURRENT).write_text(digest, encoding="ascii")


def digest_of(folder: Path) -> str:
    """Return the digest of the index that `build` made last in `folder`.

    Raises:
        ConfigError: there is none.
    """
    try:
        return (folder / _CURRENT).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{folder}: no index of benchmarks in it: prepare the step") from error


def load(folder: Path, digest: str) -> list[Entry]:
    """Return the entries of an index.

    Raises:
        ConfigError: it is not there, or damaged.
    """
    target = folder / f"{digest}{_SUFFIX}"
    try:
        return msgspec.msgpack.decode(target.read_bytes(), type=list[Entry])
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(
            f"{target}: cannot be read ({error}): remove it and prepare the step again"
        ) from error


def _digest(sources: Sequence[Source]) -> str:
    total = hashlib.sha256(f"{_FORMAT}\0{__version__}".encode())
    for source in sources:
        total.update(f"\0{source.name}\0{source.language}".encode())
        try:
            for path in files_of(source.path):
                total.update(hashlib.sha256(path.read_bytes()).digest())
        except (OSError, ConfigError) as error:
            raise ConfigError(
                f"contamination: {source.name} would not be covered: {error}"
            ) from error
    return total.hexdigest()
