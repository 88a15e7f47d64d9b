"""The log of scores, from which an interrupted run goes on.

`scores.jsonl` begins with a digest of the settings; then one line for each instruction that has
runs, in the order of the responses. A line appears when all of its runs have verdicts. Going on,
lines are taken as they are as long as the responses are the same; what follows the first
difference, or half a line that a kill left behind, is cut off and done again.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from veristone import Sample, Verdict, Verifier
from veristone.generators.selection.scoring import GroupScores, ScoringPlan

__all__ = ["ScoreLog", "score_groups"]

_decode = msgspec.json.Decoder(GroupScores).decode


class ScoreLog:
    """An open log. Close it, or what it holds beyond the last instruction stays.

    Args:
        path: of the file.
        settings: digest of everything but the responses that decides what is run; the lines of
            other settings are dropped.
    """

    def __init__(self, path: Path, settings: str) -> None:
        header = msgspec.json.encode({"settings": settings}) + b"\n"
        self._file = open(path, "ab+")  # noqa: SIM115 # closed by `close`
        self._file.seek(0)
        if self._file.readline() != header:
            self._file.truncate(0)
            self._file.write(header)
            self._file.flush()
            self._file.seek(len(header))
        self._replaying = True

    def take(self, plan: ScoringPlan) -> GroupScores | None:
        """Return the scores of the next plan if an earlier run wrote them."""
        if not self._replaying:
            return None
        offset = self._file.tell()
        line = self._file.readline()
        try:
            found = _decode(line) if line.endswith(b"\n") else None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            found = None
        if found is not None and (found.key, found.content) == (plan.key, plan.content):
            return found
        self._cut(offset)
        return None

    def _cut(self, offset: int) -> None:
        self._file.truncate(offset)
        self._replaying = False

    def append(self, scores: GroupScores) -> None:
        """Write the scores of the next plan."""
        self._file.write(msgspec.json.encode(scores) + b"\n")
        # A line stands for dozens of runs: it is worth a system call.
        self._file.flush()

    def close(self, *, finished: bool) -> None:
        """Close the file; `finished`: there are no more plans, so no more lines are wanted."""
        if finished and self._replaying:
            self._cut(self._file.tell())
        self._file.close()


async def score_groups(
    plans: Sequence[ScoringPlan], verifier: Verifier, log: ScoreLog
) -> dict[str, GroupScores]:
    """Return the scores of those plans that have runs, by their keys.

    Runs of all of them are under way at once; what the log holds is not run again.
    """
    found: dict[str, GroupScores] = {}
    waiting: deque[ScoringPlan] = deque()
    for plan in plans:
        if plan.runs:
            known = log.take(plan)
            if known is None:
                waiting.append(plan)
            else:
                found[plan.key] = known
    samples: Iterator[Sample] = (run.sample for plan in list(waiting) for run in plan.runs)
    verdicts: list[Verdict] = []
    async for verdict in verifier.verify_stream(samples, ordered=True):
        verdicts.append(verdict)
        if len(verdicts) == len(waiting[0].runs):
            plan = waiting.popleft()
            found[plan.key] = plan.scores(verdicts)
            log.append(found[plan.key])
            verdicts = []
    return found
