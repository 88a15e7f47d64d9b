"""Settings of the model back ends, told apart by `kind`.

Checked without importing torch, vLLM or an HTTP library, so that a recipe can be read anywhere. No
setting holds a secret: an API key is read from the environment variable that a setting names.
"""

import re
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

__all__ = [
    "Dtype",
    "ModelConfig",
    "OpenAIConfig",
    "ReplayConfig",
    "TransformersConfig",
    "VLLMConfig",
]

Dtype: TypeAlias = Literal["auto", "bfloat16", "float16", "float32"]

_NAMED = ("max_tokens", "temperature", "top_p", "stop", "seed", "logprobs", "top_logprobs")
"""Fields of a request that a server may call something else, or not know."""
_RESERVED = {"best_of", "echo", "logprobs", "max_completion_tokens", "max_tokens", "messages"} | {
    *("model", "n", "prompt", "seed", "stop", "stream", "stream_options", "temperature"),
    *("top_logprobs", "top_p"),
}
"""Fields that a request decides, or that would change the shape of the answer."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Settings(BaseModel):
    # Input is kept out of messages: a mistyped setting may be a key.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class OpenAIConfig(_Settings):
    """Any server that speaks OpenAI's completions: vLLM, SGLang, llama.cpp, hosted ones."""

    kind: Literal["openai"] = "openai"
    base_url: str
    """For example ``http://localhost:8000/v1``; ``/v1`` is added where there is no path."""
    model: str = ""
    """As the server calls it; empty: the only one that its ``/models`` lists."""
    api_key_env: str = ""
    """Name of the environment variable that holds the API key; empty: none is sent."""
    max_in_flight: int = Field(default=256, ge=1, le=4096)
    """Most requests under way at once. vLLM's own default is to run 256 sequences together, and
    push-back from the server shrinks the number anyway."""
    timeout_s: float = Field(default=900, gt=0, le=86400, allow_inf_nan=False)
    """For one HTTP request, from sending to the last byte. It includes the server's own queue."""
    connect_timeout_s: float = Field(default=10, gt=0, le=600, allow_inf_nan=False)
    patience_s: float = Field(default=600, ge=0, le=86400, allow_inf_nan=False)
    """How long after its first failure a request is still tried again. Loading a large model, when
    a server is started anew, takes minutes."""
    open_patience_s: float = Field(default=30, ge=0, le=86400, allow_inf_nan=False)
    """The same for the first contact, short because a wrong address is the usual reason."""
    parameters: dict[str, str] = {}
    """What the server calls a field of a request: ``{ max_tokens = "max_completion_tokens" }``; an
    empty name leaves the field out, for servers that refuse it. What a model does without a seed or
    a temperature is its own choice."""
    extra_body: dict[str, JsonValue] = {}
    """Further fields of every request, for what a server adds to OpenAI's: `top_k`, `min_p`,
    `chat_template_kwargs`."""

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        try:
            parts = urlsplit(value.strip())
            _ = parts.port  # raises where it is no number
        except ValueError as error:
            raise ValueError(f"not an address: {error}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address begins with http:// or https:// and names a host")
        if parts.username is not None or parts.password is not None:
            raise ValueError("an address holds no password: set api_key_env")
        if parts.query or parts.fragment:
            raise ValueError("an address has no ? and no #; the model is a setting of its own")
        path = parts.path.rstrip("/") or "/v1"
        return f"{parts.scheme}://{parts.netloc}{path}"

    @field_validator("api_key_env")
    @classmethod
    def _is_variable(cls, value: str) -> str:
        if value and not _VARIABLE.fullmatch(value):
            raise ValueError("the name of an environment variable, not the key itself")
        return value

    @field_validator("parameters")
    @classmethod
    def _are_named(cls, value: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(value.keys() - set(_NAMED)):
            raise ValueError(f"{', '.join(unknown)}: none of {', '.join(_NAMED)}")
        return value

    @field_validator("extra_body")
    @classmethod
    def _is_extra(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if taken := sorted(value.keys() & _RESERVED):
            raise ValueError(f"{', '.join(taken)}: set by the request itself")
        return value


class VLLMConfig(_Settings):
    """vLLM in this process."""

    kind: Literal["vllm"] = "vllm"
    model: str = Field(min_length=1)
    """A folder, or a name on the hub."""
    revision: str = ""
    dtype: Dtype = "auto"
    max_model_len: int | None = Field(default=None, ge=1)
    """Tokens of prompt and continuation together; None: what the model was made for."""
    tensor_parallel_size: int = Field(default=1, ge=1)
    """Number of GPUs that the model is split over."""
    gpu_memory_utilization: float = Field(default=0.9, gt=0, le=1)
    """Share of each GPU's memory."""
    max_num_seqs: int = Field(default=256, ge=1)
    """Sequences that run together."""
    enforce_eager: bool = False
    """Skip compilation: starts sooner, generates slower."""
    extra: dict[str, Any] = {}
    """Further engine arguments, as vLLM names them."""


class TransformersConfig(_Settings):
    """Hugging Face transformers in this process: slow, runs anywhere."""

    kind: Literal["transformers"] = "transformers"
    model: str = Field(min_length=1)
    """A folder, or a name on the hub."""
    revision: str = ""
    dtype: Dtype = "auto"
    device: str = "auto"
    """``cpu``, ``cuda``, ``cuda:1``, ``mps``; ``auto``: a GPU where there is one."""
    batch_size: int = Field(default=16, ge=1)
    """Sequences that are generated together."""
    max_wait_s: float = Field(default=0.02, ge=0, le=60, allow_inf_nan=False)
    """How long a request waits for others to fill its batch."""


class ReplayConfig(_Settings):
    """Recorded generations from a file."""

    kind: Literal["replay"] = "replay"
    path: str = Field(min_length=1)
    """A recording, or JSON lines, plain or gzipped. `generators.models.recorded` has the format."""
    model: str = ""
    """Name of the model that wrote them; empty: as the file says it."""


ModelConfig: TypeAlias = Annotated[
    OpenAIConfig | VLLMConfig | TransformersConfig | ReplayConfig, Field(discriminator="kind")
]
"""Settings of any back end."""
