"""What several dialects do in the same way."""

import base64
import binascii
from collections.abc import Mapping

from veristone import InvalidSample

__all__ = ["decoded_files"]


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
