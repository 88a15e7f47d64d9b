"""Settings from presets, TOML files and the command line, later ones over earlier ones.

A file may name a preset to start from: ``preset = "starcoder2-15b-instruct"``. Where two settings
exclude each other (`epochs` and `max_steps`, `warmup_ratio` and `warmup_steps`), the later one
takes the place of the earlier one.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from veristone import ConfigError
from veristone.settings import checked, read_toml
from veristone.training.finetune.config import Settings

__all__ = ["load_settings", "parse_override", "preset_names"]

_PRESETS = Path(__file__).parent / "presets"
_RIVALS = (("epochs", "max_steps"), ("warmup_ratio", "warmup_steps"))


def preset_names() -> list[str]:
    """Return the names of the presets that come with Veristone."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def load_settings(
    name: str, overrides: Iterable[str] = (), more: Mapping[str, Any] | None = None
) -> Settings:
    """Return the settings of a preset or file with what the user said over them.

    Args:
        name: a preset of ours, or a TOML file. Relative paths in a file are meant from its folder.
        overrides: ``key=value``, the value as in TOML; ``lora.r=8`` reaches into a table, ``none``
            clears a setting.
        more: settings by name, over everything else.

    Raises:
        ConfigError: the first thing that is wrong, by its place.
    """
    settings = _read(name)
    for text in overrides:
        settings = _merge(settings, parse_override(text))
    settings = _merge(settings, more or {})
    return checked(Settings, settings, name)


def parse_override(text: str) -> dict[str, Any]:
    """Return ``a.b=value`` as nested settings.

    Raises:
        ConfigError: it is not of that form.
    """
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError(f"--set {text}: write it as key=value")
    result: Any = _value(value.strip())
    for part in reversed(parts):
        result = {part: result}
    return result


def _value(text: str) -> Any:
    if text.lower() == "none":
        return None
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    # A line break would have smuggled in a second key.
    return parsed["value"] if len(parsed) == 1 else text


def _read(name: str) -> dict[str, Any]:
    path = _PRESETS / f"{name}.toml"
    if name not in preset_names():
        path = Path(name)
    settings = read_toml(path, name, what="preset", known=preset_names())
    base = settings.pop("preset", None)
    settings = _anchored(settings, path.parent)
    if base is None:
        return settings
    if base not in preset_names():
        raise ConfigError(f"{name}: preset: {base!r} is none of {', '.join(preset_names())}")
    return _merge(_read(base), settings)


def _merge(settings: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, with what `over` says in place of the same and of what excludes it."""
    merged = dict(settings)
    for key, value in over.items():
        for pair in _RIVALS:
            if key in pair and value is not None:
                rival = pair[1 - pair.index(key)]
                if rival not in over:
                    merged.pop(rival, None)
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            inner = cast("dict[str, Any]", value)
            merged[key] = _merge(cast("dict[str, Any]", old), inner)
        else:
            merged[key] = value
    return merged


def _anchored(settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the settings with paths joined to the folder that the file lies in."""
    found = dict(settings)
    data = found.get("data")
    if isinstance(data, str):
        data = [data]
    if isinstance(data, list):
        found["data"] = [_join(folder, item) for item in cast("list[Any]", data)]
    for key in ("template", "model"):
        value = found.get(key)
        if isinstance(value, str) and _is_path(value, folder, toml=key == "template"):
            found[key] = _join(folder, value)
    return found


def _is_path(value: str, folder: Path, *, toml: bool) -> bool:
    if toml:
        return value.endswith(".toml")
    # A model's name looks like a path too: `bigcode/starcoder2-3b`.
    return value.startswith((".", "~")) or (bool(value) and (folder / value).is_dir())


def _join(folder: Path, value: Any) -> Any:
    return str(folder / os.path.expanduser(value)) if isinstance(value, str) else value  # noqa: PTH111
