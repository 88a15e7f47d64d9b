"""What an OpenAI-compatible server answers, as completions or as one of our errors. Pure.

A server may be broken: whatever its bytes are, the result is completions of the right shape or
`BadAnswer`. A stop string ends a text here too, because some servers take no notice of `stop` and
others leave the string in.
"""

import json
import math
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar, cast

import msgspec

from veristone import Completion, ConfigError, GenerationRequest, RequestRefused
from veristone.generators.models.pressure import Again, BadAnswer
from veristone.generators.models.stops import cut
from veristone.text import line

__all__ = ["Answer", "ServedModel", "fault", "read_answer", "read_models", "said"]

_AGAIN = frozenset({408, 409, 425, 429})
_TOO_MUCH = frozenset({429, 503, 529})
"""503 is what vLLM and Ollama answer when their queue is full, 529 what NVIDIA Dynamo does."""
_NEVER = frozenset({400, 413, 414, 422, 431})
_ADVICE = {
    402: "The account has no credit",
    401: "Set `api_key_env` to the environment variable that holds the key",
    403: "The key is not allowed to use this model",
    404: "Check `base_url` (it mostly ends in /v1), `model`, and that the server has chats",
}
_OWN_WORDS = {
    **dict.fromkeys(("max_tokens", "max_output_tokens", "max_new_tokens", "max_length"), "length"),
    **dict.fromkeys(("complete", "completed", "done", "end_turn", "eos", "eos_token"), "stop"),
}
"""What servers that translate others' protocols call the usual reasons, in lower case."""
_INTERRUPTED = frozenset({"abort", "error"})
"""How vLLM ends a text that it was kept from finishing: by a shutdown, or a fault of its own."""
_LONGEST_MESSAGE = 600

T = TypeVar("T")


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
    """What a server counted: its counts decide about no text, so odd ones are no fault."""

    prompt_tokens: Any = None
    completion_tokens: Any = None


class _Top(msgspec.Struct):
    token: str
    logprob: float | None = None


class _ChatToken(msgspec.Struct):
    top_logprobs: list[_Top] | None = None


class _Logprobs(msgspec.Struct):
    """Both shapes in one: `top_logprobs` of completions, `content` of chats."""

    top_logprobs: list[dict[str, float | None] | None] | None = None
    content: list[_ChatToken] | None = None

    def tops(self) -> tuple[dict[str, float], ...]:
        """Return the likeliest tokens at each position."""
        if self.content is None:
            return tuple(_likeliest_first((top or {}).items()) for top in self.top_logprobs or [])
        return tuple(
            _likeliest_first((top.token, top.logprob) for top in one.top_logprobs or [])
            for one in self.content
        )


class _Part(msgspec.Struct):
    """A piece of a message's content; what is no text is of another `type`."""

    type: str = "text"
    text: str | None = None


class _Message(msgspec.Struct):
    content: str | list[_Part | str] | None = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: str | None = None
    tool_calls: list[Any] | None = None

    def spoken(self) -> str:
        """Return the text: of several parts those that are one."""
        if isinstance(self.content, str) or self.content is None:
            return self.content or ""
        parts = (_Part(text=one) if isinstance(one, str) else one for one in self.content)
        return "".join(part.text or "" for part in parts if part.type in ("text", "output_text"))

    def instead(self) -> str:
        """Return what there is in place of a text, in words."""
        if self.refusal:
            return f"the model refused: {said(self.refusal)}"
        if self.tool_calls:
            return "the model called tools"
        reasoning = self.reasoning_content or self.reasoning
        if reasoning or isinstance(self.content, list):
            size = f", {len(reasoning):,} characters" if isinstance(reasoning, str) else ""
            return f"the server sent reasoning only{size}"
        return "the server sent no text"


class _Choice(msgspec.Struct):
    index: int | None = 0
    text: str | None = None
    message: _Message | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None
    error: Any = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


def read_answer(data: bytes, request: GenerationRequest) -> Answer:
    """Return the completions in an answer, in the order of their `index`.

    There may be fewer or more than were asked for, but not none.

    Raises:
        Again: it is no answer, one that was broken off, or an error in an answer's place.
        RequestRefused: so says an error in an answer's place; or the server does not report the
            log-probabilities that were asked for.
    """
    answer = _decoded(data, _Answer)
    broken = [one.error for one in answer.choices or () if one.error]
    if answer.error or broken:
        raise _disguised(answer.error or broken[0], f"request {request.id}")
    if not answer.choices:
        raise BadAnswer(f"no choices in the answer {said(data.decode(errors='replace'))}")
    usage = answer.usage or _Usage()
    choices = sorted(answer.choices, key=lambda choice: choice.index or 0)
    return Answer(
        completions=tuple(_completion(choice, request) for choice in choices),
        prompt_tokens=_number(usage.prompt_tokens),
        completion_tokens=_number(usage.completion_tokens),
    )


def _number(given: Any) -> int:
    """Return a count, 0 for what is none."""
    return max(int(given), 0) if isinstance(given, int | float) and math.isfinite(given) else 0


def read_models(data: bytes) -> list[ServedModel]:
    """Return the models that a server lists.

    Raises:
        BadAnswer: it is no such list.
    """
    return _decoded(data, _Models).data


def fault(
    status: int, retry_after: str, message: str, *, what: str
) -> Again | RequestRefused | ConfigError:
    """Return the exception for a status of 300 or more.

    Args:
        retry_after: the header, a number of seconds; a date, which model servers do not send, is
            as good as none.
        message: what the server said.
        what: was asked, for messages.
    """
    answer = f"the server answered {status}" + (f": {message}" if message else "")
    if status == 429 and "insufficient_quota" in message:
        return ConfigError(f"{answer}. The account's quota is used up: waiting does not help")
    if status in _AGAIN or status >= 500:
        seconds = _seconds(retry_after)
        return Again(answer, overloaded=status in _TOO_MUCH, retry_after_s=seconds)
    if status in _NEVER:
        return RequestRefused(f"{what}: {answer}")
    return ConfigError(f"{answer}. {_ADVICE.get(status, 'Check `base_url`')}")


def _disguised(error: Any, what: str) -> Exception:
    """Return the exception for an error that came with status 200, by the status that it names."""
    code: Any = cast("dict[str, Any]", error).get("code") if isinstance(error, dict) else None
    status = int(code) if isinstance(code, int) or str(code).isdecimal() else 0
    if status in _NEVER or status == 429:
        return fault(status, "", said(error), what=what)
    return BadAnswer(f"the server answered 200 with an error: {said(error)}")


def said(error: object) -> str:
    """Return the body of an error, which is JSON or text, on one short line."""
    text = error if isinstance(error, str) else json.dumps(error) if error else ""
    return line(" ".join(text[: 4 * _LONGEST_MESSAGE].split()), _LONGEST_MESSAGE)


def _seconds(retry_after: str) -> float | None:
    try:
        seconds = float(retry_after)
    except ValueError:
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _completion(choice: _Choice, request: GenerationRequest) -> Completion:
    if choice.finish_reason in _INTERRUPTED:
        raise BadAnswer(f"a text was broken off: finish_reason {choice.finish_reason}")
    text = _text(choice, chat=bool(request.messages))
    tops = choice.logprobs.tops() if request.logprobs and choice.logprobs is not None else ()
    if request.logprobs and text and not tops:
        raise RequestRefused(
            f"request {request.id}: the server reports no log-probabilities "
            "(vLLM does, `transformers serve` does not)"
        )
    reason = (choice.finish_reason or "stop").lower()
    reason = _OWN_WORDS.get(reason, reason)
    note = choice.message.instead() if choice.message is not None and not text.strip() else ""
    completion = Completion(text=text, finish_reason=reason, logprobs=tops, note=note)
    return cut(completion, request.stop)


def _text(choice: _Choice, *, chat: bool) -> str:
    text = choice.text
    if chat:
        text = None if choice.message is None else choice.message.spoken()
    if text is None:
        raise BadAnswer(f"a choice has no {'message' if chat else 'text'}")
    # Half a surrogate pair is no text that could be kept.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _likeliest_first(pairs: Iterable[tuple[str, float | None]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for token, value in pairs:
        # JSON has no infinity: servers write null, or a large number (vLLM: -9999).
        value = -math.inf if value is None or math.isnan(value) else value
        # Tokens that are no text by themselves look alike: the likeliest counts.
        found[token] = max(value, found.get(token, value))
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _decoded(data: bytes, shape: type[T]) -> T:
    try:
        # Python's own decoder knows what Python's encoder writes: NaN, lone surrogates.
        return msgspec.convert(json.loads(data), type=shape)
    except (ValueError, RecursionError) as error:
        words = said(data[:_LONGEST_MESSAGE].decode(errors="replace"))
        raise BadAnswer(f"no answer as OpenAI's servers give it: {error}: {words}") from error
