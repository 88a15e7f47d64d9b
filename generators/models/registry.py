"""The words for a model on the command line, and opening one.

Importing this imports no back end.
"""

import contextlib
import os
import tomllib
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from veristone import ConfigError, Model
from veristone.generators.models.config import (
    ModelConfig,
    OpenAIConfig,
    ReplayConfig,
    TransformersConfig,
    VLLMConfig,
)

__all__ = ["FORMS", "check_model", "open_model", "parse_model"]

FORMS = (
    "http://HOST:PORT/v1 (or http://HOST:PORT/v1#MODEL), vllm:PATH_OR_NAME, "
    "transformers:PATH_OR_NAME, replay:FILE, or a file FILE.toml with a back end's settings"
)
"""What `parse_model` takes, for help texts."""

_ADAPTER: TypeAdapter[ModelConfig] = TypeAdapter(ModelConfig)
_EXTRAS = {"openai": "generate", "replay": "generate", "vllm": "vllm", "transformers": "train"}
_OURS = frozenset({"generators", "veristone"})


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
    raise ConfigError(f"{text!r} is no model. Known forms: {FORMS}")


def check_model(settings: Mapping[str, Any], where: str) -> ModelConfig:
    """Return a back end's settings, checked; `where` begins the message of an error.

    Raises:
        ConfigError: the first thing that is wrong with them.
    """
    try:
        return _ADAPTER.validate_python(dict(settings))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise ConfigError(": ".join(filter(None, (where, place, said)))) from None


@contextlib.asynccontextmanager
async def open_model(config: ModelConfig) -> AsyncGenerator[Model]:
    """Open a back end, and close it in the end.

    Raises:
        ConfigError: a setting is wrong, or a package is missing; the message says which extra has
            it.
        DatasetError: a recording cannot be read.
        ModelUnavailable: a server does not answer.
    """
    async with contextlib.AsyncExitStack() as stack:
        try:
            model = await stack.enter_async_context(_made(config))
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing in _OURS:
                raise
            raise ConfigError(
                f"{config.kind}: the package {missing} is missing: "
                f"pip install 'veristone[{_EXTRAS[config.kind]}]'"
            ) from error
        yield model


def _made(config: ModelConfig) -> AbstractAsyncContextManager[Model]:
    """Return the back end of these settings, imported now."""
    match config:
        case OpenAIConfig():
            from veristone.generators.models.openai import OpenAIModel

            return OpenAIModel(config)
        case VLLMConfig():
            from veristone.generators.models.local.vllm import VLLMModel

            return VLLMModel(config)
        case TransformersConfig():
            from veristone.generators.models.local.transformers import TransformersModel

            return TransformersModel(config)
        case ReplayConfig():
            from veristone.generators.models.replay import ReplayModel

            return ReplayModel(config)


def _from_file(path: Path) -> ModelConfig:
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{path}: {said}") from error
    if isinstance(recording := settings.get("path"), str):
        settings["path"] = str(path.parent / _home(recording))
    model = settings.get("model")
    if isinstance(model, str) and model.startswith(("./", "../", "~/")):
        settings["model"] = str(path.parent / _home(model))
    return check_model(settings, str(path))


def _home(path: str) -> str:
    return os.path.expanduser(path)  # noqa: PTH111 - no path yet: it may be a name on the hub
