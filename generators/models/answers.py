"""What an OpenAI-compatible server answers, as completions or as one of our errors. Pure.

A server may be broken: whatever its bytes are, the result is completions of the right shape or
`BadAnswer`. A stop string ends a text here too, because some servers take no notice of `stop` and
others leave the string in.
"""

import email.utils
import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar, cast

import msgspec

from veristone import Completion, ConfigError, GenerationRequest, RequestRefused
from veristone.generators.models.pressure import Again, BadAnswer
from veristone.generators.models.stops import stop_at
from veristone.text import line

__all__ = ["Answer", "ServedModel", "about_choices", "fault", "read_answer", "read_models", "said"]

_AGAIN = frozenset({408, 409, 425, 429})
_TOO_MUCH = frozenset({429, 503, 529})
"""503 is what vLLM and Ollama answer when their queue is full, 529 what NVIDIA Dynamo does."""
_NEVER = frozenset({400, 413, 414, 422, 431})
_ADVICE = {
    401: "Set `api_key_env` to the environment variable that holds the key",
    403: "The key is not allowed to use this model",
    404: "Check `base_url` (it mostly ends in /v1), `model`, and that the server has chats",
}
_CHOICES = re.compile(r"\bn\b|\bchoices?\b|\bbest_of\b", re.IGNORECASE)
_INTERRUPTED = frozenset({"abort", "error"})
"""How vLLM ends a text that it was kept from finishing: by a shutdown, or a fault of its own."""
_LONGEST_MESSAGE = 600


class Answer(NamedTuple):
    """What one HTTP request brought."""

    completions: tuple[Completion, ...]
    prompt_tokens: int
    completion_tokens: int


class ServedModel(msgspec.Struct):
    """An item of a server's list of models."""

    id: str
    owned_by: str | None = None


class _Models(msgspec.Struct):
    data: list[ServedModel]


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Top(msgspec.Struct):
    token: str
    logprob: float | None = None


class _ChatToken(msgspec.Struct):
    token: str
    top_logprobs: list[_Top] | None = None


class _Logprobs(msgspec.Struct):
    """Both shapes in one: `tokens` and `top_logprobs` of completions, `content` of chats."""

    tokens: list[str] | None = None
    top_logprobs: list[dict[str, float | None] | None] | None = None
    content: list[_ChatToken] | None = None


class _Part(msgspec.Struct):
    text: str | None = None


class _Message(msgspec.Struct):
    content: str | list[_Part] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    text: str | None = None
    message: _Message | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None
    message: Any = None
    detail: Any = None


T = TypeVar("T")


def read_answer(data: bytes, request: GenerationRequest) -> Answer:
    """Return the completions in an answer, in the order of their `index`.

    There may be fewer or more than were asked for, but not none.

    Raises:
        BadAnswer: it is no answer, one that was broken off, or an error in an answer's place.
        RequestRefused: the server does not report the log-probabilities that were asked for.
    """
    answer = _decoded(data, _Answer)
    if not answer.choices:
        trouble = answer.error or answer.message or answer.detail
        raise BadAnswer(
            f"an error in place of an answer: {said(trouble)}" if trouble else "no choices"
        )
    usage = answer.usage or _Usage()
    choices = sorted(answer.choices, key=lambda choice: choice.index)
    return Answer(
        completions=tuple(_completion(choice, request) for choice in choices),
        prompt_tokens=max(usage.prompt_tokens or 0, 0),
        completion_tokens=max(usage.completion_tokens or 0, 0),
    )


def read_models(data: bytes) -> list[ServedModel]:
    """Return the models that a server lists.

    Raises:
        BadAnswer: it is no such list.
    """
    return _decoded(data, _Models).data


def fault(
    status: int, retry_after: str, message: str, *, what: str, now_s: float
) -> Again | RequestRefused | ConfigError:
    """Return the exception for a status of 300 or more.

    Args:
        retry_after: the header, a number of seconds or a date (RFC 9110, section 10.2.3).
        message: what the server said.
        what: was asked, for messages.
        now_s: time of day in seconds since the epoch.
    """
    answer = f"the server answered {status}" + (f": {message}" if message else "")
    if status == 429 and "insufficient_quota" in message:
        return ConfigError(f"{answer}. The account's quota is used up: waiting does not help")
    if status in _AGAIN or status >= 500:
        seconds = _seconds(retry_after, now_s)
        return Again(answer, overloaded=status in _TOO_MUCH, retry_after_s=seconds)
    if status in _NEVER:
        return RequestRefused(f"{what}: {answer}")
    return ConfigError(f"{answer}. {_ADVICE.get(status, 'Check `base_url`')}")


def about_choices(message: str) -> bool:
    """Whether a refusal seems to be about how many choices were asked for."""
    return _CHOICES.search(message) is not None


def said(error: object) -> str:
    """Return what an error says, on one short line.

    The shapes are ``{"error": {"message"}}`` (OpenAI), ``{"error": ""}``, ``{"message"}`` (older
    vLLM), ``{"detail"}`` (FastAPI), and text.
    """
    words: list[str] = []
    while isinstance(error, Mapping):
        fields = cast(Mapping[str, object], error)
        words += [f"[{one}]" for one in map(fields.get, ("code", "type")) if isinstance(one, str)]
        inner = next((key for key in ("error", "message", "detail") if key in fields), None)
        if inner is None:
            break
        error = fields[inner]
    words.append(error if isinstance(error, str) else json.dumps(error) if error else "")
    return line(" ".join(" ".join(words)[: 4 * _LONGEST_MESSAGE].split()), _LONGEST_MESSAGE)


def _seconds(retry_after: str, now_s: float) -> float | None:
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(retry_after).timestamp() - now_s
        except (ValueError, OverflowError, TypeError, IndexError):
            return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


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
        return Completion(
            text=text, finish_reason=choice.finish_reason or "stop", logprobs=tuple(tops)
        )
    position = 0
    for number, token in enumerate(tokens):
        if position >= cut:  # this token begins after the text's end
            tops = tops[:number]
            break
        position += len(token)
    return Completion(text=text[:cut], finish_reason="stop", logprobs=tuple(tops))


def _text(choice: _Choice, *, chat: bool) -> str:
    if chat and choice.message is not None:
        content = choice.message.content
        parts = content if isinstance(content, list) else [_Part(content)]
        text = "".join(part.text or "" for part in parts)
    elif not chat and choice.text is not None:
        text = choice.text
    else:
        raise BadAnswer(f"a choice has no {'message' if chat else 'text'}")
    # Half a surrogate pair is no text that could be kept.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _tops(found: _Logprobs | None) -> tuple[list[str], list[dict[str, float]]]:
    """Return the tokens and, for each, the likeliest tokens."""
    if found is None:
        return [], []
    if found.content is None:
        tops = [list((top or {}).items()) for top in found.top_logprobs or []]
        return found.tokens or [], list(map(_likeliest_first, tops))
    tops = [[(top.token, top.logprob) for top in one.top_logprobs or []] for one in found.content]
    return [one.token for one in found.content], list(map(_likeliest_first, tops))


def _likeliest_first(pairs: list[tuple[str, float | None]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for token, value in pairs:
        # JSON has no infinity: servers write null, or a large number (vLLM: -9999).
        value = -math.inf if value is None or math.isnan(value) else value
        # Tokens that are no text by themselves look alike: the likeliest counts.
        found[token] = max(value, found.get(token, value))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _decoded(data: bytes, shape: type[T]) -> T:
    try:
        try:
            return msgspec.json.decode(data, type=shape)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            # Python's own decoder knows what Python's encoder writes: NaN, lone surrogates.
            return msgspec.convert(json.loads(data), type=shape)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise BadAnswer(f"no answer as OpenAI's servers give it: {error}") from error
