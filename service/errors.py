"""What a request gets that cannot be answered: status codes and the body that explains them."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from veristone import InvalidSample, SessionsFull, VeristoneError
from veristone.service.admission import NoVerdict, Overloaded

__all__ = [
    "HANDLERS",
    "Fault",
    "Problem",
    "Refuse",
    "Reply",
    "handlers",
    "no_verdict",
    "refuse",
]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer in place of a result, in the words of whoever's client asked."""

    status: int
    body: Any
    """Text, or what is sent as JSON."""
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def media_type(self) -> str:
        """Of the body."""
        return "text/plain" if isinstance(self.body, str) else "application/json"

    def response(self) -> Response[Any]:
        """Return it as a route's handler of exceptions does."""
        return Response(
            self.body,
            status_code=self.status,
            media_type=self.media_type,
            headers=self.headers,
        )

    def content(self) -> bytes:
        """Return the body's bytes."""
        return self.body.encode() if isinstance(self.body, str) else msgspec.json.encode(self.body)


Refuse = Callable[[NoVerdict], Reply]
"""Says that there is no verdict, so that a dialect's clients ask again."""


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The body of every answer that is no result."""

    error: str
    """What is wrong and what to do, for people."""
    code: str
    """What kind of trouble, for programs: `invalid`, `unauthorized`, `overloaded`, ..."""


_CODES = {
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
}


def refuse(error: NoVerdict) -> Reply:
    """Say that there is no verdict, as the service's own paths do."""
    status = 429 if isinstance(error, Overloaded) else 503
    headers = {"Retry-After": str(error.retry_after_s)}
    return Reply(status, Problem(error=str(error), code=error.code), headers)


class Fault(NoVerdict):
    """Something went wrong in here that nobody foresaw: the log says what."""

    code = "fault"


def no_verdict(error: BaseException, path: str) -> NoVerdict:
    """Return any error of ours as what it is for whoever asked: no verdict, ask again.

    Args:
        error: that nothing else answers.
        path: that was asked for; an error that nobody foresaw is told to the log with it.
    """
    if isinstance(error, NoVerdict):
        return error
    if isinstance(error, SessionsFull):
        return Overloaded(str(error))
    if isinstance(error, VeristoneError):
        return NoVerdict(str(error))
    if isinstance(error, asyncio.CancelledError):
        return NoVerdict("the service ends before this could be answered")
    _log.error("an unforeseen error at %s", path, exc_info=error)
    return Fault("an unforeseen error of the service: its log has the traceback")


def _explained(error: HTTPException) -> str:
    """Return what is wrong with a request, with the fields that it is about."""
    extra: Any = error.extra or []
    details: list[Any] = list(extra) if isinstance(extra, list) else []  # pyright: ignore[reportUnknownArgumentType]
    if [each.get("message") for each in details] == ["'data'"]:  # Litestar's words for it
        return "a body is expected, and there is none"
    said = [f"{each.get('key', '')}: {each.get('message', '')}" for each in details]
    return "; ".join(said).replace("data: ", "") or error.detail


def handlers(say: Refuse, invalid: Callable[[int, str], Response[Any]]) -> dict[Any, Any]:
    """Return what Litestar answers exceptions with.

    Args:
        say: that there is no verdict.
        invalid: says what is wrong with a request, given the status for it.
    """

    def fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        return say(no_verdict(error, request.url.path)).response()

    def unfit(request: Request[Any, Any, Any], error: InvalidSample) -> Response[Any]:
        return invalid(400, str(error))

    def nested(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        return invalid(400, "the body is nested too deeply, or is not UTF-8")

    def http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        if error.status_code >= 500:  # Litestar's own: who sent the body left in the middle of it
            return say(NoVerdict(_explained(error))).response()
        answer = invalid(error.status_code, _explained(error))
        answer.headers.update(error.headers or {})
        return answer

    return {
        Exception: fault,
        InvalidSample: unfit,
        RecursionError: nested,
        UnicodeError: nested,
        HTTPException: http,
    }


def _invalid(status: int, why: str) -> Response[Any]:
    problem = Problem(error=why, code=_CODES.get(status, "invalid"))
    return Response(problem, status_code=status)


HANDLERS = handlers(refuse, _invalid)
