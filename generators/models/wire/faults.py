"""What a status other than 200 means.

408 409 425 429 5xx    ask again later (`Again`); 429, 503 and 529 say that it is too much
400 413 414 422 431    this request will never be answered (`RequestRefused`)
everything else        a setting is wrong (`ConfigError`): address, model, key
"""

import email.utils
import math
import re
from collections.abc import Mapping
from datetime import UTC
from typing import cast

import msgspec

from veristone import ConfigError, RequestRefused

__all__ = ["Again", "about_choices", "fault", "retry_after_s", "said"]

_AGAIN = frozenset({408, 409, 425, 429})
_TOO_MUCH = frozenset({429, 503, 529})
"""503 is what vLLM and Ollama answer when their queue is full, 529 what NVIDIA Dynamo does."""
_NEVER = frozenset({400, 413, 414, 422, 431})
_LONGEST_MESSAGE = 600
_CHOICES = re.compile(r"\bn\b|\bchoices?\b|\bbest_of\b", re.IGNORECASE)


class Again(Exception):
    """No answer now; the same request may have one later."""

    def __init__(
        self, message: str, *, overloaded: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.overloaded = overloaded
        """The server has more to do than it can: ask less of it."""
        self.retry_after_s = retry_after_s
        """Seconds that the server asks to be left alone for."""


def fault(
    status: int, headers: Mapping[str, str], body: bytes, *, what: str, now_s: float
) -> Again | RequestRefused | ConfigError:
    """Return what a status other than 200 means, as the exception to raise.

    `headers` are looked up in lower case; `what` was asked, for messages; `now_s` is the time of
    day in seconds since the epoch.
    """
    message = said(body)
    answer = f"the server answered {status}" + (f": {message}" if message else "")
    if status == 429 and "insufficient_quota" in message:
        return ConfigError(f"{answer}. The account's quota is used up: waiting does not help")
    if status in _AGAIN or status >= 500:
        return Again(
            answer,
            overloaded=status in _TOO_MUCH,
            retry_after_s=retry_after_s(headers.get("retry-after", ""), now_s),
        )
    if status in _NEVER:
        return RequestRefused(f"{what}: {answer}")
    return ConfigError(f"{answer}. {_advice(status)}")


def about_choices(message: str) -> bool:
    """Whether a refusal seems to be about how many choices were asked for."""
    return _CHOICES.search(message) is not None


def said(body: bytes) -> str:
    """Return what the body of an error says: its message, or its beginning, on one line.

    The shapes are ``{"error": {"message"}}`` (OpenAI), ``{"error": ""}``, ``{"message"}`` (older
    vLLM) and ``{"detail"}`` (FastAPI).
    """
    try:
        found: object = msgspec.json.decode(body)
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return _one_line(body[: 8 * _LONGEST_MESSAGE].decode(errors="replace"))
    codes: list[str] = []
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            fields = cast(dict[str, object], found)
            codes += [str(fields[key]) for key in ("code", "type") if _is_word(fields.get(key))]
            found = fields[name]
    text = found if isinstance(found, str) else _as_json(cast(object, found))
    return _one_line(" ".join([*(f"[{code}]" for code in codes), text]))


def retry_after_s(value: str, now_s: float) -> float | None:
    """Return the seconds of a Retry-After (RFC 9110, section 10.2.3): a number or a date."""
    value = value.strip()
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, now_s)
    if seconds is None or not math.isfinite(seconds):
        return None
    return max(seconds, 0.0)


def _until(value: str, now_s: float) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp() - now_s
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _advice(status: int) -> str:
    if status == 401:
        return "Set `api_key_env` to the environment variable that holds the key"
    if status == 403:
        return "The key is not allowed to use this model"
    if status == 404:
        return "Check `base_url` (it mostly ends in /v1), `model`, and that the server has chats"
    if 300 <= status < 400:
        return "It redirects, which is not followed: set `base_url` to where it points"
    return "Check `base_url` and what the server supports"


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 64


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode() if value else ""


def _one_line(text: str) -> str:
    clean = "".join(char if char.isprintable() else " " for char in text)
    clean = " ".join(clean[: 4 * _LONGEST_MESSAGE].split())
    return clean if len(clean) <= _LONGEST_MESSAGE else clean[: _LONGEST_MESSAGE - 1] + "…"
