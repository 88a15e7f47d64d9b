"""Results on disk in the field's formats, and the summary that people read.

`*_eval_results.json` is EvalPlus's (0.3.1, with the `pass_at_k` of later versions); what EvalPlus
has no place for stands under one more key, `veristone`. Samples without a verdict stand there too:
EvalPlus takes whatever is not "pass" for wrong. Other formats are in `formats`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from veristone import __version__
from veristone.files import write_whole
from veristone.training.evaluation.passk import INTERVAL_METHOD, KS, Score, TaskCount, score
from veristone.training.evaluation.runner import EvalReport

__all__ = ["Summary", "summarise", "write_results"]


_MOST_WORDS = 5
"""Different messages of a server that are shown."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run. `notes` say in words what the figures leave out."""

    benchmark: str
    tasks: int
    """Tasks that had a sample."""
    samples: int
    undecided: int
    base: Sequence[Score]
    plus: Sequence[Score]
    notes: Sequence[str]
    no_answer: int = 0
    """Answers that could not be had: requests refused, texts empty or cut short by the server. They
    are no samples."""
    cut: int = 0
    """Samples whose answer reached the limit of tokens before its code was whole. They count."""

    @property
    def says_something(self) -> bool:
        """Whether any sample was decided that the model had room to finish."""
        return self.samples > self.undecided and self.samples > self.cut


def summarise(report: EvalReport) -> Summary:
    """Compute pass@k for every usual k that the samples allow."""
    base = report.counts(plus=False)
    plus = report.counts(plus=True) if report.dataset.has_plus else {}
    return Summary(
        benchmark=report.dataset.benchmark,
        tasks=len({outcome.candidate.task_id for outcome in report.outcomes}),
        samples=len(report.outcomes),
        undecided=report.undecided,
        base=_scores(base),
        plus=_scores(plus),
        notes=[
            *_cut(report),
            *_troubles(report, base),
            *_notes(report, {name: c.n for name, c in base.items()}),
        ],
        no_answer=len(report.troubles),
        cut=sum(bool(outcome.candidate.cut) for outcome in report.outcomes),
    )


def _scores(counts: Mapping[str, TaskCount]) -> list[Score]:
    found = (score(list(counts.values()), k) for k in KS)
    return [each for each in found if each is not None]


_TROUBLES = {
    "refused": "requests were refused by the server",
    "unanswered": "requests had no answer from the server",
    "empty": "answers are empty",
    "cut": "answers were cut off by the server, before the limit asked for",
    "unfinished": "answers were ended by the server",
}
_ADVICE = {
    "refused": "a setting that the server does not know is renamed or left out with `parameters` in"
    " the model's TOML file; the same command asks again",
    "unanswered": "the same command asks again",
    "empty": "the same command asks again",
    "cut": "its context is too short; the same command asks again",
}


def _cut(report: EvalReport) -> Iterable[str]:
    """Say which answers reached their limit before their code was whole, and what a server said."""
    found: dict[str, list[tuple[str, str]]] = {}
    for outcome in report.outcomes:
        limit, _, note = outcome.candidate.cut.partition("; ")
        if limit:
            found.setdefault(limit, []).append((outcome.candidate.task_id, note))
    for limit, some in found.items():
        yield (
            f"{len(some)} of {len(report.outcomes)} answers were cut off at {limit} before their"
            " code was whole; they count as they are, and a larger --max-tokens asks again for"
            f" these alone: {_named(list(dict.fromkeys(task_id for task_id, _ in some)))}"
        )
        noted = [f"  {task_id}: {note}" for task_id, note in some if note]
        yield from noted[:_MOST_WORDS]


def _troubles(report: EvalReport, base: Mapping[str, TaskCount]) -> Iterable[str]:
    """Say what could not be had, in the server's words, and what it would be worth."""
    for kind in dict.fromkeys(one.kind for one in report.troubles):
        found = [one for one in report.troubles if one.kind == kind]
        advice = f" ({_ADVICE[kind]})" if kind in _ADVICE else ""
        yield f"{len(found)} {_TROUBLES.get(kind, kind)} and do not count{advice}:"
        words: dict[str, list[str]] = {}
        for one in found:
            words.setdefault(_without_name(one.words), []).append(one.task_id)
        for text, task_ids in list(words.items())[:_MOST_WORDS]:
            yield f"  {_named(list(dict.fromkeys(task_ids)))}: {text}"
        if len(words) > _MOST_WORDS:
            yield f"  and {len(words) - _MOST_WORDS} other messages"
    if report.troubles and base:
        lost = Counter(one.task_id for one in report.troubles)
        counts = [
            TaskCount(n + lost[name], c)
            for name in base.keys() | lost.keys()
            for n, c in [base.get(name, TaskCount(0, 0))]
        ]
        worst = score(counts, 1)
        if worst is not None:
            yield f"if they counted as wrong, base pass@1 would be {100 * worst.mean:.1f}"


def _without_name(words: str) -> str:
    """Return words that many requests may share: without the name of one."""
    return re.sub(r"\b(?:to )?request \S+(?::| from \S+)? ?", "", words, count=1)


def _notes(report: EvalReport, decided: dict[str, int]) -> Iterable[str]:
    missing = report.missing_tasks
    if missing:
        yield (
            f"{len(missing)} of {len(report.dataset.tasks)} tasks have no sample and do not count: "
            f"{_named(missing)}"
        )
    if report.skipped:
        yield (
            f"{sum(report.skipped.values())} samples are skipped: their tasks are left out, or not "
            f"in this dataset: {_named(list(report.skipped))}"
        )
    if report.undecided:
        yield f"{report.undecided} samples are undecided: neither right nor wrong, left out of n"
        for why, task_ids in _undecided(report).items():
            yield f"undecided: {', '.join(task_ids)}: {why}"
    if report.left_out:
        yield f"{len(report.left_out)} tasks are left out: their own reference solution fails here"
        for task_id, why in report.left_out.items():
            yield f"left out: {task_id}: {why}"
    seen = {outcome.candidate.task_id for outcome in report.outcomes}
    lost = sorted(seen - decided.keys())
    if lost:
        yield f"{len(lost)} tasks have only undecided samples and do not count: {_named(lost)}"
    for k in KS:
        short = [task_id for task_id, n in decided.items() if n < k]
        if short and len(short) < len(decided):
            yield f"no pass@{k}: {len(short)} tasks have fewer decided samples: {_named(short)}"
    if decided:
        yield INTERVAL_METHOD


def _undecided(report: EvalReport) -> dict[str, list[str]]:
    """Return the tasks of undecided samples, by what their verdicts say."""
    found: dict[str, list[str]] = {}
    for outcome in report.outcomes:
        if outcome.undecided:
            why = f"{outcome.reason}: {outcome.message}" if outcome.message else outcome.reason
            found.setdefault(why, []).append(outcome.candidate.task_id)
    return found


def _named(task_ids: Sequence[str]) -> str:
    more = f" and {len(task_ids) - 8} more" if len(task_ids) > 8 else ""
    return ", ".join(task_ids[:8]) + more


def write_results(report: EvalReport, summary: Summary, path: Path) -> None:
    """Write the results' file, whole or not at all."""
    write_whole(path, json.dumps(evalplus_results(report, summary)))


def evalplus_results(report: EvalReport, summary: Summary) -> dict[str, Any]:
    """Return the content of EvalPlus's results file."""
    by_task: dict[str, list[dict[str, Any]]] = {}
    for outcome in report.decided:
        task_id = outcome.candidate.task_id
        row = {
            "task_id": task_id,
            "solution": outcome.candidate.solution,
            "base_status": outcome.base_status,
            "plus_status": outcome.plus_status,
            "base_fail_tests": list(outcome.base_fail_tests),
            "plus_fail_tests": list(outcome.plus_fail_tests),
        }
        by_task.setdefault(task_id, []).append(row)
    scores = {"base": {f"pass@{each.k}": each.mean for each in summary.base}}
    if report.dataset.has_plus:
        scores["plus"] = {f"pass@{each.k}": each.mean for each in summary.plus}
    return {
        "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        "hash": report.dataset.md5,
        "eval": by_task,
        "pass_at_k": scores,
        "veristone": {
            "version": __version__,
            **asdict(summary),
            "cpu_s": report.limits.cpu_s,
            "missing_tasks": report.missing_tasks,
            "skipped": dict(report.skipped),
            "troubles": [one._asdict() for one in report.troubles],
            "why_undecided": _undecided(report),
            "undecided_samples": [
                {"task_id": outcome.candidate.task_id, "solution": outcome.candidate.solution}
                for outcome in report.outcomes
                if outcome.undecided
            ],
            "left_out": dict(report.left_out),
        },
    }
