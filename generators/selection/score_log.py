"""The log of scores, from which an interrupted run goes on.

`scores.jsonl` begins with a digest of the settings; then a line for each instruction that has runs,
written when all of them have verdicts. Going on, the scores of an instruction are taken from there
as long as its responses are the same. Half a line that a kill left behind is cut off.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path

import msgspec

from veristone import Verdict, Verifier
from veristone.generators.selection.scoring import GroupScores, ScoringPlan

__all__ = ["ScoreLog", "score_groups"]


class ScoreLog:
    """An open log. What it holds is in memory, some hundred bytes for each response.

    Args:
        path: of the file.
        settings: digest of everything but the responses that decides what is run; the lines of
            other settings are dropped.
    """

    def __init__(self, path: Path, settings: str) -> None:
        header = msgspec.json.encode({"settings": settings})
        self._file = open(path, "ab+")  # noqa: SIM115 # closed by `close`
        self._file.seek(0)
        lines = self._file.read().split(b"\n")[:-1]
        if lines[:1] != [header]:
            self._file.truncate(0)
            self._file.write(header + b"\n")
            lines = [header]
        self._file.truncate(sum(len(line) + 1 for line in lines))
        decode = msgspec.json.Decoder(GroupScores).decode
        self._known = {(one.key, one.content): one for one in map(decode, lines[1:])}

    def find(self, plan: ScoringPlan) -> GroupScores | None:
        """Return the scores of a plan, if an earlier run wrote them."""
        return self._known.get((plan.key, plan.content))

    def append(self, scores: GroupScores) -> None:
        """Write the scores of a plan."""
        self._file.write(msgspec.json.encode(scores) + b"\n")
        # A line stands for dozens of runs: it is worth a system call.
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
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
            known = log.find(plan)
            if known is None:
                waiting.append(plan)
            else:
                found[plan.key] = known
    samples = [run.sample for plan in waiting for run in plan.runs]
    verdicts: list[Verdict] = []
    async for verdict in verifier.verify_stream(samples, ordered=True):
        verdicts.append(verdict)
        if len(verdicts) == len(waiting[0].runs):
            plan = waiting.popleft()
            found[plan.key] = plan.scores(verdicts)
            log.append(found[plan.key])
            verdicts = []
    return found
