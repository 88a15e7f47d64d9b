"""Sorted files of what a run made: the same bytes whatever the timing, the processes and the kills.

    concepts.jsonl       records with concepts, as the last stage that made some left them
    instructions.jsonl   the same for instructions
    responses.jsonl      records with verdicts, passes and failures
    verdicts.jsonl       the same verdicts whole, with times, memory and output; these vary
    refused.jsonl        what was refused at any stage, with the reason and the model's text
    dead.jsonl           what could not be done yet, with the reasons of its last attempts
    counts.json          the numbers of all that, by stage and reason

Each file appears whole or not at all. Equal instructions (without regard to case and white space,
in the same language) are told here, when all are known: the record with the smallest id stays, the
others and what was made of them are refused as `duplicate_instruction`. Every record is in exactly
one place of its stage: kept or refused.

The same program judged twice gets the same decision, reason, tests and message, but not the same
CPU time, and a message may name an object by its address: so verdicts are without these but in
`verdicts.jsonl`. What cannot be made steady is a program that does something else each time, or
that ends just at a limit: its record says what happened in the run that judged it first.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import msgspec

from veristone import Verdict
from veristone.files import whole_file
from veristone.generators.synthesis.pipeline.chain import VERIFY, Chain, reasons
from veristone.generators.synthesis.pipeline.folder import EXPORTS, RunFolder
from veristone.generators.synthesis.pipeline.sorting import Sorter
from veristone.generators.synthesis.pipeline.wire import decode_record, encode
from veristone.generators.synthesis.records import Record, Refusal

__all__ = ["DUPLICATE", "DeadRecord", "export"]

DUPLICATE = "duplicate_instruction"
_PAGE = 100
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
    with Sorter(folder.path / ".export.sqlite") as sorter, ExitStack() as stack:
        async with folder.open() as chain:
            counts = await _Export(chain, sorter).gather(folder.identity.recipe)
        # All of them or none, but for a kill between two renamings.
        for name in EXPORTS:
            file = stack.enter_context(whole_file(folder.path / name))
            lines = sorter.lines(name)
            if name == "counts.json":
                lines = iter([msgspec.json.format(encode(counts), indent=1)])
            file.writelines(line + b"\n" for line in lines)
    return counts


class _Export:
    """Reads the results once for the instructions and once for everything."""

    def __init__(self, chain: Chain, sorter: Sorter) -> None:
        self._chain = chain
        self._sorter = sorter
        self._concepts: str | None = None
        self._instructions: str | None = None
        self._duplicates: Counter[str] = Counter()
        self._verdicts: Counter[str] = Counter()

    async def gather(self, recipe: str) -> dict[str, Any]:
        """Give the sorter every line; return the counts."""
        looked = await self._chain.look()
        for stage in looked:
            # The last that made some.
            self._concepts = stage.stage if stage.count("concepts") else self._concepts
            self._instructions = stage.stage if stage.count("instructions") else self._instructions
        if self._instructions is not None:
            async for result in self._chain.results(self._instructions):
                for record in result.kept:
                    if record.instruction:
                        self._sorter.claim(_digest(record), record.id)
        rows: list[dict[str, Any]] = []
        for rank, stage in enumerate(looked):
            async for result in self._chain.results(stage.stage):
                for number, refusal in enumerate(result.refused):
                    self._refuse(refusal, rank, number)
                for record in result.kept:
                    self._keep(record, stage.stage, rank)
            dead = await self._add_dead(stage.stage, rank)
            rows.append(self._row(stage.stage, stage.counts, dead))
        finished = all(stage.queue.finished for stage in looked)
        return {"recipe": recipe, "finished": finished, "stages": rows}

    def _keep(self, record: Record, stage: str, rank: int) -> None:
        if stage == self._concepts:
            self._sorter.add("concepts.jsonl", record.id, encode(record))
        if stage not in (self._instructions, VERIFY):
            return
        rival = self._sorter.rival(record.id)
        if rival is not None:
            self._duplicates[stage] += 1
            text, detail = record.response or record.instruction, f"the same as {rival}"
            refusal = Refusal(
                record=record, stage=stage, reason=DUPLICATE, detail=detail, text=text
            )
            self._refuse(refusal, rank)
        elif stage == self._instructions:
            self._sorter.add("instructions.jsonl", record.id, encode(record))
        else:
            if record.verdict is not None:
                self._verdicts[record.verdict.reason] += 1
                self._sorter.add("verdicts.jsonl", record.id, encode(record.verdict))
            self._sorter.add("responses.jsonl", record.id, encode(_steady(record)))

    def _refuse(self, refusal: Refusal, rank: int, number: int = 0) -> None:
        refusal = msgspec.structs.replace(refusal, record=_steady(refusal.record))
        self._sorter.add("refused.jsonl", refusal.record.id, encode(refusal), rank, number)

    async def _add_dead(self, stage: str, rank: int) -> int:
        number, after = 0, ""
        while page := await self._chain.queues[stage].dead_letters(_PAGE, after):
            for letter in page:
                record = decode_record(letter.payload)
                dead = DeadRecord(stage=stage, reasons=letter.reasons, record=record)
                self._sorter.add("dead.jsonl", letter.key, encode(dead), rank)
            number, after = number + len(page), page[-1].key
        return number

    def _row(self, stage: str, counts: Mapping[str, int], dead: int) -> dict[str, Any]:
        refused = reasons(counts, "refused")
        duplicates = self._duplicates[stage]
        if duplicates:
            refused[DUPLICATE] = duplicates
        row: dict[str, Any] = {"stage": stage}
        for name in ("given", "kept", "prompt_tokens", "completion_tokens"):
            row[name] = counts.get(name, 0)
        row["kept"] -= duplicates
        row["refused"] = dict(sorted(refused.items()))
        row["dead"] = dead
        if stage == VERIFY:
            row["verdicts"] = dict(sorted(self._verdicts.items()))
        return row


def _digest(record: Record) -> bytes:
    words = "".join(record.instruction.split()).casefold()
    return hashlib.blake2b(f"{record.language}\0{words}".encode(), digest_size=16).digest()


def _steady(record: Record) -> Record:
    """The record with a verdict without usage, isolation, attempts, output and addresses."""
    verdict = record.verdict
    if verdict is None:
        return record
    tests = [msgspec.structs.replace(t, message=_no_address(t.message)) for t in verdict.tests]
    # What is not named keeps its default, and so stays out of the JSON.
    steady = Verdict(
        id=verdict.id,
        decision=verdict.decision,
        reason=verdict.reason,
        message=_no_address(verdict.message),
        judged=verdict.judged,
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
