"""Reads settings that people write: a TOML file, checked by a pydantic model, with one clear error.

Every room that has recipes or presets reads them by these functions, so a mistake is told in
the same words everywhere: `FILE: place.in.the.file: what is wrong`. pydantic itself is not imported
here: `veristone` stays light.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from veristone.errors import ConfigError
from veristone.text import near

__all__ = [
    "change_texts",
    "checked",
    "joined",
    "names_in",
    "read_named",
    "read_toml",
    "without_paths",
]

M = TypeVar("M", covariant=True)


class _Model(Protocol[M]):
    """A pydantic model's class."""

    def model_validate(self, obj: Any, /) -> M: ...


def names_in(folder: Path) -> list[str]:
    """Return the names of the settings of ours that lie in a folder."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read_named(name: str, folder: Path, *, what: str) -> tuple[Path, dict[str, Any]]:
    """Return the file of what is called `name`, one of ours in `folder` or any other, and what it
    says, as `read_toml` does."""
    known = names_in(folder)
    path = folder / f"{name}.toml" if name in known else Path(name)
    return path, read_toml(path, name, what=what, known=known)


def read_toml(path: Path, name: str, *, what: str, known: Sequence[str]) -> dict[str, Any]:
    """Return what a TOML file says.

    Args:
        path: the file.
        name: what the user called it.
        what: what it is, for the error: `recipe`, `preset`.
        known: names that need no file, for the error.

    Raises:
        ConfigError: it is not there, cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not known:
            raise ConfigError(f"{name}: no such {what} file") from None
        told = f"{name}: no such file, and no {what} of ours ({', '.join(known)})"
        raise ConfigError(told + near(name, known)) from None
    except IsADirectoryError:
        raise ConfigError(f"{name} is a folder; a {what} is a TOML file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{name}: not UTF-8 text; a {what} is a TOML file") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{name}: {error}") from error


def checked(model: _Model[M], settings: Mapping[str, Any], where: str) -> M:
    """Return the settings as a model.

    Raises:
        ConfigError: the first thing that is wrong with them, by its place.
    """
    try:
        return model.model_validate(settings)
    except ValueError as error:  # pydantic.ValidationError is one
        first = _first(error)
        place = ".".join(str(part) for part in first["loc"])
        said = str(first["msg"]).removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            fields: Any = getattr(model, "model_fields", {}) if len(first["loc"]) == 1 else {}
            said = f"there is no such setting{near(str(first['loc'][-1]), fields)}"
        elif first["type"] in ("model_type", "dict_type"):
            said = f"a table of settings is expected: {first['loc'][-1]} = {{ ... }}"
        raise ConfigError(": ".join(filter(None, (where, place, said)))) from error


def change_texts(value: Any, change: Callable[[str, str], Any], key: str = "") -> Any:
    """Return settings with `change(key, text)` in place of every text; texts of a list have its
    key."""
    if isinstance(value, Mapping):
        table = cast("Mapping[str, Any]", value)
        return {name: change_texts(each, change, name) for name, each in table.items()}
    if isinstance(value, list | tuple):
        return [change_texts(each, change, key) for each in cast("Sequence[Any]", value)]
    return change(key, value) if isinstance(value, str) else value


def joined(folder: Path, path: str) -> str:
    """Return the path that somebody wrote in a file of this folder.

    Unlike `Path.expanduser` it lets the home of nobody be a path that is not there.
    """
    return str(folder / os.path.expanduser(path))  # noqa: PTH111


def without_paths(settings: Any) -> Any:
    """Return settings with every absolute path cut down to its last part, also behind a scheme or
    a name (`vllm:/models/a`, `HumanEval=/data/b`): other people have other folders."""

    def cut(_key: str, text: str) -> str:
        return text if "\n" in text else re.sub(r"^([^:=]*[:=]|)/.*?([^/]*)/*$", r"\1\2", text)

    return change_texts(settings, cut)


def _first(error: ValueError) -> dict[str, Any]:
    errors: Any = getattr(error, "errors", None)
    if errors is None:
        raise error
    return cast("list[dict[str, Any]]", errors())[0]
