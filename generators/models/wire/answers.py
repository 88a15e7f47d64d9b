"""Bytes of a server as completions.

A server may be broken or hostile: whatever its bytes are, the result is completions of the right
shape or `BadAnswer`. A stop string ends a text here too, because some servers take no notice of
`stop` and others leave the string in.
"""

import json
import math
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import msgspec

from veristone import Completion, GenerationRequest, RequestRefused
from veristone.generators.models.stops import stop_at

__all__ = ["Answer", "BadAnswer", "ServedModel", "read_answer", "read_models"]

_INTERRUPTED = frozenset({"abort", "error"})
"""How vLLM ends a text that it was kept from finishing: by a shutdown, or a fault of its own."""

_MOST_TOKENS = 2**53
"""Nothing that counts tokens exceeds this: an integer that JSON keeps exactly."""


class BadAnswer(Exception):
    """What a server sent is no answer to what it was asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one HTTP request brought."""

    completions: tuple[Completion, ...]
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A line of a server's list of models."""

    name: str
    owner: str


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _TopToken(msgspec.Struct):
    token: str
    logprob: float | None = None


class _ChatToken(msgspec.Struct):
    token: str
    top_logprobs: list[_TopToken] | None = None


class _Logprobs(msgspec.Struct):
    """Both shapes in one: `tokens` and `top_logprobs` of completions, `content` of chats."""

    tokens: list[str] | None = None
    top_logprobs: list[dict[str, float | None] | None] | None = None
    content: list[_ChatToken] | None = None


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    text: str | None = None
    message: _Message | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


class _Model(msgspec.Struct):
    id: str
    owned_by: str | None = None


class _Models(msgspec.Struct):
    data: list[_Model]


T = TypeVar("T")


def read_answer(data: bytes, request: GenerationRequest) -> Answer:
    """Return the completions in an answer, in the order of their `index`.

    There may be fewer or more than were asked for, but not none.

    Raises:
        BadAnswer: it is no answer, or one that was broken off.
        RequestRefused: the server does not report the log-probabilities that were asked for.
    """
    answer = _decoded(data, _Answer)
    if not answer.choices:
        raise BadAnswer("no choices")
    choices = sorted(answer.choices, key=lambda choice: choice.index)
    usage = answer.usage or _Usage()
    return Answer(
        completions=tuple(_completion(choice, request) for choice in choices),
        prompt_tokens=_count(usage.prompt_tokens),
        completion_tokens=_count(usage.completion_tokens),
    )


def read_models(data: bytes) -> list[ServedModel]:
    """Return the models that a server lists.

    Raises:
        BadAnswer: it is no such list.
    """
    found = _decoded(data, _Models).data
    return [ServedModel(model.id, model.owned_by or "") for model in found]


def _completion(choice: _Choice, request: GenerationRequest) -> Completion:
    if choice.finish_reason in _INTERRUPTED:
        raise BadAnswer(f"a text was broken off: finish_reason {choice.finish_reason}")
    text = _text(choice, chat=bool(request.messages))
    tokens, tops = _tops(choice.logprobs) if request.logprobs else ([], [])
    if request.logprobs and text and not tops:
        raise RequestRefused(
            f"request {request.id}: the server reports no log-probabilities "
            "(vLLM does, `transformers serve` does not)"
        )
    cut = stop_at(text, request.stop)
    if cut is None:
        reason = choice.finish_reason or "stop"
        return Completion(text=text, finish_reason=reason, logprobs=tuple(tops))
    kept = tops[: _tokens_before(tokens, cut)]
    return Completion(text=text[:cut], finish_reason="stop", logprobs=tuple(kept))


def _text(choice: _Choice, *, chat: bool) -> str:
    if chat and choice.message is not None:
        return choice.message.content or ""
    if not chat and choice.text is not None:
        return choice.text
    raise BadAnswer(f"a choice has no {'message' if chat else 'text'}")


def _tops(found: _Logprobs | None) -> tuple[list[str], list[dict[str, float]]]:
    """Return the tokens and, for each, the likeliest tokens."""
    if found is None:
        return [], []
    if found.content is not None:
        # vLLM writes tokens that are not text by themselves alike: the likelier one comes first.
        tops = [
            {top.token: _logprob(top.logprob) for top in reversed(item.top_logprobs or [])}
            for item in found.content
        ]
        return [item.token for item in found.content], [_likeliest_first(top) for top in tops]
    tops = [
        {token: _logprob(value) for token, value in (top or {}).items()}
        for top in found.top_logprobs or []
    ]
    return found.tokens or [], [_likeliest_first(top) for top in tops]


def _likeliest_first(top: dict[str, float]) -> dict[str, float]:
    return dict(sorted(top.items(), key=lambda item: -item[1]))


def _logprob(value: float | None) -> float:
    """JSON has no infinity: servers write null, or a large number (vLLM: -9999)."""
    return -math.inf if value is None or math.isnan(value) else value


def _tokens_before(tokens: list[str], cut: int) -> int | None:
    """Return how many tokens begin before a place in the text; None where tokens are not known."""
    position = 0
    for number, token in enumerate(tokens):
        if position >= cut:
            return number
        position += len(token)
    return None


def _count(value: int | None) -> int:
    return min(max(value or 0, 0), _MOST_TOKENS)


def _decoded(data: bytes, shape: type[T]) -> T:
    try:
        try:
            return msgspec.json.decode(data, type=shape)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            # Python's own decoder knows what Python's encoder writes: NaN, lone surrogates.
            return msgspec.convert(_mended(json.loads(data)), type=shape)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise BadAnswer(f"no answer as OpenAI's servers give it: {error}") from error


def _mended(value: Any) -> Any:
    """Return the value with text that can be encoded: pairs of surrogates joined, lone ones
    replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        items = cast(dict[str, Any], value).items()
        return {_mended(key): _mended(item) for key, item in items}
    if isinstance(value, list):
        return [_mended(item) for item in cast(list[Any], value)]
    return value
