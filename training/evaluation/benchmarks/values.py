"""Python values as the tagged JSON of docs/wire.md, for the arguments of a `Call`.

Only what benchmark files hold: JSON's own types, and tuples, sets and complex numbers that the
conversion of MBPP+ inputs makes. Nothing here is ever run on values that a sample made.
"""

import math
import re
from typing import Any, cast

import msgspec

__all__ = ["encode_each", "encode_json", "encode_value"]

EXACT_INT = 2**53
"""Largest integer that every JSON reader keeps exact (RFC 8259, section 6)."""


_NOT_AS_IT_IS = re.compile(rb'"\$|null|\d{16}')
"""In text that msgspec wrote: a key that could be a tag, what may have been no finite number, and
an integer, or a fraction, of as many digits as EXACT_INT."""


def encode_json(values: list[Any]) -> list[Any]:
    """Return the wire form of values that were read from JSON: mostly what they are already."""
    return values if _is_as_it_is(values) else _encode_items(values)


def encode_each(lists: list[list[Any]]) -> list[list[Any]]:
    """Return the wire form of lists of values that were read from JSON."""
    return lists if _is_as_it_is(lists) else [encode_json(values) for values in lists]


def _is_as_it_is(values: list[Any]) -> bool:
    try:
        return _NOT_AS_IT_IS.search(msgspec.json.encode(values)) is None
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def encode_value(value: Any) -> Any:
    """Return the wire form of `value`.

    Raises:
        TypeError: the value is of a type that no benchmark file can hold.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -EXACT_INT <= value <= EXACT_INT else {"$int": hex(value)}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, complex):
        return {"$complex": [encode_value(value.real), encode_value(value.imag)]}
    if isinstance(value, str):
        return _encode_text(value)
    if isinstance(value, list):
        return _encode_items(cast("list[Any]", value))
    if isinstance(value, tuple):
        return {"$tuple": _encode_items(cast("tuple[Any, ...]", value))}
    if isinstance(value, set):
        # Sorted, so that equal samples get equal ids whatever the hash seed of this process.
        return {"$set": sorted(_encode_items(cast("set[Any]", value)), key=repr)}
    if isinstance(value, dict):
        return _encode_dict(cast("dict[Any, Any]", value))
    raise TypeError(f"a {type(value).__name__} has no place in a benchmark's input")


def _encode_items(items: "list[Any] | tuple[Any, ...] | set[Any]") -> list[Any]:
    return [encode_value(item) for item in items]


def _encode_text(text: str) -> Any:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # JSON's \ud800 escapes can hold half a pair
        return {"$str": text.encode("utf-8", "surrogatepass").hex()}
    return text


def _encode_dict(value: dict[Any, Any]) -> Any:
    # A key that starts with $ would be read as a tag, so such a dictionary is written as pairs.
    plain = all(
        isinstance(key, str) and not key.startswith("$") and _encode_text(key) is key
        for key in value
    )
    if plain:
        return {key: encode_value(item) for key, item in value.items()}
    return {"$dict": [[encode_value(key), encode_value(item)] for key, item in value.items()]}
