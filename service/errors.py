"""What a request gets that cannot be answered: status codes and the body that explains them."""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from veristone import InvalidSample, VeristoneError
from veristone.service.admission import Overloaded

__all__ = ["HANDLERS", "Problem", "explained"]


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


def _overloaded(request: Request[Any, Any, Any], error: Overloaded) -> Response[Problem]:
    return _problem(429, "overloaded", str(error), **{"Retry-After": str(error.retry_after_s)})


def _ours(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return _problem(503, "sandbox_error", str(error), **{"Retry-After": "1"})


def explained(error: HTTPException) -> str:
    """Return what is wrong with a request, with the fields that it is about."""
    extra: Any = error.extra or []
    details: list[Any] = list(extra) if isinstance(extra, list) else []  # pyright: ignore[reportUnknownArgumentType]
    said = [f"{each.get('key', '')}: {each.get('message', '')}" for each in details]
    return "; ".join(said).replace("data: ", "") or error.detail


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    code = _CODES.get(error.status_code, "invalid" if error.status_code < 500 else "fault")
    headers = {str(name): str(value) for name, value in (error.headers or {}).items()}
    return _problem(error.status_code, code, explained(error), **headers)


HANDLERS: Any = {
    InvalidSample: _invalid,
    Overloaded: _overloaded,
    RecursionError: _nested,
    UnicodeError: _nested,
    VeristoneError: _ours,
    HTTPException: _http,
}
