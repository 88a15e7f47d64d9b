"""Responses of one instruction, read together from a file of any length.

The file is sorted by id, as `veristone generate` writes it, so the responses of an instruction
stand together and memory is that of one instruction. A file in another order is refused rather than
read wrongly: an instruction that came twice would be selected twice.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from veristone import DatasetError
from veristone.files import read_rows
from veristone.generators.synthesis.records import Record

__all__ = ["Group", "group_key", "read_groups"]


class Group(NamedTuple):
    """All responses to one instruction, in the order of the file."""

    key: str
    """Id of the instruction."""
    records: list[Record]


def group_key(record_id: str) -> str:
    """Return the id of the instruction that a response belongs to: `SEED` for `SEED/3`."""
    head, slash, _ = record_id.rpartition("/")
    return head if slash else record_id


def read_groups(path: Path) -> Iterator[Group]:
    """Yield the groups of a responses file (JSON Lines, plain or compressed), in order.

    Raises:
        DatasetError: the file cannot be read, a line is no response, an id comes twice, or the
            file is not sorted by id; the message names the line.
    """
    group: Group | None = None
    ids: set[str] = set()
    for where, record in _records(path):
        key = group_key(record.id)
        if group is None or key != group.key:
            if group is not None:
                yield group
                if f"{key}/" <= f"{group.key}/":
                    raise DatasetError(
                        f"{where}: {record.id} stands after {group.records[-1].id}: "
                        "the file must be sorted by id, by code points"
                    )
            group, ids = Group(key, []), set()
        if record.id in ids:
            raise DatasetError(f"{where}: the id {record.id} comes twice")
        ids.add(record.id)
        group.records.append(record)
    if group is not None:
        yield group


def _records(path: Path) -> Iterator[tuple[str, Record]]:
    """Yield each response and where it stands."""
    for row in read_rows(path):
        try:
            record = msgspec.convert(row.fields, Record)
        except msgspec.ValidationError as error:
            raise DatasetError(
                f"{row.where}: no response of ours: {error}; give the responses.jsonl of a run of"
                " `veristone generate`"
            ) from error
        if not record.response and record.verdict is None:
            raise DatasetError(
                f"{row.where}: no response in it: give the responses.jsonl of a run of"
                " `veristone generate`"
            )
        if not record.id:
            raise DatasetError(f"{row.where}: a response without an id")
        yield row.where, record
