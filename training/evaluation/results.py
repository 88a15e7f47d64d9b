"""Results on disk in the field's formats, and the summary that people read.

`*_eval_results.json` is EvalPlus's (0.3.1, with the `pass_at_k` of later versions); what EvalPlus
has no place for stands under one more key, `veristone`. `*_results.jsonl` is human-eval's: the
samples in input order with `result` and `passed`. The one word that neither knows is "undecided".
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from veristone import ConfigError, __version__
from veristone.files import write_whole
from veristone.training.evaluation.passk import INTERVAL_METHOD, KS, Score, score
from veristone.training.evaluation.runner import EvalReport, Outcome

__all__ = ["ResultPaths", "Summary", "plan_paths", "summarise", "write_results"]


@dataclass(frozen=True, slots=True)
class ResultPaths:
    """Where results go. `human_eval` is None for benchmarks that human-eval does not know."""

    evalplus: Path
    human_eval: Path | None = None

    @property
    def all(self) -> list[Path]:
        """The files that will be written."""
        return [path for path in (self.evalplus, self.human_eval) if path is not None]


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


def plan_paths(
    samples: Path, output: Path | None, *, human_eval: bool, overwrite: bool
) -> ResultPaths:
    """Choose the result files, before any sample is run: an hour's work must not end in a refusal.

    Without `output` they go beside the samples (into a samples directory), under EvalPlus's names.

    Raises:
        ConfigError: a file is there and `overwrite` is false, or the folder cannot be written.
    """
    if output is None and samples.is_dir():
        folder, evalplus = samples, samples / "eval_results.json"
    elif output is None:
        folder = samples.parent
        stem = samples.name.removesuffix(".gz").removesuffix(".jsonl")
        evalplus = folder / f"{stem}_eval_results.json"
    else:
        folder, evalplus = output.parent, output
    extra = folder / f"{samples.name}_results.jsonl" if human_eval else None
    paths = ResultPaths(evalplus, extra)
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        hint = "" if output else "; name a file elsewhere with --output"
        raise ConfigError(f"results cannot be written to {folder}{hint}")
    for path in paths.all:
        if path.is_dir():
            raise ConfigError(f"{path} is a directory; --output must name a file")
        if path.exists() and not overwrite:
            raise ConfigError(f"{path} is there already; give --overwrite or another --output")
    return paths


def summarise(report: EvalReport) -> Summary:
    """Compute pass@k for every usual k that the samples allow."""
    base = report.counts(plus=False)
    notes = list(_notes(report, {task_id: count.n for task_id, count in base.items()}))
    base_scores = _scores(list(base.values()))
    plus_scores = _scores(list(report.counts(plus=True).values())) if report.has_plus else []
    return Summary(
        benchmark=report.dataset.benchmark,
        tasks=len({outcome.candidate.task_id for outcome in report.outcomes}),
        samples=len(report.outcomes),
        undecided=report.undecided,
        base=base_scores,
        plus=plus_scores,
        notes=notes,
    )


def _scores(counts: Sequence[Any]) -> list[Score]:
    found = (score(counts, k) for k in KS)
    return [each for each in found if each is not None]


def _notes(report: EvalReport, decided: dict[str, int]) -> Iterable[str]:
    missing = report.missing_tasks
    if missing:
        yield (
            f"{len(missing)} of {len(report.dataset.tasks)} tasks have no sample and do not count: "
            f"{_named(missing)}"
        )
    if report.undecided:
        yield f"{report.undecided} samples are undecided: neither right nor wrong, left out of n"
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


def _named(task_ids: Sequence[str]) -> str:
    more = f" and {len(task_ids) - 8} more" if len(task_ids) > 8 else ""
    return ", ".join(task_ids[:8]) + more


def write_results(report: EvalReport, summary: Summary, paths: ResultPaths) -> None:
    """Write the result files; each appears whole or not at all."""
    write_whole(paths.evalplus, json.dumps(evalplus_results(report, summary)))
    if paths.human_eval is not None:
        lines = (json.dumps(human_eval_row(outcome)) + "\n" for outcome in report.outcomes)
        write_whole(paths.human_eval, "".join(lines))


def evalplus_results(report: EvalReport, summary: Summary) -> dict[str, Any]:
    """Return the content of EvalPlus's results file."""
    by_task: dict[str, list[dict[str, Any]]] = {}
    for outcome in report.outcomes:
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
    if report.has_plus:
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
        },
    }


def human_eval_row(outcome: Outcome) -> dict[str, Any]:
    """Return a line of human-eval's results: the sample's own fields, `result` and `passed`."""
    words = {
        "pass": "passed",
        "timeout": "timed out",
        "fail": f"failed: {outcome.message or outcome.reason.value}",
        "undecided": f"undecided: {outcome.message or outcome.reason.value}",
    }
    passed = None if outcome.undecided else outcome.base_status == "pass"
    return {**outcome.candidate.row, "result": words[outcome.base_status], "passed": passed}
