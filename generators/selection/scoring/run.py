"""Scores of all instructions, through the verifier, into a log from which a run goes on.

`scores.jsonl` begins with the digest of the settings; then one line for each instruction that has
runs, in the order of the responses file. A line appears when all of its runs have verdicts. Going
on, lines are taken as they are as long as the responses are the same; what follows the first
difference, or half a line that a kill left behind, is cut off and done again.

Runs of many instructions are under way at once; memory is bounded by the verifier's own window.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from veristone import DatasetError, Sample, Verifier
from veristone.generators.selection.scoring.plan import Plan
from veristone.generators.selection.scoring.scores import GroupScores

__all__ = ["ScoreLog", "score_all"]

_decode = msgspec.json.Decoder(GroupScores).decode


class _Header(msgspec.Struct, frozen=True):
    settings: str


async def score_all(
    plans: Iterable[Plan],
    verifier: Verifier,
    path: Path,
    settings: str,
    on_progress: Callable[[int], None] = lambda groups: None,
) -> None:
    """Write the scores of all plans that have runs.

    Args:
        plans: of all instructions, ascending.
        verifier: runs the samples.
        path: of the log; what it holds of the same settings and plans is not run again.
        settings: digest of everything else that decides what is run.
        on_progress: called with the number of instructions that are done.
    """
    with _open(path) as file:
        _begin(file, settings)
        waiting: deque[Plan] = deque()
        done = 0

        def samples() -> Iterator[Sample]:
            nonlocal done
            old = _lines(file)
            going_on = True
            for plan in plans:
                if not plan.runs:
                    continue
                if going_on:
                    offset, known = next(old, (file.tell(), None))
                    if known is not None and (known.key, known.content) == (plan.key, plan.content):
                        done += 1
                        continue
                    file.truncate(offset)
                    going_on = False
                waiting.append(plan)
                yield from plan.samples
                # Only verdicts are still needed.
                plan.samples = []
            if going_on:
                file.truncate(next(old, (file.tell(), None))[0])

        async for verdict in verifier.verify_stream(samples(), ordered=True):
            plan = waiting[0]
            plan.verdicts.append(verdict)
            if plan.done:
                file.write(msgspec.json.encode(waiting.popleft().scores()) + b"\n")
                # A line stands for dozens of runs: it is worth a system call.
                file.flush()
                done += 1
                on_progress(done)
        os.fsync(file.fileno())
    on_progress(done)


def _open(path: Path) -> IO[bytes]:
    return open(path, "ab+")


def _begin(file: IO[bytes], settings: str) -> None:
    """Place the file behind its header; one of other settings is emptied."""
    file.seek(0)
    header = file.readline()
    wanted = msgspec.json.encode(_Header(settings)) + b"\n"
    if header != wanted:
        file.truncate(0)
        file.write(wanted)
        file.flush()
        file.seek(0)
        file.readline()


def _lines(file: IO[bytes]) -> Iterator[tuple[int, GroupScores | None]]:
    """Yield the lines and where each begins; None for one that cannot be read, the last."""
    while True:
        offset = file.tell()
        line = file.readline()
        if not line:
            return
        try:
            known = _decode(line) if line.endswith(b"\n") else None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            known = None
        yield offset, known
        if known is None:
            return


class ScoreLog:
    """Reads a finished log beside the responses file, instruction by instruction."""

    def __init__(self, path: Path) -> None:
        """Open the log.

        Raises:
            DatasetError: it cannot be read.
        """
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise DatasetError(f"{path}: {error}") from error
        self._file.readline()
        self._lines = _lines(self._file)
        self._next = next(self._lines, None)

    def of(self, key: str) -> GroupScores | None:
        """Return the scores of an instruction, None if it has none. Keys must come ascending."""
        while self._next is not None and self._next[1] is not None:
            found = self._next[1]
            if f"{found.key}/" > f"{key}/":
                return None
            self._next = next(self._lines, None)
            if found.key == key:
                return found
        return None

    def close(self) -> None:
        """Close the file."""
        self._file.close()
