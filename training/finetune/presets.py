"""Settings from presets, TOML files and the command line, later ones over earlier ones.

A file may name a preset to start from: ``preset = "starcoder2-15b-instruct"``. Where two settings
exclude each other (`epochs` and `max_steps`, `warmup_ratio` and `warmup_steps`), the later one
takes the place of the earlier one.
"""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from veristone import ConfigError
from veristone.settings import change_texts, checked, joined, names_in, read_named
from veristone.training.finetune.config import Settings

__all__ = ["load_settings", "merged", "parse_override", "preset_names"]

_PRESETS = Path(__file__).parent / "presets"
_RIVALS = (("epochs", "max_steps"), ("warmup_ratio", "warmup_steps"))


def preset_names() -> list[str]:
    """Return the names of the presets that come with Veristone."""
    return names_in(_PRESETS)


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
        settings = merged(settings, parse_override(text))
    settings = merged(settings, more or {})
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
    path, settings = read_named(name, _PRESETS, what="preset")
    folder = path.parent

    def anchored(key: str, text: str) -> str:
        if key == "data" or (key == "template" and text.endswith(".toml")):
            return joined(folder, text)
        # A model's name looks like a path too: `bigcode/starcoder2-3b`.
        local = text.startswith((".", "~")) or (bool(text) and (folder / text).is_dir())
        return joined(folder, text) if key == "model" and local else text

    base = settings.pop("preset", None)
    settings = change_texts(settings, anchored)
    if isinstance(settings.get("data"), str):
        settings["data"] = [settings["data"]]
    if base is None:
        return settings
    if base not in preset_names():
        raise ConfigError(f"{name}: preset: {base!r} is none of {', '.join(preset_names())}")
    return merged(_read(base), settings)


def merged(settings: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, with what `over` says in place of the same and of what excludes it."""
    both = dict(settings)
    for key, value in over.items():
        for pair in _RIVALS:
            if key in pair and value is not None:
                rival = pair[1 - pair.index(key)]
                if rival not in over:
                    both.pop(rival, None)
        old = both.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            inner = cast("dict[str, Any]", value)
            both[key] = merged(cast("dict[str, Any]", old), inner)
        else:
            both[key] = value
    return both
