"""Values as a person reads them, for messages. Hostile ones cost no more than what is shown."""

import base64
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, cast

from veristone.sandbox_images.warden import values

__all__ = ["show"]

_SHOWN = 80
_DEPTH = 20
_SCALARS = ("$int", "$float", "$complex", "$str", "$range", "$decimal", "$fraction")
_AROUND = {
    "$tuple": ("(", ")"),
    "$set": ("{", "}"),
    "$frozenset": ("frozenset({", "})"),
    "$deque": ("deque([", "])"),
}
_MAPPINGS = {"$dict": "", "$odict": "OrderedDict", "$counter": "Counter"}


def show(value: Any) -> str:
    """Return a rendering of a wire value, as Python would print it, of at most 80 characters."""
    text = ""
    for piece in _pieces(value, 0):
        text += piece[: _SHOWN + 1]
        if len(text) > _SHOWN:
            return text[: _SHOWN - 3] + "..."
    return text


def _pieces(value: Any, depth: int) -> Iterator[str]:
    if depth > _DEPTH:
        yield "..."
    elif isinstance(value, str):
        yield repr(value[: 2 * _SHOWN])
    elif isinstance(value, list):
        yield from _joined("[", cast(list[Any], value), "]", depth)
    elif not isinstance(value, dict):
        yield hex(value) if isinstance(value, int) and abs(value) > 1 << 4096 else repr(value)
    else:
        yield from _object(cast(dict[str, Any], value), depth)


def _joined(before: str, items: Iterable[Any], after: str, depth: int) -> Iterator[str]:
    yield before
    for index, item in enumerate(items):
        if index:
            yield ", "
        yield from _pieces(item, depth + 1)
    yield after


def _object(value: dict[str, Any], depth: int) -> Iterator[str]:
    tag, content = next(iter(value.items()), ("", None))
    if len(value) != 1 or not tag.startswith("$"):
        yield from _mapping(value.items(), depth)
    elif isinstance(content, list) and tag in _AROUND:
        items = cast(list[Any], content)
        before, after = _AROUND[tag]
        if tag == "$tuple" and len(items) == 1:
            after = ",)"
        if tag == "$set" and not items:
            before, after = "set(", ")"
        yield from _joined(before, items, after, depth)
    elif tag in _MAPPINGS and isinstance(content, list):
        yield _MAPPINGS[tag]
        yield from _mapping(cast(list[Any], content), depth)
    elif tag in ("$ndarray", "$array") and isinstance(content, list):
        yield from _joined("array(", cast(list[Any], content)[1:2], ")", depth)
    elif tag in ("$enum", "$instance", "$iterator", "$pandas", "$sparse") and isinstance(
        content, list
    ):
        parts = cast(list[Any], content)
        named = isinstance(parts[0], str) if parts else False
        yield f"<{parts[0][:_SHOWN] if named else tag[1:]} "
        yield from _joined("", parts[1:] if named else parts, ">", depth)
    elif tag == "$function":
        yield "<function>"
    elif tag == "$object" and isinstance(content, list):
        yield f"<{': '.join(str(part)[:_SHOWN] for part in cast(list[Any], content)[:2])}>"
    else:
        yield _scalar(tag, content)


def _mapping(pairs: Iterable[Any], depth: int) -> Iterator[str]:
    yield "{"
    for index, pair in enumerate(pairs):
        if index:
            yield ", "
        if not isinstance(pair, list | tuple) or len(cast("list[Any]", pair)) != 2:
            yield "?"
            continue
        key, item = cast("list[Any]", pair)
        yield from _pieces(key, depth + 1)
        yield ": "
        yield from _pieces(item, depth + 1)
    yield "}"


def _scalar(tag: str, content: Any) -> str:
    if tag == "$bytes" and isinstance(content, str):
        with_padding = content[: 4 * _SHOWN]
        try:
            return repr(base64.b64decode(with_padding))
        except ValueError:
            return f"{tag}({with_padding[:_SHOWN]!r})"
    if tag in _SCALARS and _is_short(content):
        try:
            return repr(values.decode({tag: content}))
        except (ValueError, LookupError, RecursionError):
            pass
    text = content if isinstance(content, str) else "..."
    return f"{tag[:_SHOWN]}({text[:_SHOWN]})"


def _is_short(content: Any) -> bool:
    parts = cast(list[Any], content) if isinstance(content, list) else [content]
    for part in itertools.islice(parts, 4):
        inner: Any = part
        if isinstance(inner, dict):
            inner = next(iter(cast(dict[str, Any], inner).values()), None)
        if not isinstance(inner, str | int | float) or len(str(inner)) > 4 * _SHOWN:
            return False
    return len(parts) <= 3
