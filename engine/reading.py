"""Samples as people write them: what is misspelt is refused, with the name that was meant.

A test that nobody reads would make its sample pass for the wrong reason.
"""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from veristone import InvalidSample, Sample
from veristone.text import near

__all__ = ["read_sample"]


def read_sample(text: bytes) -> Sample:
    """Return the sample that is written in a JSON object.

    Raises:
        InvalidSample: it is none, holds a field of ours that does not exist, or is nested too
            deeply; the message says what was meant.
    """
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise InvalidSample(str(error)) from error
    except RecursionError as error:
        raise InvalidSample("nested deeper than a sample can be") from error
    try:
        sample = msgspec.convert(fields, Sample)
    except msgspec.ValidationError as error:
        raise InvalidSample(f"{error}{_hint(fields)}") from error
    except RecursionError as error:
        raise InvalidSample("nested deeper than a sample can be") from error
    _refuse_misspelt(fields, sample)
    return sample


def _hint(value: Any) -> str:
    """Say what a line is that is no sample, where that is known."""
    if not isinstance(value, dict):
        return ""
    fields = cast("dict[str, Any]", value)
    if "code" not in fields and fields.keys() & {"task_id", "prompt", "completion", "solution"}:
        return "; tasks and answers of a benchmark are for `veristone eval`"
    check: Any = fields.get("check")
    if isinstance(check, dict) and "kind" not in check:
        return '; a check says its kind: "program", "stdio", "function" or "asserts"'
    return ""


def _refuse_misspelt(fields: Mapping[str, Any], sample: Sample) -> None:
    """Refuse a sample whose tests would be ignored, which would pass for the wrong reason.

    Other tools' fields beside `code` are let be. In `check` and `limits`, which are ours, a field
    that nobody reads is a mistake.

    Raises:
        InvalidSample: naming the field, and the one that was meant.
    """
    if "check" not in fields:
        for name in ("test", "tests"):
            if fields.get(name):
                raise InvalidSample(
                    f"the field {name!r} is not read and the sample has no check: give its tests"
                    ' as "check": {"kind": "asserts", "tests": "..."}'
                )
    for name in ("check", "limits"):
        _refuse_unknown(fields.get(name), getattr(sample, name), name)


def _refuse_unknown(given: Any, read: Any, place: str) -> None:
    if isinstance(given, list) and isinstance(read, list):
        pairs = zip(cast("list[Any]", given), cast("list[Any]", read), strict=True)
        for number, (one, other) in enumerate(pairs):
            _refuse_unknown(one, other, f"{place}[{number}]")
    if not isinstance(given, dict) or not isinstance(read, msgspec.Struct):
        return
    known = read.__struct_fields__
    for name, value in cast("dict[str, Any]", given).items():
        if name in known:
            _refuse_unknown(value, getattr(read, name), f"{place}.{name}")
        elif name != read.__struct_config__.tag_field:
            raise InvalidSample(
                f"{place} has no field {name!r} (only {', '.join(known)}){near(name, known)}"
            )
