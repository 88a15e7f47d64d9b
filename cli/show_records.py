"""Records of synthesis to read, on a terminal or in a pipe.

What models and corpora write may move a terminal's cursor or worse: nothing is printed that is not
made visible first (`veristone.text`).
"""

import hashlib
import heapq
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from veristone import ConfigError

if TYPE_CHECKING:
    from veristone import Verdict
    from veristone.generators.synthesis.pipeline.folder import RunFolder
    from veristone.generators.synthesis.records import Record, Refusal

__all__ = ["show_records"]

_LINES, _WIDTH = 60, 200


@dataclass(frozen=True, slots=True)
class _Output:
    """One thing that a stage made: a record, or a refusal."""

    stage: str
    record: "Record"
    refusal: "Refusal | None" = None

    @property
    def order(self) -> bytes:
        """Decides what is shown: nothing that was judged goes into it."""
        text = f"{self.stage}\0{self.record.id}"
        return hashlib.blake2b(text.encode(), digest_size=16).digest()

    def has_reason(self, reason: str) -> bool:
        verdict = self.record.verdict
        if self.refusal is not None:
            return self.refusal.reason == reason
        return verdict is not None and verdict.reason == reason


async def show_records(
    path: Path,
    *,
    count: int,
    stage: str | None,
    reason: str | None,
    decision: str | None,
    language: str | None,
) -> int:
    """Print some outputs of a run. Returns how many there are to choose from.

    Those with the smallest digests of stage and id: the same ones each time, and a fair sample.

    Raises:
        ConfigError: the run has no such stage, or its folder is damaged.
    """
    from veristone.generators.synthesis.pipeline.chain import FEED
    from veristone.generators.synthesis.pipeline.export import DUPLICATE
    from veristone.generators.synthesis.pipeline.folder import find

    folder = find(path)
    if stage is not None and stage not in (FEED, *folder.stages):
        raise ConfigError(f"--stage {stage}: the run's are {', '.join(folder.stages)}")

    def wanted(output: _Output) -> bool:
        verdict = output.record.verdict
        return (
            (reason is None or output.has_reason(reason))
            and (decision is None or (verdict is not None and verdict.decision == decision))
            and (language is None or output.record.language == language)
        )

    if reason == DUPLICATE:
        found = _exported(folder)
    elif stage is None and reason is None:
        found = _last(folder)
    else:
        found = _stored(folder, [stage] if stage else [FEED, *folder.stages])
    best = _Smallest(count)
    async for output in found:
        if wanted(output) and stage in (None, output.stage):
            best.add(output)
    for output in best.sorted():
        _print(output)
    return best.total


class _Smallest:
    """The outputs with the smallest digests, of any number."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._heap: list[tuple[int, int, _Output]] = []
        self.total = 0

    def add(self, output: _Output) -> None:
        """Take one more into account."""
        self.total += 1
        entry = (-int.from_bytes(output.order), -self.total, output)
        if len(self._heap) < self._count:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def sorted(self) -> list[_Output]:
        """Return them, the smallest first."""
        return [entry[2] for entry in sorted(self._heap, key=lambda e: (-e[0], -e[1]))]


async def _stored(folder: "RunFolder", stages: list[str]) -> AsyncGenerator[_Output]:
    async with folder.open() as chain:
        for stage in stages:
            async for result in chain.results(stage):
                for record in result.kept:
                    yield _Output(stage, record)
                for refusal in result.refused:
                    yield _Output(stage, refusal.record, refusal)


async def _last(folder: "RunFolder") -> AsyncGenerator[_Output]:
    """What the last stage made that made something."""
    async with folder.open() as chain:
        made = [stage.stage for stage in await chain.look() if stage.count("given")]
    async for output in _stored(folder, made[-1:]):
        yield output


async def _exported(folder: "RunFolder") -> AsyncGenerator[_Output]:
    """What was refused when everything was known."""
    import msgspec

    from veristone.generators.synthesis.records import Refusal

    path = folder.path / "refused.jsonl"
    if not path.exists():
        raise ConfigError(
            f"{folder.path}: duplicates are told at the end: `veristone generate export` first"
        )
    decode = msgspec.json.Decoder(Refusal).decode
    with open(path, "rb") as file:  # noqa: ASYNC230  # nothing else runs here
        for number, row in enumerate(file, 1):
            try:
                refusal = decode(row)
            except msgspec.MsgspecError as error:
                raise ConfigError(f"{path}, line {number}: {error}") from error
            yield _Output(refusal.stage, refusal.record, refusal)


def _print(output: _Output) -> None:
    from veristone.text import line

    record = output.record
    facts = (output.stage, record.language, record.category, record.difficulty)
    print(f"── {line(record.id)}  {line(' · '.join(filter(None, facts)))}")
    if output.refusal is not None:
        _print_refusal(output.refusal)
    else:
        _print_record(record)
    print()


def _print_refusal(refusal: "Refusal") -> None:
    from veristone.text import line

    print(f"   refused: {line(refusal.reason)}  {line(refusal.detail)}".rstrip())
    if refusal.finish_reason:
        print(f"   the model ended with: {line(refusal.finish_reason)}")
    if refusal.record.instruction and refusal.record.instruction != refusal.text:
        _print_text("instruction", refusal.record.instruction)
    _print_text("the model wrote", refusal.text)
    if refusal.record.verdict is not None:
        _print_verdict(refusal.record.verdict)


def _print_record(record: "Record") -> None:
    from veristone.text import line

    has_response = bool(record.response or record.code)
    if record.seed is not None and not has_response:
        _print_text("seed", record.seed.text)
    if record.concepts:
        print(f"   concepts: {line(', '.join(record.concepts), 400)}")
    for earlier in record.history:
        print(f"   before {line(earlier.method, 60)}: {line(earlier.instruction)}")
    _print_text("instruction", record.instruction)
    _print_text("response", record.response)
    if record.code.strip() not in record.response:
        _print_text("code", record.code)
    _print_text("tests", record.tests)
    if record.verdict is not None:
        _print_verdict(record.verdict)


def _print_verdict(verdict: "Verdict") -> None:
    from veristone.text import line

    print(f"   {verdict.decision}: {verdict.reason}, {verdict.passed} of {verdict.total} tests")
    if verdict.message:
        print(f"   {line(verdict.message)}")
    for test in verdict.tests:
        if not test.passed and test.message not in verdict.message:
            print(f"   {line(test.name, 60)}: {line(test.message)}")
            break


def _print_text(title: str, text: str) -> None:
    from veristone.text import excerpt

    if not text.strip():
        return
    print(f"   {title}:")
    for row in excerpt(text.strip("\n"), _LINES, _WIDTH).split("\n"):
        print(f"   │ {row}".rstrip())
