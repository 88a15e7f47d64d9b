"""What a run was made from and with."""

from collections.abc import Mapping
from typing import Any, cast

from veristone.loop.report.gathering.parts import Parts

__all__ = ["commands_of", "versions_of", "without_paths"]

_PROBLEM = "\n"


def without_paths(value: Any) -> Any:
    """Return settings with every absolute path cut down to its last part.

    A report is for other people, who have other folders.
    """
    if isinstance(value, Mapping):
        table = cast("Mapping[str, Any]", value)
        return {key: without_paths(each) for key, each in table.items()}
    if isinstance(value, list | tuple):
        return [without_paths(each) for each in cast("list[Any]", value)]
    return _short(value) if isinstance(value, str) else value


def _short(text: str) -> str:
    if "/" not in text or _PROBLEM in text:
        return text
    # Also behind a scheme or a name: `vllm:/models/a`, `HumanEval=/data/b`.
    for mark in ("", ":", "="):
        head, found, rest = text.partition(mark) if mark else ("", "", text)
        if rest.startswith("/"):
            return f"{head}{found}{rest.rstrip('/').rpartition('/')[2]}"
    return text


def versions_of(parts: Parts) -> dict[str, list[str]]:
    """Return what took part, to its versions as the steps wrote them down."""
    found: dict[str, set[str]] = {}

    def add(versions: Mapping[str, str]) -> None:
        for name, version in versions.items():
            if version:
                found.setdefault(name, set()).add(version)

    for step in parts.run.steps.values():
        if step.kind == "seeds" and (funnel := parts.seeds(step)) is not None:
            add(funnel.versions)
        if step.kind == "selection" and (selection := parts.funnel(step)) is not None:
            for version in selection.verifiers:
                add({"veristone": version if version != "unknown" else ""})
        if step.kind == "dataset" and (dataset := parts.dataset(step)) is not None:
            add({"veristone": dataset.version})
        if step.kind == "training" and (training := parts.training(step)) is not None:
            add(training.versions)
        if step.kind == "evaluation" and (result := parts.result(step)) is not None:
            add({"veristone": result.version})
    return {name: sorted(versions) for name, versions in sorted(found.items())}


def commands_of(parts: Parts) -> list[str]:
    """Return the commands of all steps, in order, as they were given."""
    return [
        " ".join(_quoted(_short(each)) for each in step.command)
        for step in parts.run.steps.values()
        if step.command
    ]


def _quoted(argument: str) -> str:
    plain = argument and not set(argument) - set(_PLAIN)
    return argument if plain else "'" + argument.replace("'", "'\\''") + "'"


_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_"
