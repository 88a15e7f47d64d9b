"""Sorted files from the store: the same bytes whatever the timing, the processes and the kills.

    concepts.jsonl       records with concepts, as the last stage that made some left them
    instructions.jsonl   the same for instructions
    responses.jsonl      records with verdicts, passes and failures
    verdicts.jsonl       the same verdicts whole, with times, memory and output; these vary
    refused.jsonl        what was refused at any stage, with the reason and the model's text
    dead.jsonl           what could not be done yet, with the reasons of its last attempts
    counts.json          the numbers of all that, by stage and reason

Each file appears whole or not at all. Equal instructions (without regard to case and white space,
in the same language) are told here, when all are known: the record with the smallest id stays, the
others and what was made of them are refused as `duplicate_instruction`. Every record of the store
is in exactly one place of its stage: kept or refused.
"""

import hashlib
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from veristone.generators.synthesis.pipeline.folder import EXPORTS, FEED, RunFolder
from veristone.generators.synthesis.pipeline.judging import VERIFY
from veristone.generators.synthesis.pipeline.sorting import Sorter
from veristone.generators.synthesis.pipeline.status import reasons
from veristone.generators.synthesis.pipeline.steady import steady
from veristone.generators.synthesis.pipeline.store import Counts, ResultStore
from veristone.generators.synthesis.pipeline.wire import decode_record, decode_result, encode
from veristone.generators.synthesis.records import Record, Refusal

__all__ = ["DUPLICATE", "DeadRecord", "export"]

DUPLICATE = "duplicate_instruction"
_PAGE = 100


class DeadRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that failed for good, at which stage, and why its last attempts failed."""

    stage: str
    reasons: tuple[str, ...]
    record: Record


async def export(folder: RunFolder) -> dict[str, Any]:
    """Write all exports; return what is in `counts.json`. Call it inside `folder.alone()`.

    Raises:
        QueueUnavailable, ConfigError: the store or a queue fails.
        OSError: the disk is full.
    """
    for old in folder.path.glob(".export-*"):
        shutil.rmtree(old, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix=".export-", dir=folder.path))
    try:
        with Sorter(aside / "sort.sqlite") as sorter:
            async with folder.store() as store:
                work = _Export(folder, store, sorter, await store.counts())
                counts = await work.gather()
            for name in EXPORTS:
                if name.endswith(".jsonl"):
                    _write(aside / name, sorter.lines(name))
        _write(aside / "counts.json", [msgspec.json.format(encode(counts), indent=1)])
        for name in EXPORTS:
            (aside / name).replace(folder.path / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return counts


def _write(path: Path, lines: Iterable[bytes]) -> None:
    with open(path, "wb") as file:
        for line in lines:
            file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())


class _Export:
    """Reads the store once for the instructions and once for everything."""

    def __init__(
        self, folder: RunFolder, store: ResultStore, sorter: Sorter, counts: Counts
    ) -> None:
        self._folder = folder
        self._store = store
        self._sorter = sorter
        self._counts = counts
        self._concepts = self._last_that_made("concepts")
        self._instructions = self._last_that_made("instructions")
        self._duplicates: Counter[str] = Counter()
        self._dead: Counter[str] = Counter()
        self._verdicts: Counter[str] = Counter()

    def _last_that_made(self, what: str) -> str | None:
        made = [s for s in self._folder.stages if self._counts.get(s, {}).get(what)]
        return made[-1] if made else None

    async def gather(self) -> dict[str, Any]:
        """Give the sorter every line; return the counts."""
        if self._instructions is not None:
            async for _, data in self._store.items(self._instructions):
                for record in decode_result(data).kept:
                    if record.instruction:
                        self._sorter.claim(_digest(record), record.id)
        for rank, stage in enumerate((FEED, *self._folder.stages)):
            async for key, data in self._store.items(stage):
                if self._sorter.is_new(stage, key):
                    self._add(stage, rank, data)
        finished = await self._add_dead()
        return self._summary(finished)

    def _add(self, stage: str, rank: int, data: bytes) -> None:
        result = decode_result(data)
        for number, refusal in enumerate(result.refused):
            self._refuse(refusal, rank, number)
        for record in result.kept:
            if stage == self._concepts:
                self._sorter.add("concepts.jsonl", record.id, encode(record))
            if stage not in (self._instructions, VERIFY):
                continue
            rival = self._sorter.rival(record.id)
            if rival is not None:
                self._duplicates[stage] += 1
                self._refuse(_duplicate(record, stage, rival), rank)
            elif stage == self._instructions:
                self._sorter.add("instructions.jsonl", record.id, encode(record))
            else:
                self._respond(record)

    def _respond(self, record: Record) -> None:
        if record.verdict is not None:
            self._verdicts[record.verdict.reason] += 1
            self._sorter.add("verdicts.jsonl", record.id, encode(record.verdict))
            record = msgspec.structs.replace(record, verdict=steady(record.verdict))
        self._sorter.add("responses.jsonl", record.id, encode(record))

    def _refuse(self, refusal: Refusal, rank: int, number: int = 0) -> None:
        record = refusal.record
        if record.verdict is not None:
            record = msgspec.structs.replace(record, verdict=steady(record.verdict))
            refusal = msgspec.structs.replace(refusal, record=record)
        self._sorter.add("refused.jsonl", record.id, encode(refusal), rank, number)

    async def _add_dead(self) -> bool:
        """Add the dead letters; return whether nothing else is left to do."""
        finished = True
        for rank, stage in enumerate(self._folder.stages):
            async with self._folder.queue(stage) as queue:
                finished = (await queue.stats()).finished and finished
                after = ""
                while page := await queue.dead_letters(_PAGE, after):
                    for letter in page:
                        dead = DeadRecord(
                            stage=stage,
                            reasons=letter.reasons,
                            record=decode_record(letter.payload),
                        )
                        self._sorter.add("dead.jsonl", letter.key, encode(dead), rank)
                        self._dead[stage] += 1
                    after = page[-1].key
        return finished

    def _summary(self, finished: bool) -> dict[str, Any]:
        stages: list[dict[str, Any]] = []
        for stage in (FEED, *self._folder.stages):
            counts = self._counts.get(stage, {})
            if stage == FEED and not counts:
                continue
            refused = reasons(counts, "refused")
            if self._duplicates[stage]:
                refused[DUPLICATE] = self._duplicates[stage]
            row: dict[str, Any] = {"stage": stage}
            for name in ("given", "kept", "prompt_tokens", "completion_tokens"):
                row[name] = counts.get(name, 0)
            row["kept"] -= self._duplicates[stage]
            row["refused"] = dict(sorted(refused.items()))
            row["dead"] = self._dead[stage]
            if stage == VERIFY:
                row["verdicts"] = dict(sorted(self._verdicts.items()))
            stages.append(row)
        return {"recipe": self._folder.identity.recipe, "finished": finished, "stages": stages}


def _duplicate(record: Record, stage: str, rival: str) -> Refusal:
    return Refusal(
        record=record,
        stage=stage,
        reason=DUPLICATE,
        detail=f"the same as {rival}",
        text=record.response or record.instruction,
    )


def _digest(record: Record) -> bytes:
    words = "".join(record.instruction.split()).casefold()
    return hashlib.blake2b(f"{record.language}\0{words}".encode(), digest_size=16).digest()
