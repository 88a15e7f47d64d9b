"""Settings that a command line gives in a few words: sources and benchmarks by their paths."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generators.seeds.sources.origins import TAR_SUFFIXES, ZIP_SUFFIXES
from veristone import ConfigError

__all__ = ["with_benchmarks", "with_sources"]

_DECONTAMINATING = frozenset({"contamination", "behaviour"})
_SUFFIXES = {
    "jsonl": (".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.bz2", ".jsonl.xz", ".json.gz"),
    "parquet": (".parquet",),
    "archive": (*TAR_SUFFIXES, *ZIP_SUFFIXES),
}
_KINDS = ("tree", *_SUFFIXES)
_SHARED = frozenset({"languages", "licence", "licences", "max_bytes"})


def with_sources(
    settings: Mapping[str, Any], paths: Sequence[str], *, any_licence: bool
) -> dict[str, Any]:
    """Return the settings with these sources in place of theirs.

    What the recipe says of its first source's licences, languages and sizes holds for all. A folder
    is a tree of source files; `archive:FOLDER` is a folder of archives, and so on.

    Raises:
        ConfigError: a path does not exist, or its name does not say what it is.
    """
    template: dict[str, Any] = {}
    for source in settings.get("sources", [])[:1]:
        template = {key: value for key, value in source.items() if key in _SHARED}
    if any_licence:
        template["licences"] = "any"
    return {**settings, "sources": [template | _source(path) for path in paths]}


def _source(place: str) -> dict[str, Any]:
    kind, colon, path = place.partition(":")
    if colon and kind in _KINDS:
        return {"kind": kind, "path": str(Path(path).expanduser().absolute())}
    path = Path(place).expanduser().absolute()
    if path.is_dir():
        return {"kind": "tree", "path": str(path)}
    for kind, suffixes in _SUFFIXES.items():
        if path.name.lower().endswith(suffixes):
            return {"kind": kind, "path": str(path)}
    if path.exists():
        known = " ".join(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
        raise ConfigError(f"--source {place}: not a folder, and not a file that ends in {known}")
    raise ConfigError(f"--source {place}: there is no such file or folder")


def with_benchmarks(settings: Mapping[str, Any], named: Sequence[str]) -> dict[str, Any]:
    """Return the settings with benchmarks (`NAME=FILE`) added to every step that knows some.

    Raises:
        ConfigError: one is not of that form, or no step looks for benchmarks.
    """
    found: list[dict[str, str]] = []
    for item in named:
        name, equals, path = item.partition("=")
        if not (name and equals and path):
            raise ConfigError(f"--benchmark {item}: give NAME=FILE")
        found.append({"name": name, "path": str(Path(path).expanduser().resolve())})
    steps: list[dict[str, Any]] = [dict(step) for step in settings.get("steps", [])]
    looking = [step for step in steps if step.get("kind") in _DECONTAMINATING]
    if not looking:
        raise ConfigError("--benchmark: no step of the recipe looks for benchmarks")
    for step in looking:
        step["benchmarks"] = [*step.get("benchmarks", []), *found]
    return {**settings, "steps": steps}
