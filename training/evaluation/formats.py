"""Results in the formats of the benchmarks' own programs, whose scripts go on from there.

| format | file | read by |
| --- | --- | --- |
| `evalplus` | `SAMPLES_eval_results.json` | `evalplus.evaluate` |
| `human-eval` | `SAMPLES.jsonl_results.jsonl` | people: the rows of the samples and how they did |
| `bigcodebench` | `SAMPLES_eval_results.json` | `bigcodebench.evaluate`, `.inspect` |
| `livecodebench` | `SAMPLES_codegeneration_output_eval_all.json` | `compute_scores` |
| `multipl-e` | `NAME.results.json.gz` for each task | `pass_k.py` |
| `verdicts` | `SAMPLES_verdicts.jsonl` | people: docs/wire.md, with `task_id` before it |

Those scripts take whatever is not right for wrong. So a sample without a verdict has no row there;
in human-eval's file, which has a row for each of the samples, `passed` is null.
"""

import contextlib
import gzip
import json
import os
import re
import time
from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal, get_args

import msgspec

from veristone import ConfigError, Decision, Reason, Verdict
from veristone.files import not_its_own, whole_file, write_whole
from veristone.training.evaluation.datasets import Dataset
from veristone.training.evaluation.reading import rows_of
from veristone.training.evaluation.results import Summary, write_results
from veristone.training.evaluation.runner import EvalReport, Outcome

__all__ = ["FORMATS", "Format", "Results", "opened_results", "plan_path"]

Format = Literal["evalplus", "human-eval", "bigcodebench", "livecodebench", "multipl-e", "verdicts"]
FORMATS: tuple[Format, ...] = get_args(Format)

_NAMES: Mapping[Format, str] = {
    "evalplus": "{stem}_eval_results.json",
    "bigcodebench": "{stem}_eval_results.json",
    "human-eval": "{name}_results.jsonl",
    "livecodebench": "{stem}_codegeneration_output_eval_all.json",
    "verdicts": "{stem}_verdicts.jsonl",
}
"""What the programs call the results of a samples file; its stem has no ending."""
_IN_FOLDER = "eval_results.json"
"""What EvalPlus and BigCodeBench call the results of a folder of samples."""
_MULTIPL_E = ".results.json.gz"
_MULTIPL_E_SHOWN = 2048
"""Characters of a stream that MultiPL-E keeps."""
_LIVE_FIELDS = (
    *("question_title", "question_content", "platform", "question_id"),
    *("contest_id", "contest_date", "starter_code", "difficulty"),
)


def plan_path(
    samples: Path, output: Path | None, *, overwrite: bool, format: Format = "evalplus"
) -> Path:
    """Choose the results' file, before any sample is run: an hour's work must not end in a refusal.

    Without `output` it goes beside the samples (into a samples directory), under the name that the
    benchmark's own program gives it. Of `multipl-e` it is a folder of files.

    Raises:
        ConfigError: the file is there and `overwrite` is false, or its folder cannot be written.
    """
    if format == "multipl-e":
        return _plan_folder(output or (samples if samples.is_dir() else samples.parent), overwrite)
    stem = re.sub(r"(\.jsonl|\.json|\.parquet)?(\.gz)?\Z", "", samples.name)
    name = _NAMES[format].format(stem=stem, name=samples.name)
    if samples.is_dir():
        name = f"{samples.name}/{_IN_FOLDER if name.endswith(_IN_FOLDER) else name}"
    path = output or samples.parent / name
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        hint = "" if output else "; name a file elsewhere with --output"
        raise ConfigError(f"results cannot be written to {path.parent}{hint}")
    if path.is_dir():
        raise ConfigError(f"{path} is a directory; --output must name a file")
    not_its_own(path, samples)
    if path.exists() and not overwrite:
        raise ConfigError(f"{path} is there already; give --overwrite or another --output")
    return path


def _plan_folder(folder: Path, overwrite: bool) -> Path:
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConfigError(f"results cannot be written to {folder}: --output must name a folder")
    there = next(folder.glob(f"*{_MULTIPL_E}"), None)
    if there is not None and not overwrite:
        raise ConfigError(f"{there} is there already; give --overwrite or another --output")
    return folder


class Results:
    """Results in the making.

    Args:
        path: of the file, from `plan_path`.
        dataset: that is evaluated.
    """

    def __init__(self, path: Path, dataset: Dataset) -> None:
        self._path = path
        self._dataset = dataset

    def add(self, outcome: Outcome, verdict: Verdict) -> None:
        """Take one sample's outcome, in the order of the samples."""

    def write(self, report: EvalReport, summary: Summary) -> None:
        """Write the file, whole or not at all."""
        raise NotImplementedError

    def _program(self, outcome: Outcome) -> str:
        """Return what was run of a sample."""
        candidate = outcome.candidate
        return self._dataset.tasks[candidate.task_id].build(candidate.solution).code


class _EvalPlus(Results):
    def write(self, report: EvalReport, summary: Summary) -> None:
        write_results(report, summary, self._path)


class _HumanEval(Results):
    """The rows of the samples file, with `result` and `passed`."""

    def write(self, report: EvalReport, summary: Summary) -> None:
        write_whole(self._path, "".join(json.dumps(_judged(o)) + "\n" for o in report.outcomes))


def _judged(outcome: Outcome) -> dict[str, Any]:
    candidate = outcome.candidate
    row = dict(candidate.row) if candidate.row is not None else {"solution": candidate.solution}
    words = {"pass": "passed", "timeout": "timed out"}
    status = outcome.base_status
    why = f"{'undecided' if outcome.undecided else 'failed'}: {outcome.message or outcome.reason}"
    passed = None if outcome.undecided else status == "pass"
    return row | {"task_id": candidate.task_id, "result": words.get(status, why), "passed": passed}


class _BigCodeBench(Results):
    def write(self, report: EvalReport, summary: Summary) -> None:
        rows: dict[str, list[dict[str, Any]]] = {}
        for outcome in report.decided:
            task_id = outcome.candidate.task_id
            passed = outcome.base_status == "pass"
            row = {
                "task_id": task_id,
                "solution": self._program(outcome),
                "status": outcome.base_status,
                "details": {} if passed else {"ALL": outcome.message or str(outcome.reason)},
            }
            rows.setdefault(task_id, []).append(row)
        date = datetime.now().strftime("%Y-%m-%d %H:%M")
        write_whole(self._path, json.dumps({"date": date, "eval": rows}, indent=2))


class _LiveCodeBench(Results):
    def write(self, report: EvalReport, summary: Summary) -> None:
        found: dict[str, list[Outcome]] = {}
        for outcome in report.decided:
            found.setdefault(outcome.candidate.task_id, []).append(outcome)
        questions = {row.fields["question_id"]: row.fields for row in rows_of(self._dataset.path)}
        rows = [_graded(questions[name], found[name]) for name in sorted(found)]
        write_whole(self._path, json.dumps(rows, indent=4))


def _graded(question: Mapping[str, Any], outcomes: list[Outcome]) -> dict[str, Any]:
    codes = [outcome.candidate.solution for outcome in outcomes]
    graded = [outcome.base_status == "pass" for outcome in outcomes]
    return {
        **{name: question.get(name, "") for name in _LIVE_FIELDS},
        "output_list": codes,
        "code_list": codes,
        "graded_list": graded,
        "pass@1": sum(graded) / len(graded),
        "metadata": [json.dumps(_live_metadata(outcome)) for outcome in outcomes],
    }


def _live_metadata(outcome: Outcome) -> dict[str, Any]:
    """Return why a solution failed, under LiveCodeBench's numbers of errors."""
    if outcome.base_status == "pass":
        return {}
    reason = outcome.reason
    code, word = -4, "Runtime Error"
    if reason in (Reason.WRONG_ANSWER, Reason.ASSERTION_FAILED):
        code, word = -2, "Wrong Answer"
    elif reason.is_timeout:
        code, word = -3, "Time Limit Exceeded"
    elif reason is Reason.COMPILE_ERROR:
        code, word = -1, "Compilation Error"
    return {"error": outcome.message, "error_code": code, "error_message": word}


class _MultiPlE(Results):
    """A file for each task: the fields of its samples' file, and a result for each completion."""

    def __init__(self, path: Path, dataset: Dataset) -> None:
        super().__init__(path, dataset)
        self._tasks: dict[str, dict[str, Any]] = {}

    def add(self, outcome: Outcome, verdict: Verdict) -> None:
        if outcome.undecided:
            return
        task_id = outcome.candidate.task_id
        task = self._tasks.get(task_id)
        if task is None:
            # The file's own fields, as its program copies them.
            about = {"name": task_id} | dict(outcome.candidate.row or {})
            about.pop("completions", None)
            task = self._tasks[task_id] = about | {"results": []}
        task["results"].append(_executed(self._program(outcome), verdict))

    def write(self, report: EvalReport, summary: Summary) -> None:
        for task_id, content in self._tasks.items():
            packed = gzip.compress(json.dumps(content, indent=2).encode(), mtime=0)
            name = task_id.replace("/", "_")
            write_whole(self._path / f"{name}{_MULTIPL_E}", packed)


def _executed(program: str, verdict: Verdict) -> dict[str, Any]:
    """Return a run in MultiPL-E's words; `OK` with exit code 0 is what its scripts count."""
    if verdict.decision is Decision.PASS:
        status, code = "OK", 0
    elif verdict.reason.is_timeout:
        status, code = "Timeout", -1
    else:
        compiled = verdict.reason is not Reason.COMPILE_ERROR
        status, code = "Exception" if compiled else "SyntaxError", verdict.exit_code or -1
    return {
        "program": program,
        "stdout": verdict.stdout.text[:_MULTIPL_E_SHOWN],
        "stderr": verdict.stderr.text[:_MULTIPL_E_SHOWN],
        "exit_code": code,
        "status": status,
        "timestamp": int(time.time()),
    }


class _Verdicts(Results):
    """The verdicts themselves, one a line: written as they come, so that none is held."""

    def __init__(self, path: Path, dataset: Dataset, file: IO[bytes]) -> None:
        super().__init__(path, dataset)
        self._file = file

    def add(self, outcome: Outcome, verdict: Verdict) -> None:
        told = {"task_id": outcome.candidate.task_id} | msgspec.to_builtins(verdict)
        self._file.write(msgspec.json.encode(told) + b"\n")

    def write(self, report: EvalReport, summary: Summary) -> None:
        """Nothing is left to write."""


_KINDS: Mapping[Format, Callable[[Path, Dataset], Results]] = {
    "evalplus": _EvalPlus,
    "human-eval": _HumanEval,
    "bigcodebench": _BigCodeBench,
    "livecodebench": _LiveCodeBench,
    "multipl-e": _MultiPlE,
}


@contextlib.contextmanager
def opened_results(format: Format, path: Path, dataset: Dataset) -> Generator[Results]:
    """Open results of a format; what does not come to its end leaves the file as it was."""
    if format != "verdicts":
        yield _KINDS[format](path, dataset)
        return
    with whole_file(path) as file:
        yield _Verdicts(path, dataset, file)
