"""What a synthesis in the loop starts from, where that is not simply a file: some of the seeds,
the instructions that were selected before, or functions whose documentation is the instruction.
"""

import hashlib
import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from veristone import ConfigError
from veristone.files import read_rows, read_table, whole_file
from veristone.generators.seeds.records import Seed
from veristone.generators.synthesis.records import Record, encode

__all__ = ["count_rows", "prepared", "write_pairs"]


def prepared(given: Path, folder: Path, limit: int) -> Path:
    """Return the file that synthesis reads: `given`, or one in the folder that was made of it.

    Of a selection's rows these are the records that they were made from, which know their language
    and seed. With a limit so many rows are drawn by the digests of their ids: the same ones
    whenever they are drawn, from all over the file.
    """
    first = next(read_table(given), None)
    selected = first is not None and isinstance(first.fields.get("record"), dict)
    if not (selected or limit):
        return given
    rows: Iterator[dict[str, Any]] = (row.fields for row in read_table(given))
    if selected:
        rows = (row["record"] for row in rows)
    if limit:
        drawn = heapq.nsmallest(limit, enumerate(rows), key=lambda one: _draw(one[1], one[0]))
        rows = (row for _, row in sorted(drawn, key=lambda one: one[0]))
    path = folder / "input.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.writelines(encode(row) + b"\n" for row in rows)
    return path


def write_pairs(seeds: Path, responses: Path) -> int:
    """Write documented functions as responses without a verdict; return how many.

    Magicoder's baseline (arXiv 2312.02120, section 5): the documentation is the instruction, the
    function as it stands the answer. Functions without documentation are left out.

    Raises:
        ConfigError: none has any.
    """
    found: list[Record] = []
    for row in read_rows(seeds):
        seed = msgspec.convert(row.fields, Seed)
        if seed.docstring.strip():
            found.append(_pair(seed))
    found.sort(key=lambda record: record.id)
    if not found:
        raise ConfigError(f"{seeds}: no function in it has documentation")
    with whole_file(responses) as file:
        file.writelines(encode(record) + b"\n" for record in found)
    return len(found)


def count_rows(selected: Path) -> int:
    """Return the number of rows of a selection."""
    return sum(1 for _ in read_rows(selected))


def _pair(seed: Seed) -> Record:
    fence = "`````" if "```" in seed.text else "```"
    return Record(
        id=f"{seed.id}/0",
        seed=seed,
        language=seed.language,
        category="function",
        instruction=seed.docstring.strip(),
        response=f"{fence}{seed.language}\n{seed.text}\n{fence}",
        code=seed.text,
    )


def _draw(row: dict[str, Any], number: int) -> bytes:
    name = str(row.get("id") or row.get("task_id") or number)
    return hashlib.sha256(name.encode(errors="surrogatepass")).digest()
