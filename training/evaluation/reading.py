"""Rows of benchmark and samples files in the containers that the field has them in."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from veristone import DatasetError
from veristone.files import Row, read_bytes, read_rows, read_table

__all__ = ["rows_of"]

_LISTS = frozenset({"code_list", "completions", "generation", "solution"})
"""Fields that may be all that a row has."""


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the objects of a file: JSON Lines, a JSON array (of objects, or of lists: then each
    list is the field `code_list`), one JSON object (of many lines; or of lists under the ids of
    tasks, which is many rows), or Parquet.

    Raises:
        DatasetError: the file cannot be read; the message says where.
    """
    if path.suffix == ".parquet":
        yield from read_table(path)
        return
    content = read_bytes(path)
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = next((line for line in io.BytesIO(text) if line.strip()), b"")
    alone = len(first) >= len(text.rstrip())
    if text.startswith(b"[") or (text.startswith(b"{") and not _is_row(first, alone=alone)):
        yield from _items(path, text)
        return
    yield from read_rows(path, content)


def _by_id(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of an object that has answers under the ids of tasks; none where the values
    are no answers."""
    lists = [value for value in whole.values() if isinstance(value, list)]
    if len(lists) < len(whole) or not _LISTS.isdisjoint(whole):
        return []
    return [{"task_id": name, "code_list": value} for name, value in whole.items()]


def _is_row(line: bytes, *, alone: bool) -> bool:
    """Whether a line is a row of JSON Lines, and not the beginning of something longer or, where
    there is no other, all rows in one."""
    try:
        found: Any = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return not (alone and isinstance(found, dict) and _by_id(cast("dict[str, Any]", found)))


def _items(path: Path, text: bytes) -> Iterator[Row]:
    try:
        whole: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        # JSON Lines whose first line is damaged, or an array that was torn.
        raise DatasetError(f"{path}: neither JSON nor JSON Lines: {error}") from error
    items = cast("list[Any]", whole if isinstance(whole, list) else _by_id(whole) or [whole])
    for number, item in enumerate(items, 1):
        where = f"{path}: item {number}"
        if isinstance(item, list):
            yield Row({"code_list": item}, where)
        elif isinstance(item, dict):
            yield Row(cast("dict[str, Any]", item), where)
        else:
            raise DatasetError(f"{where}: an object was expected, not {type(item).__name__}")
