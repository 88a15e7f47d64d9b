"""`veristone eval`: scores a samples file on a benchmark of the field.

The heavy room (`training`) is imported when the command runs, not when the parser is built.
"""

import argparse
import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from veristone import ConfigError
from veristone.cli.options import add_engine_options
from veristone.verifier import Verifier

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers
    from veristone.training.evaluation import Dataset, Outcome, Score, Summary


__all__ = ["add_parser", "run"]

_BENCHMARKS = ("humaneval", "humaneval+", "mbpp", "mbpp+", "multipl-e", "livecodebench", "ds-1000")
# `veristone.training.evaluation.benchmarks.BENCHMARKS`; a test holds the two together.

DESCRIPTION = "Scores a samples file or a model and writes the results in EvalPlus's format."

EPILOG = """\
With --model the samples are asked for first and kept in --samples (default: beside --output or in
this folder); an interrupted run goes on there. The prompt is that of training unless --style says
otherwise.

The samples file has one JSON object per line: task_id, and solution (a whole program) or completion
(appended to the task's prompt); several per task are welcome. A directory TASK_ID/N.py will do too.
The exit code is 0 where at least one sample was decided.
"""


def add_parser(subparsers: "Subparsers") -> argparse.ArgumentParser:
    """Add the `eval` subcommand; `run` is its body."""
    parser = subparsers.add_parser(
        "eval",
        help="score a samples file or a model on a benchmark",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument("benchmark", choices=_BENCHMARKS)
    parser.add_argument(
        "--dataset", type=Path, required=True, metavar="FILE", help="tasks: JSONL or JSONL.gz"
    )
    parser.add_argument("--samples", type=Path, metavar="FILE", help="JSONL(.gz) or a directory")
    _add_model_options(parser)
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="results (default: SAMPLES_eval_results.json)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace results that are there already"
    )
    parser.add_argument(
        "--cpu-s",
        type=_positive,
        default=20.0,
        metavar="SECONDS",
        help="CPU seconds for all tests of a sample together (default: %(default)g)",
    )
    parser.add_argument(
        "--float-atol",
        type=float,
        default=1e-6,
        metavar="X",
        help="tolerance for floats of tasks that have none of their own (default: %(default)g;"
        " 0 repeats results that EvalPlus gave with numpy 1.25 to 2.0, see docs/evaluation.md)",
    )
    add_engine_options(parser)
    parser.set_defaults(run=run_with_engine)
    return parser


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a model in place of a samples file")
    group.add_argument(
        "--model",
        metavar="MODEL",
        help="URL of a server, vllm:NAME, transformers:NAME, replay:FILE or a TOML file",
    )
    group.add_argument(
        "--style",
        choices=["instruct", "chat", "complete"],
        default="instruct",
        help="instruct: the template of training; chat: the server's own; complete: a base model"
        " goes on with the prompt (default: %(default)s)",
    )
    group.add_argument(
        "--template", metavar="NAME|FILE", help="of `instruct` (default: that of training)"
    )
    group.add_argument("-n", type=int, default=1, metavar="N", help="samples of a task")
    group.add_argument("--temperature", type=float, default=0.0, metavar="T")
    group.add_argument("--top-p", type=float, default=1.0, metavar="P")
    group.add_argument("--max-tokens", type=int, default=1024, metavar="N")
    group.add_argument("--seed", type=int, default=0, metavar="N")
    group.add_argument(
        "--since", metavar="DATE", help="LiveCodeBench: only tasks of this day and later ones"
    )
    group.add_argument(
        "--check-references",
        action=argparse.BooleanOptionalAction,
        help="leave out tasks whose reference solution fails in these sandboxes"
        " (default: for ds-1000)",
    )


async def run_with_engine(args: argparse.Namespace) -> int:
    """Run the subcommand on an engine of this process."""
    from veristone.cli.options import engine_config
    from veristone.engine import Engine

    if args.samples is None and args.model is None:
        raise ConfigError("give --samples FILE, or --model MODEL to ask for samples first")
    async with Engine(engine_config(args)) as engine:
        return await run(args, engine)


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 3600")
    return value


async def run(args: argparse.Namespace, verifier: Verifier) -> int:
    """Evaluate, write the results, print a summary.

    Returns:
        The exit code: 0, or 1 where no sample was decided.

    Raises:
        DatasetError: the dataset or the samples cannot be read.
        ConfigError: the results have no place to go.
    """
    from veristone.training.evaluation import (
        evaluate,
        load_candidates,
        load_dataset,
        summarise,
        write_results,
    )
    from veristone.training.evaluation.results import plan_paths
    from veristone.training.evaluation.runner import limits_for

    dataset = await asyncio.to_thread(load_dataset, args.dataset, args.benchmark, args.float_atol)
    if args.since:
        dataset = dataset.since(args.since)
    dataset, left_out = await _usable(args, dataset, verifier)
    if args.model is not None:
        await _ask(args, dataset)
    candidates = await asyncio.to_thread(load_candidates, args.samples, dataset.tasks)
    paths = await asyncio.to_thread(
        plan_paths,
        args.samples,
        args.output,
        human_eval=args.benchmark == "humaneval",
        overwrite=args.overwrite,
    )

    errors = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[undecided]}"),
        console=errors,
        disable=not errors.is_terminal,
        transient=True,
    ) as bar:
        job = bar.add_task(args.benchmark, total=len(candidates), undecided="")
        undecided = 0

        def advance(outcome: "Outcome") -> None:
            nonlocal undecided
            undecided += outcome.undecided
            bar.update(job, advance=1, undecided=f"{undecided} undecided" if undecided else "")

        report = await evaluate(
            verifier,
            dataset,
            candidates,
            limits=limits_for(args.cpu_s),
            progress=advance,
        )

    summary = await asyncio.to_thread(summarise, report)
    await asyncio.to_thread(write_results, report, summary, paths)
    _print(Console(), summary, paths.all, left_out)
    return 0 if summary.undecided < summary.samples else 1


async def _usable(
    args: argparse.Namespace, dataset: "Dataset", verifier: Verifier
) -> "tuple[Dataset, dict[str, str]]":
    """Leave out tasks that these sandboxes cannot judge, and say why."""
    from veristone.training.evaluation.runner import broken_references, limits_for

    wanted = args.check_references
    if wanted is None:
        wanted = dataset.benchmark == "ds-1000"
    if not wanted:
        return dataset, {}
    broken = await broken_references(verifier, dataset, limits_for(args.cpu_s))
    return dataset.only(dataset.tasks.keys() - broken.keys()), broken


async def _ask(args: argparse.Namespace, dataset: "Dataset") -> None:
    """Fill the samples file with what the model answers."""
    from veristone.generators.models.registry import open_model, parse_model
    from veristone.training.evaluation.asking import Asking, ask

    if args.samples is None:
        args.samples = (args.output or Path("here")).parent / f"{args.benchmark}_samples.jsonl"
    asking = Asking(
        style=args.style,
        render=_template(args.template) if args.style == "instruct" else None,
        n=args.n,
        temperature=args.temperature,
        top_p=args.top_p,
        max_tokens=args.max_tokens,
        seed=args.seed,
    )
    errors = Console(stderr=True)
    async with open_model(parse_model(args.model)) as model:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=errors,
            disable=not errors.is_terminal,
            transient=True,
        ) as bar:
            job = bar.add_task("answers", total=len(dataset.tasks) * args.n)
            await ask(
                model,
                dataset,
                asking,
                args.samples,
                progress=lambda done: bar.update(job, completed=done),
            )


def _template(name: str | None) -> "Callable[[str], str]":
    from veristone.training.finetune.template import load_template

    return load_template(name or "instruction").render


def _print(
    console: Console, summary: "Summary", paths: list[Path], left_out: Mapping[str, str]
) -> None:
    table = Table()
    for name in ("benchmark", "tests"):
        table.add_column(name)
    for name in ("tasks", "samples", "undecided"):
        table.add_column(name, justify="right")
    ks = [each.k for each in summary.base]
    for k in ks:
        table.add_column(f"pass@{k} [95%]", justify="right")
    halves = [("base", summary.base)]
    if summary.plus:
        halves.append(("base + plus", summary.plus))
    for name, scores in halves:
        table.add_row(
            summary.benchmark,
            name,
            str(summary.tasks),
            str(summary.samples),
            str(summary.undecided),
            *(_figures(each) for each in scores),
        )
    console.print(table)
    if left_out:
        console.print(
            f"{len(left_out)} tasks are left out: their own reference solution fails here, for"
            f" example {next(iter(left_out.items()))}",
            markup=False,
        )
    for note in summary.notes:
        console.print(note, markup=False, highlight=False)
    for path in paths:
        # One path a line, never wrapped: people copy it.
        console.print(f"results: {path}", markup=False, highlight=False, soft_wrap=True)


def _figures(score: "Score") -> str:
    return f"{100 * score.mean:.1f} [{100 * score.low:.1f}, {100 * score.high:.1f}]"
