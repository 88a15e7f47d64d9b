"""Settings that a command line gives in a few words: sources and benchmarks by their paths."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from veristone import ConfigError

__all__ = ["with_benchmarks", "with_sources"]

_DECONTAMINATING = frozenset({"contamination", "behaviour"})
_KINDS = (
    ("jsonl", (".jsonl", ".jsonl.gz", ".json.gz")),
    ("parquet", (".parquet",)),
    ("archive", (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".zip", ".whl")),
)


def with_sources(
    settings: Mapping[str, Any], paths: Sequence[str], *, any_licence: bool
) -> dict[str, Any]:
    """Return the settings with these sources in place of theirs.

    What the recipe says of its first source without a path (licences, languages) holds for all.

    Raises:
        ConfigError: a path does not exist, or its name does not say what it is.
    """
    template: dict[str, Any] = {}
    for source in settings.get("sources", [])[:1]:
        template = {key: value for key, value in source.items() if key in ("languages", "licences")}
    if any_licence:
        template["licences"] = "any"
    return {**settings, "sources": [template | _source(path) for path in paths]}


def _source(path: str) -> dict[str, Any]:
    place = Path(path).expanduser().resolve()
    if place.is_dir():
        return {"kind": "tree", "path": str(place)}
    for kind, suffixes in _KINDS:
        if place.name.lower().endswith(suffixes):
            if not place.exists():
                raise ConfigError(f"--source {path}: there is no such file")
            return {"kind": kind, "path": str(place)}
    if place.exists():
        raise ConfigError(
            f"--source {path}: neither a folder nor an archive, .jsonl or .parquet file"
        )
    raise ConfigError(f"--source {path}: there is no such file or folder")


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
