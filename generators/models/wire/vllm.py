"""What vLLM adds to OpenAI's protocol, in one place.

A server is taken for vLLM where its list of models says so (``owned_by``: "vllm"). Settings of the
user (`OpenAIConfig.extra_body`) go before everything here. Some that are of use: `top_k`, `min_p`,
`min_tokens`, `repetition_penalty`, `stop_token_ids`, `ignore_eos`, `chat_template_kwargs`,
`priority` (where the server schedules by it), `cache_salt`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["NEUTRAL", "OWNER", "most_choices"]

OWNER = "vllm"
"""What its list of models says about every model."""

NEUTRAL: Mapping[str, Any] = MappingProxyType(
    {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
)
"""Sampling as the request says it. Where a request leaves these out, vLLM takes them from the
model's `generation_config.json`, and the texts come from another distribution than was asked for
(``--generation-config vllm`` does the same on the server's side)."""

_GREEDY = 1e-5
"""Temperatures below this are 0 to vLLM (`_SAMPLING_EPS`)."""


def most_choices(temperature: float) -> int | None:
    """Return how many choices one request may ask for, None for no limit.

    Where it decodes greedily, vLLM refuses more than one.
    """
    return 1 if temperature < _GREEDY else None
