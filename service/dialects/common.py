"""What several dialects do in the same way."""

import base64
import binascii
from collections.abc import Mapping

from veristone import InvalidSample
from veristone.service.admission import NoVerdict
from veristone.service.errors import Reply

__all__ = ["decoded_files", "fastapi_invalid", "refused_with_detail", "with_detail"]


def with_detail(status: int, why: str) -> Reply:
    """Return an error in the form in which servers built on FastAPI have theirs."""
    return Reply(status, {"detail": why})


def fastapi_invalid(status: int, why: str) -> Reply:
    """Return what FastAPI says of a request that is none: 422 where we have 400."""
    return with_detail(422 if status == 400 else status, why)


def refused_with_detail(error: NoVerdict) -> Reply:
    """Return 503 in that form, with the time after which to ask again."""
    return Reply(503, {"detail": str(error)}, {"Retry-After": str(error.retry_after_s)})


def decoded_files(given: Mapping[str, str | None]) -> dict[str, bytes]:
    """Return files that came in base64; one without content is left out.

    Raises:
        InvalidSample: one is no base64.
    """
    return {name: _decoded(name, text) for name, text in given.items() if text is not None}


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSample(f"files: {name!r} is no base64: {error}") from error
