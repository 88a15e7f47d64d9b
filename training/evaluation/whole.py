"""A benchmark from its files to its results: `veristone eval` as a library call."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from veristone import ConfigError, Model, Verifier
from veristone.files import not_its_own
from veristone.training.evaluation.asking import Asking, ask
from veristone.training.evaluation.benchmarks import NEED_LIBRARIES, Benchmark
from veristone.training.evaluation.datasets import load_dataset
from veristone.training.evaluation.formats import Format, opened_results, plan_path
from veristone.training.evaluation.results import Summary, summarise
from veristone.training.evaluation.runner import Outcome, broken_references, evaluate, limits_for
from veristone.training.evaluation.samples import load_candidates

__all__ = ["Evaluated", "Evaluation", "evaluate_files"]

OnProgress = Callable[[str, int, int, str], None]
"""Told what goes on (`answers` or the benchmark), how much is done, of how much, and a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What is evaluated, and how."""

    benchmark: Benchmark
    dataset: Path
    samples: Path | None = None
    """The answers; with a model the file that they are kept in (default: beside the output)."""
    model: Callable[[], AbstractAsyncContextManager[Model]] | None = None
    """Opens the model that is asked for the samples first."""
    asking: Asking | None = None
    output: Path | None = None
    format: Format = "evalplus"
    """Of the results."""
    overwrite: bool = False
    since: str = ""
    check_references: bool | None = None
    """Leave out tasks whose own solution fails here; None: for benchmarks about
    libraries (ds-1000, bigcodebench)."""
    cpu_s: float = 20.0
    float_atol: float = 1e-6


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came out."""

    summary: Summary
    path: Path
    """Of the results."""


async def evaluate_files(
    wanted: Evaluation,
    verifier: Verifier,
    on_progress: OnProgress = lambda what, done, total, note: None,
) -> Evaluated:
    """Read the dataset, ask the model if there is one, judge, and write the results.

    Raises:
        DatasetError: the dataset or the samples cannot be read.
        ConfigError: there are neither samples nor a model, or the results have no place to go.
    """
    if wanted.samples is None and wanted.model is None:
        raise ConfigError("give --samples FILE, or --model MODEL to ask for samples first")
    benchmark, limits = wanted.benchmark, limits_for(wanted.cpu_s)
    dataset = await asyncio.to_thread(load_dataset, wanted.dataset, benchmark, wanted.float_atol)
    if wanted.since:
        dataset = dataset.since(wanted.since)
    left_out: dict[str, str] = {}
    check = wanted.check_references
    if benchmark in NEED_LIBRARIES if check is None else check:
        left_out = await broken_references(verifier, dataset, limits)
        dataset = dataset.only(dataset.tasks.keys() - left_out.keys())
    beside = wanted.output.parent if wanted.output is not None else Path()
    samples = wanted.samples or beside / f"{benchmark}_samples.jsonl"
    if wanted.model is not None:
        asking = wanted.asking or Asking(style="chat")
        total = len(dataset.tasks) * asking.n
        async with wanted.model() as model:
            await ask(
                model,
                dataset,
                asking,
                samples,
                progress=lambda done: on_progress("answers", done, total, ""),
            )
    read = await asyncio.to_thread(
        load_candidates, samples, dataset.tasks, in_order=dataset.in_order
    )
    candidates = read.candidates
    path = await asyncio.to_thread(
        plan_path, samples, wanted.output, overwrite=wanted.overwrite, format=wanted.format
    )
    not_its_own(path, wanted.dataset)
    done = undecided = 0

    def advance(outcome: Outcome) -> None:
        nonlocal done, undecided
        done += 1
        undecided += outcome.undecided
        note = f"{undecided} undecided" if undecided else ""
        on_progress(benchmark, done, len(candidates), note)

    with opened_results(wanted.format, path, dataset) as results:
        report = await evaluate(
            verifier,
            dataset,
            candidates,
            limits=limits,
            on_outcome=advance,
            progress=results.add,
        )
        report = replace(report, skipped=read.skipped, troubles=read.troubles, left_out=left_out)
        summary = await asyncio.to_thread(summarise, report)
        await asyncio.to_thread(results.write, report, summary)
    return Evaluated(summary, path)
