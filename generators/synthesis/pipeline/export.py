"""Sorted files of what a run made: the same bytes whatever the timing, the processes and the kills.

    concepts.jsonl       records with concepts, as the last stage that made some left them
    instructions.jsonl   the same for instructions
    responses.jsonl      records with verdicts, passes and failures
    verdicts.jsonl       the same verdicts whole, with times, memory and output; these vary
    refused.jsonl        what was refused at any stage, with the reason and the model's text
    dead.jsonl           what could not be done yet, with the reasons of its last attempts
    counts.json          the numbers of all that, by stage and reason

Each file appears whole or not at all. Every record is in exactly one place of its stage: kept or
refused. Equal instructions stay; whoever chooses rows tells them (`veristone select`).

The same program judged twice gets the same decision, reason, tests and message, but not the same
CPU time, and a message may name an object by its address: so verdicts are without these but in
`verdicts.jsonl`. What cannot be made steady is a program that does something else each time, or
that ends just at a limit: its record says what happened in the run that judged it first.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Any

import msgspec

from veristone import Verdict
from veristone.files import whole_file
from veristone.generators.synthesis.pipeline.chain import VERIFY, Chain, StageStatus, reasons
from veristone.generators.synthesis.pipeline.folder import EXPORTS, RunFolder
from veristone.generators.synthesis.records import Record, decode_record, encode

__all__ = ["DeadRecord", "export"]

_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,16}\b")


class DeadRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that failed for good, at which stage, and why its last attempts failed."""

    stage: str
    reasons: tuple[str, ...]
    record: Record


async def export(folder: RunFolder) -> dict[str, Any]:
    """Write all exports; return what is in `counts.json`. Call it inside `files.only_one`.

    Raises:
        QueueUnavailable, ConfigError: the store fails.
        OSError: the disk is full.
    """
    scratch = folder.path / ".export.sqlite"
    scratch.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(scratch, isolation_level=None)) as db:
            lines = _SortedLines(db)
            async with folder.open() as chain:
                counts = await _gather(chain, lines)
            counts = {"recipe": folder.identity.recipe, **counts}
            # All of them or none, but for a kill or a full disk between two renamings.
            with ExitStack() as stack:
                for name in EXPORTS:
                    file = stack.enter_context(whole_file(folder.path / name))
                    file.writelines(line + b"\n" for line in lines.of(name))
                    if name == "counts.json":
                        file.write(msgspec.json.format(encode(counts), indent=1) + b"\n")
    finally:
        scratch.unlink(missing_ok=True)
    return counts


class _SortedLines:
    """Lines of several files, in the order of their records' ids. SQLite sorts, so memory is
    bounded."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        for statement in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "PRAGMA cache_size = -65536",
            "CREATE TABLE lines (file TEXT, id TEXT, rank INTEGER, number INTEGER, line BLOB,"
            " PRIMARY KEY (file, id, rank, number, line)) WITHOUT ROWID",
            "BEGIN",
        ):
            db.execute(statement)

    def add(self, file: str, key: str, line: object, rank: int = 0, number: int = 0) -> None:
        """Add a line; lines of one key are in the order of their ranks, then numbers."""
        self._db.execute(
            "INSERT INTO lines VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (file, key, rank, number, encode(line)),
        )

    def of(self, file: str) -> Iterator[bytes]:
        """Yield the lines of a file in order (by code points of the key)."""
        rows = self._db.execute(
            "SELECT line FROM lines WHERE file = ? ORDER BY id, rank, number, line", (file,)
        )
        return (row[0] for row in rows)


async def _gather(chain: Chain, lines: _SortedLines) -> dict[str, Any]:
    """Add the lines of all files but the last, and return what that one says."""
    looked = await chain.look()
    concepts, instructions = (_last(looked, what) for what in ("concepts", "instructions"))
    rows: list[dict[str, Any]] = []
    for rank, stage in enumerate(looked):
        name = stage.stage
        async for result in chain.results(name):
            for record in result.kept:
                if name == concepts:
                    lines.add("concepts.jsonl", record.id, record)
                if name == instructions:
                    lines.add("instructions.jsonl", record.id, record)
                if name == VERIFY:
                    lines.add("responses.jsonl", record.id, _steady(record))
                    if record.verdict is not None:
                        lines.add("verdicts.jsonl", record.id, record.verdict)
            for number, refusal in enumerate(result.refused):
                steady = msgspec.structs.replace(refusal, record=_steady(refusal.record))
                lines.add("refused.jsonl", steady.record.id, steady, rank, number)
        refused = len(await chain.refused(name))
        rows.append(_row(stage, await _add_dead(chain, lines, name, rank), refused))
    return {"finished": all(stage.queue.finished for stage in looked), "stages": rows}


def _last(looked: Sequence[StageStatus], what: str) -> str:
    """Return the last stage that made some."""
    return next((stage.stage for stage in reversed(looked) if stage.count(what)), "")


async def _add_dead(chain: Chain, lines: _SortedLines, stage: str, rank: int) -> int:
    number = 0
    async for letter in chain.dead(stage):
        record = decode_record(letter.payload)
        dead = DeadRecord(stage=stage, reasons=letter.reasons, record=record)
        lines.add("dead.jsonl", letter.key, dead, rank)
        number += 1
    return number


def _row(stage: StageStatus, dead: int, refused: int) -> dict[str, Any]:
    row: dict[str, Any] = {"stage": stage.stage}
    for name in ("given", "kept", "prompt_tokens", "completion_tokens"):
        row[name] = stage.count(name)
    row["refused"] = dict(sorted(reasons(stage.counts, "refused").items()))
    row["dead"] = dead
    if refused:
        row["refused_by_server"] = refused
    if stage.stage == VERIFY:
        row["verdicts"] = dict(sorted(reasons(stage.counts, "verdict").items()))
        row["vacuous"] = stage.count("vacuous")
    return row


def _steady(record: Record) -> Record:
    """The record with a verdict without usage, isolation, attempts, output and addresses; of its
    strength stays what was found, not what that took."""
    verdict = record.verdict
    if verdict is None:
        return record
    tests = [msgspec.structs.replace(t, message=_no_address(t.message)) for t in verdict.tests]
    strength = verdict.strength
    if strength is not None:
        strength = msgspec.structs.replace(strength, runs=0, cpu_s=0.0)
    # What is not named keeps its default, and so stays out of the JSON.
    steady = Verdict(
        id=verdict.id,
        decision=verdict.decision,
        reason=verdict.reason,
        message=_no_address(verdict.message),
        judged=verdict.judged,
        strength=strength,
        passed=verdict.passed,
        total=verdict.total,
        tests=tests,
        exit_code=verdict.exit_code,
        signal=verdict.signal,
        version=verdict.version,
    )
    return msgspec.structs.replace(record, verdict=steady)


def _no_address(text: str) -> str:
    return _ADDRESS.sub("at 0x…", text) if "0x" in text else text
