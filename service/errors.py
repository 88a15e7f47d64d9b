"""What a request gets that cannot be answered: status codes and the body that explains them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from veristone import InvalidSample, SessionsFull, VeristoneError
from veristone.service.admission import NoVerdict, Overloaded

__all__ = ["HANDLERS", "Problem", "Refuse", "Reply", "explained", "refuse"]

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


_CODES = {401: "unauthorized", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


def _problem(status: int, code: str, message: str, **headers: str) -> Response[Problem]:
    return Response(Problem(error=message, code=code), status_code=status, headers=headers)


def _invalid(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return _problem(400, "invalid", str(error))


def _nested(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return _problem(400, "invalid", "the body is nested too deeply, or is not UTF-8")


def refuse(error: NoVerdict) -> Reply:
    """Say that there is no verdict, as the service's own paths do."""
    status, code = (429, "overloaded") if isinstance(error, Overloaded) else (503, "sandbox_error")
    headers = {"Retry-After": str(error.retry_after_s)}
    return Reply(status, Problem(error=str(error), code=code), headers)


def _no_verdict(request: Request[Any, Any, Any], error: NoVerdict) -> Response[Any]:
    return refuse(error).response()


def _ours(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return _problem(503, "sandbox_error", str(error), **{"Retry-After": "1"})


def explained(error: HTTPException) -> str:
    """Return what is wrong with a request, with the fields that it is about."""
    extra: Any = error.extra or []
    details: list[Any] = list(extra) if isinstance(extra, list) else []  # pyright: ignore[reportUnknownArgumentType]
    said = [f"{each.get('key', '')}: {each.get('message', '')}" for each in details]
    return "; ".join(said).replace("data: ", "") or error.detail


def _waiting(request: Request[Any, Any, Any], error: SessionsFull) -> Response[Problem]:
    return _problem(429, "overloaded", str(error), **{"Retry-After": "1"})


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    code = _CODES.get(error.status_code, "invalid" if error.status_code < 500 else "fault")
    headers = {str(name): str(value) for name, value in (error.headers or {}).items()}
    return _problem(error.status_code, code, explained(error), **headers)


def _fault(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    _log.error("an unforeseen error at %s", request.url.path, exc_info=error)
    return _problem(500, "fault", "an unforeseen error of the service: its log has the traceback")


HANDLERS: Any = {
    Exception: _fault,
    InvalidSample: _invalid,
    NoVerdict: _no_verdict,
    RecursionError: _nested,
    UnicodeError: _nested,
    SessionsFull: _waiting,
    VeristoneError: _ours,
    HTTPException: _http,
}
