"""Samples as people write them: what is misspelt is refused, with the name that was meant.

A test that nobody reads would make its sample pass for the wrong reason.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

import msgspec

from veristone import Check, Comparator, InvalidSample, Sample
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
        raise InvalidSample(f"{error}{_hint(fields, str(error))}") from error
    except RecursionError as error:
        raise InvalidSample("nested deeper than a sample can be") from error
    _refuse_misspelt(fields, sample)
    return sample


def _hint(value: Any, error: str) -> str:
    """Say what a line is that is no sample, where that is known."""
    if not isinstance(value, dict):
        return ""
    fields = cast("dict[str, Any]", value)
    if "code" not in fields and fields.keys() & {"task_id", "prompt", "completion", "solution"}:
        return "; tasks and answers of a benchmark are for `veristone eval`"
    check: Any = fields.get("check")
    if isinstance(check, dict) and "kind" not in check:
        return f"; a check says its kind, one of {', '.join(map(repr, _KINDS))}"
    missing = re.search(r"missing required field `(\w+)` - at `\$\.check`", error)
    if missing is not None and isinstance(check, dict):
        others = cast("dict[str, Any]", check)
        meant = difflib.get_close_matches(missing[1], [*others], 1)
        return f"; it has {meant[0]!r}: did you mean {missing[1]!r}?" if meant else ""
    return _form(error)


def _form(error: str) -> str:
    """Say how what stands at the place of an error is written, where that is known."""
    place = re.search(r"at `\$\.([^`]*)`", error)
    if place is None:
        return ""
    name = re.sub(r"\[\d+\]", "[]", place[1])
    given = re.search(r"^Invalid (?:enum )?value '(.*?)' - at", error)
    if given is not None and name in _CHOICES:
        return f" (one of {', '.join(_CHOICES[name])}){near(given[1], _CHOICES[name])}"
    return f"; write it as {_FORMS[name]}" if name in _FORMS else ""


def _refuse_misspelt(fields: Mapping[str, Any], sample: Sample) -> None:
    """Refuse a sample with something that nobody would read: it would pass for the wrong reason.

    In `check` and `limits`, which are ours, that is every field that does not exist. Beside `code`
    other tools' fields are let be, unless they are a misspelling of ours or say how a program is
    tested and limited.

    Raises:
        InvalidSample: naming the field, and where what it holds belongs.
    """
    for name, value in fields.items():
        if name not in sample.__struct_fields__ and value not in _SAYS_NOTHING:
            _refuse_foreign(name, fields)
    for name in ("check", "limits"):
        _refuse_unknown(fields.get(name), getattr(sample, name), name)


def _refuse_foreign(name: str, fields: Mapping[str, Any]) -> None:
    """Refuse a field beside `code` that belongs somewhere else.

    Raises:
        InvalidSample: it does.
    """
    place = next((place for place, names in _PLACES.items() if name.lower() in names), None)
    if place is None:
        meant = [each for each in Sample.__struct_fields__ if _bare(each) == _bare(name)]
        if meant and len(name) > len("ids"):
            raise InvalidSample(f"a sample has no field {name!r}; did you mean {meant[0]!r}?")
        return
    if place == "tests" and "check" not in fields:
        raise InvalidSample(
            f"the field {name!r} is not read and the sample has no check: give its tests"
            ' as "check": {"kind": "asserts", "tests": "..."}'
        )
    raise InvalidSample(
        f"the field {name!r} is not read beside 'code': {_BELONGS[place]}, and what is only to be"
        " carried along into 'metadata'"
    )


def _bare(name: str) -> str:
    return name.lower().replace("_", "").rstrip("s")


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
            meant = [each for each in _MEANT.get(name.lower(), ()) if each in known]
            hint = (
                f"; did you mean {' or '.join(map(repr, meant))}?" if meant else near(name, known)
            )
            raise InvalidSample(f"{place} has no field {name!r} (only {', '.join(known)}){hint}")


_SAYS_NOTHING = (None, "", [], {})
_WORDS = tomllib.loads(Path(__file__).with_name("foreign_fields.toml").read_text("utf-8"))
_PLACES: dict[str, list[str]] = _WORDS["beside_code"]
"""Fields of other formats, and of ours in the wrong place, by where what they say belongs."""
_MEANT: dict[str, list[str]] = {
    theirs: meant["ours"] for meant in _WORDS["within"] for theirs in meant["theirs"]
}
"""What a field of `check` or `limits` is called here, by other formats' words for it."""
_FORMS: dict[str, str] = _WORDS["forms"]
_KINDS = [str(kind.__struct_config__.tag) for kind in get_args(Check)]
_CHOICES = {
    "check.kind": _KINDS,
    "check.compare.mode": list(get_args(get_type_hints(Comparator)["mode"])),
}
"""The words of which one stands at a place."""
_BELONGS = {
    "tests": "tests belong into 'check'",
    "check": "how a program is tested belongs into 'check'",
    "limits": "what it may use belongs into 'limits'",
    "language": "the language is the field 'language'",
}
