"""Rows of benchmark and samples files in the containers that the field has them in."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from veristone import DatasetError
from veristone.files import Row, read_bytes, read_rows, read_table

__all__ = ["rows_of"]


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the objects of a file: JSON Lines, a JSON array (of objects, or of lists: then each
    list is the field `code_list`), one JSON object over many lines, or Parquet.

    Raises:
        DatasetError: the file cannot be read; the message says where.
    """
    if path.suffix == ".parquet":
        yield from read_table(path)
        return
    content = read_bytes(path)
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    first = next((line for line in io.BytesIO(text) if line.strip()), b"")
    if text.startswith(b"[") or (text.startswith(b"{") and not _is_json(first)):
        yield from _items(path, text)
        return
    yield from read_rows(path, content)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _items(path: Path, text: bytes) -> Iterator[Row]:
    try:
        whole: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        # JSON Lines whose first line is damaged, or an array that was torn.
        raise DatasetError(f"{path}: neither JSON nor JSON Lines: {error}") from error
    items = cast("list[Any]", whole if isinstance(whole, list) else [whole])
    for number, item in enumerate(items, 1):
        where = f"{path}: item {number}"
        if isinstance(item, list):
            yield Row({"code_list": item}, where)
        elif isinstance(item, dict):
            yield Row(cast("dict[str, Any]", item), where)
        else:
            raise DatasetError(f"{where}: an object was expected, not {type(item).__name__}")
