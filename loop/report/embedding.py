"""Embeddings of texts: by a server that speaks OpenAI's protocol, or by sentence-transformers."""

import importlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from veristone import ConfigError, ModelUnavailable
from veristone.extras import need_modules
from veristone.generators.models.config import OpenAIConfig
from veristone.generators.models.registry import parse_model
from veristone.text import line

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LOCAL", "embed"]

LOCAL = "sentence-transformers:"
"""Before the name of a model that this process loads."""
_AT_ONCE = 64


def embed(texts: Sequence[str], model: str) -> "np.ndarray[Any, Any]":
    """Return a row for each text, of length one, so that a product of two is their cosine.

    Args:
        texts: as long as the model takes them.
        model: `http://HOST/v1#MODEL`, a TOML file with a server's settings, or
            `sentence-transformers:NAME`.

    Raises:
        ConfigError: it is none of these, or a package is missing.
        ModelUnavailable: the server does not answer, or not with embeddings.
    """
    import numpy as np

    rows = _local(texts, model) if model.startswith(LOCAL) else list(_asked(texts, model))
    found = np.asarray(rows, dtype=np.float32)
    if found.shape[:1] != (len(texts),) or found.ndim != 2:
        raise ModelUnavailable(f"{model}: {len(rows)} embeddings of {len(texts)} texts")
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)


def _local(texts: Sequence[str], model: str) -> Any:
    try:
        package: Any = importlib.import_module("sentence_transformers")
        loaded = package.SentenceTransformer(model.removeprefix(LOCAL))
    except ModuleNotFoundError as error:
        raise ConfigError(f"{model}: pip install sentence-transformers") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{model}: {line(str(error), 300)}") from error
    return loaded.encode(list(texts))


def _asked(texts: Sequence[str], model: str) -> Iterator[Sequence[float]]:
    config = parse_model(model)
    if not isinstance(config, OpenAIConfig):
        raise ConfigError(f"{model}: embeddings come from a server's URL, or from {LOCAL}NAME")
    need_modules("openai", extra="generate")
    from openai import OpenAI, OpenAIError

    key = os.environ.get(config.api_key_env, "") or "none"
    try:
        with OpenAI(api_key=key, base_url=config.base_url, timeout=config.timeout_s) as client:
            name = config.model or next(iter(client.models.list())).id
            for start in range(0, len(texts), _AT_ONCE):
                some = list(texts[start : start + _AT_ONCE])
                answer = client.embeddings.create(model=name, input=some, encoding_format="float")
                yield from (one.embedding for one in sorted(answer.data, key=lambda x: x.index))
    except (OpenAIError, StopIteration) as error:
        told = f"{config.base_url}: no embeddings: {line(str(error), 300)}"
        raise ModelUnavailable(told) from error
