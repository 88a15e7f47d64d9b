"""A generation request as the JSON that an OpenAI-compatible server takes.

Only fields that every such server knows are sent; what is at its neutral value is left out, except
`temperature` and `top_p`: servers put the model's own defaults in their place.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from veristone import GenerationRequest, RequestRefused

__all__ = ["RESERVED", "Piece", "check", "encode", "endpoint", "pieces"]

RESERVED = frozenset(
    {
        "best_of",
        "echo",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "n",
        "prompt",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "top_logprobs",
        "top_p",
    }
)
"""Fields that a request decides, or that would change the shape of the answer."""

MOST_CHOICES = 16384
"""Largest n; vLLM's own limit (`VLLM_MAX_N_SEQUENCES`)."""

_SEEDS = 2**63
"""Seeds are what fits a signed integer of 64 bits, as OpenAI's description says."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a request's completions: `n` of them from `first` on, drawn with `seed`."""

    first: int
    n: int
    seed: int | None


def check(request: GenerationRequest) -> None:
    """Refuse what no server could answer.

    Raises:
        RequestRefused: the message names the field.
    """
    request.validate()
    if request.n > MOST_CHOICES:
        raise RequestRefused(f"request {request.id}: n is at most {MOST_CHOICES}")
    if not (math.isfinite(request.temperature) and request.temperature >= 0):
        raise RequestRefused(f"request {request.id}: temperature is a number, 0 or more")
    if not 0 < request.top_p <= 1:
        raise RequestRefused(f"request {request.id}: top_p is above 0 and at most 1")
    if request.seed is not None and not -_SEEDS <= request.seed < _SEEDS:
        raise RequestRefused(f"request {request.id}: seed has at most 64 bits")
    if request.logprobs < 0:
        raise RequestRefused(f"request {request.id}: logprobs is 0 or more")
    if "" in request.stop:
        raise RequestRefused(f"request {request.id}: an empty stop string ends every text")


def endpoint(request: GenerationRequest) -> str:
    """Return the path below the server's address that answers this kind of request."""
    return "/chat/completions" if request.messages else "/completions"


def encode(request: GenerationRequest, piece: Piece, model: str, extra: Mapping[str, Any]) -> bytes:
    """Return the body that asks for a piece of a request.

    Raises:
        RequestRefused: the text cannot be sent: it has lone surrogates.
    """
    body: dict[str, Any] = {
        **extra,
        "model": model,
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
    }
    if request.messages:
        body["messages"] = request.messages
    else:
        body["prompt"] = request.prompt
    if piece.n > 1:
        body["n"] = piece.n
    if piece.seed is not None:
        body["seed"] = piece.seed
    if request.stop:
        body["stop"] = request.stop
    if request.logprobs and request.messages:
        body |= {"logprobs": True, "top_logprobs": request.logprobs}
    elif request.logprobs:
        body["logprobs"] = request.logprobs
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError as error:
        raise RequestRefused(f"request {request.id}: it is no Unicode text: {error}") from error


def pieces(request: GenerationRequest, first: int, end: int, most: int) -> list[Piece]:
    """Return how completions `first` to `end` are asked for, with at most `most` in one go.

    Where a piece begins decides its seed, so that the same request asks for the same pieces
    whenever the server's limit became known: in the first answer or long before.
    """
    return [
        Piece(index, min(most, end - index), _seed(request.seed, index))
        for index in range(first, end, most)
    ]


def _seed(seed: int | None, index: int) -> int | None:
    """Return the seed of the piece that begins at completion `index`.

    Mixed, not added: with neighbouring seeds for neighbouring requests, which are common, sums
    would meet. 31 bits, for servers that hold a seed in 32.
    """
    if seed is None or index == 0:
        return seed
    digest = hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) >> 1
