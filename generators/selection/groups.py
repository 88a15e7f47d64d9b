"""Responses of one instruction, read together from a file of any length.

The file is sorted by id, as `veristone generate` writes it, so the responses of an instruction
stand together and memory is that of one instruction. A file in another order is refused rather than
read wrongly: an instruction that came twice would be selected twice.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import msgspec

from veristone import DatasetError
from veristone.generators.synthesis.records import Record

__all__ = ["Group", "group_key", "read_groups"]

_MOST_LINE_BYTES = 64 * 1024 * 1024
_MOST_RESPONSES = 10_000
"""Of one instruction. They are in memory together."""
_decode = msgspec.json.Decoder(Record).decode


@dataclass(frozen=True, slots=True)
class Group:
    """All responses to one instruction, in the order of the file."""

    key: str
    """Id of the instruction."""
    records: tuple[Record, ...]


def group_key(record_id: str) -> str:
    """Return the id of the instruction that a response belongs to: `SEED` for `SEED/3`."""
    head, slash, _ = record_id.rpartition("/")
    return head if slash else record_id


def read_groups(path: Path) -> Iterator[Group]:
    """Yield the groups of a responses file (JSON Lines, also gzipped), in order.

    Raises:
        DatasetError: the file cannot be read, a line is no response, an id comes twice, or the
            file is not sorted by id; the message names the line.
    """
    try:
        with _open(path) as file:
            yield from _groups(path, file)
    except (OSError, EOFError) as error:
        raise DatasetError(f"{path}: {error}") from error


def _open(path: Path) -> IO[bytes]:
    if path.name.endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return open(path, "rb")


def _groups(path: Path, file: IO[bytes]) -> Iterator[Group]:
    key: str | None = None
    records: list[Record] = []
    ids: set[str] = set()
    for number, record in _records(path, file):
        here = group_key(record.id)
        if here != key:
            if key is not None:
                yield Group(key, tuple(records))
                if f"{here}/" <= f"{key}/":
                    raise DatasetError(
                        f"{path}:{number}: {record.id} stands after {records[-1].id}: "
                        "the file must be sorted by id, by code points"
                    )
            key, records, ids = here, [], set()
        if record.id in ids:
            raise DatasetError(f"{path}:{number}: the id {record.id} comes twice")
        if len(records) >= _MOST_RESPONSES:
            raise DatasetError(f"{path}:{number}: more than {_MOST_RESPONSES:,} responses to {key}")
        ids.add(record.id)
        records.append(record)
    if key is not None:
        yield Group(key, tuple(records))


def _records(path: Path, file: IO[bytes]) -> Iterator[tuple[int, Record]]:
    number = 0
    while line := file.readline(_MOST_LINE_BYTES + 1):
        number += 1
        if len(line) > _MOST_LINE_BYTES:
            raise DatasetError(f"{path}:{number}: a line of more than {_MOST_LINE_BYTES:,} bytes")
        if not line.strip():
            continue
        try:
            record = _decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DatasetError(f"{path}:{number}: no response of ours: {error}") from error
        if not record.id:
            raise DatasetError(f"{path}:{number}: a response without an id")
        yield number, record
