"""Settings that a command line gives in a few words: sources and benchmarks by their paths."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from veristone import ConfigError
from veristone.generators.seeds.contamination.benchmarks import named_benchmarks
from veristone.generators.seeds.sources import jsonl, parquet
from veristone.settings import joined

__all__ = ["with_benchmarks", "with_sources"]

_DECONTAMINATING = frozenset({"contamination", "behaviour"})
_SUFFIXES = {"jsonl": jsonl.SUFFIXES, "parquet": parquet.SUFFIXES}
_KINDS = ("tree", *_SUFFIXES)
_SHARED = frozenset({"languages", "licence", "licences", "max_bytes"})


def with_sources(
    settings: Mapping[str, Any],
    paths: Sequence[str],
    *,
    any_licence: bool,
    documents: int | None = None,
) -> dict[str, Any]:
    """Return the settings with these sources in place of theirs.

    What the recipe says of its first source's licences, languages and sizes holds for all. A folder
    is a tree of source files; `parquet:FOLDER` is a folder of parquet files, and so on. Of each the
    first `documents` are taken, or all.

    Raises:
        ConfigError: a path does not exist, or its name does not say what it is.
    """
    template: dict[str, Any] = {}
    for source in _tables(settings, "sources")[:1]:
        template = {key: value for key, value in source.items() if key in _SHARED}
    if any_licence:
        template["licences"] = "any"
    if documents is not None:
        template["limit"] = documents
    found = [_source(path) for path in paths]
    named = [template | source | name for source, name in zip(found, _names(found), strict=True)]
    return {**settings, "sources": named}


def _names(sources: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a name for each source where the last parts of their paths are not enough.

    As much of the paths' ends as it takes to tell them apart.
    """
    parts = [Path(source["path"]).parts for source in sources]
    for length in range(1, max(map(len, parts), default=0) + 1):
        ends = ["/".join(some[-length:]).replace("//", "/") for some in parts]
        if len(set(ends)) == len(ends):
            return [{"name": end} if length > 1 else {} for end in ends]
    return [{}] * len(sources)


def _tables(settings: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return an array of tables of the recipe, not yet checked further."""
    found: Any = settings.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):  # pyright: ignore
        raise ConfigError(f"the recipe's {key} must be tables: [[{key}]]")
    return found  # pyright: ignore


def _source(place: str) -> dict[str, Any]:
    kind, colon, path = place.partition(":")
    if colon and kind in _KINDS:
        return {"kind": kind, "path": str(_absolute(path))}
    path = _absolute(place)
    if path.is_dir():
        return {"kind": "tree", "path": str(path)}
    for kind, suffixes in _SUFFIXES.items():
        if path.name.lower().endswith(suffixes):
            return {"kind": kind, "path": str(path)}
    if path.exists():
        known = " ".join(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
        raise ConfigError(f"--source {place}: not a folder, and not a file that ends in {known}")
    raise ConfigError(f"--source {place}: there is no such file or folder")


def _absolute(path: str) -> Path:
    return Path(joined(Path.cwd(), path))


def with_benchmarks(settings: Mapping[str, Any], named: Sequence[str]) -> dict[str, Any]:
    """Return the settings with benchmarks (`NAME=FILE`) added to every step that knows some.

    Raises:
        ConfigError: one is not of that form, or no step looks for benchmarks.
    """
    found = [
        each.model_dump(mode="json", exclude_defaults=True) for each in named_benchmarks(named)
    ]
    steps = [dict(step) for step in _tables(settings, "steps")]
    looking = [step for step in steps if step.get("kind") in _DECONTAMINATING]
    if not looking:
        raise ConfigError("--benchmark: no step of the recipe looks for benchmarks")
    for step in looking:
        step["benchmarks"] = [*_tables(step, "benchmarks"), *found]
    return {**settings, "steps": steps}
