"""The words for a model on the command line, and opening one. Imports no back end before that."""

import asyncio
import contextlib
import importlib
import os
import re
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import RootModel

from veristone import ConfigError, Model
from veristone.extras import need_modules
from veristone.generators.models.config import ModelConfig
from veristone.settings import checked, read_toml

__all__ = ["FORMS", "check_model", "open_model", "parse_model"]

FORMS = (
    "http://HOST:PORT/v1 (or http://HOST:PORT/v1#MODEL), vllm:PATH_OR_NAME, "
    "transformers:PATH_OR_NAME, replay:FILE, or a file FILE.toml with a back end's settings"
)
"""What `parse_model` takes, for help texts."""


class _Backend(NamedTuple):
    module: str
    model: str
    extra: str


_HERE = "veristone.generators.models"
_BACKENDS = {
    "openai": _Backend(f"{_HERE}.openai", "OpenAIModel", "generate"),
    "replay": _Backend(f"{_HERE}.recording", "ReplayModel", "generate"),
    "transformers": _Backend(f"{_HERE}.local.transformers_model", "TransformersModel", "train"),
    "vllm": _Backend(f"{_HERE}.local.vllm_model", "VLLMModel", "vllm"),
}


def parse_model(text: str) -> ModelConfig:
    """Return the settings that a word of the command line stands for.

    Paths in a TOML file that are relative are meant from the folder that it lies in.

    Raises:
        ConfigError: it is none of the known forms, or a setting is wrong.
    """
    text = text.strip()
    kind, _, rest = text.partition(":")
    if kind.lower() in ("http", "https") and rest.startswith("//"):
        address, _, model = text.partition("#")
        return check_model({"kind": "openai", "base_url": address, "model": model}, "the model")
    if kind in ("vllm", "transformers"):
        return check_model({"kind": kind, "model": _home(rest)}, text)
    if kind == "replay":
        return check_model({"kind": kind, "path": _home(rest)}, text)
    if text.endswith(".toml"):
        return _from_file(Path(_home(text)))
    raise ConfigError(f"{text!r} is no model.{_meant(text)} Known forms: {FORMS}")


def _meant(text: str) -> str:
    """Return a question with what was probably meant by words that are no model."""
    if re.fullmatch(r"[\w.-]+:\d+(/\S*)?", text):
        return f" Did you mean http://{text.removesuffix('/v1')}/v1?"
    if text.endswith((".jsonl", ".jsonl.gz", ".sqlite")):
        return f" Did you mean replay:{text}?"
    if re.fullmatch(r"[\w.-]+/[\w.-]+", text) or (text and Path(_home(text)).is_dir()):
        return f" Did you mean vllm:{text} or transformers:{text}?"
    return ""


def check_model(settings: Mapping[str, Any], where: str) -> ModelConfig:
    """Return a back end's settings, checked; `where` begins the message of an error.

    Raises:
        ConfigError: the first thing that is wrong with them.
    """
    return checked(RootModel[ModelConfig], settings, where).root


@contextlib.asynccontextmanager
async def open_model(config: ModelConfig) -> AsyncGenerator[Model]:
    """Open a back end, and close it in the end.

    Raises:
        ConfigError: a setting is wrong, or a package is missing; the message says which extra has
            it.
        DatasetError: a recording cannot be read.
        ModelUnavailable: a server does not answer.
    """
    module, name, extra = _BACKENDS[config.kind]
    await asyncio.to_thread(need_modules, module, extra=extra)  # torch takes seconds
    async with getattr(importlib.import_module(module), name)(config) as model:
        yield model


def _from_file(path: Path) -> ModelConfig:
    settings = read_toml(path, str(path), what="model", known=())
    if isinstance(recording := settings.get("path"), str):
        settings["path"] = str(path.parent / _home(recording))
    model = settings.get("model")
    if isinstance(model, str) and model.startswith(("./", "../", "~/")):
        settings["model"] = str(path.parent / _home(model))
    return check_model(settings, str(path))


def _home(path: str) -> str:
    return os.path.expanduser(path)  # noqa: PTH111 - no path yet: it may be a name on the hub
