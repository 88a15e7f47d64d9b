"""What several dialects do in the same way."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from veristone import FunctionCheck, InvalidSample, Sample
from veristone.forms import check_of
from veristone.generators.code.answers import solution_in_answer

__all__ = ["answer_sample", "decoded_files"]


def answer_sample(answer: str, check: Any, language: str = "python") -> Sample:
    """Return the sample that a model's answer and a row's check are.

    Raises:
        InvalidSample: the check is none.
    """
    found = check_of(check)
    entry = found.entry_point if isinstance(found, FunctionCheck) else ""
    return Sample(
        code=solution_in_answer(answer, entry_point=entry).code, check=found, language=language
    )


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
