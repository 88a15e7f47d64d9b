"""`veristone loop`: the whole self-alignment loop on a CPU in minutes, with its control.

For each random seed a base model is made from scratch and `veristone align tiny-loop` is run on
it; seeds run side by side, one core each. Differences are taken within a seed.
"""

import argparse
import asyncio
import hashlib
import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from veristone import ConfigError

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers
    from veristone.loop.run import Progress

__all__ = ["Interval", "add_parser", "interval", "run"]

_DESCRIPTION = """
Makes a tiny StarCoder2 from scratch, has it write solutions and tests, runs them in the sandboxes,
tunes it on what passed, and beside it on a random response, and judges all by hidden tests on
tasks with other names and numbers. Once for each of several random seeds. Needs torch and
transformers, no download of weights, no GPU. Started again, it goes on where it was.

Exit status: 0 done; 1 a seed failed; 2 could not start; 130 interrupted.
"""
_EVALUATIONS = ("hidden tests, T 0.8", "hidden tests, greedy")
_MODELS: Mapping[str, str] = {
    "base": "evaluation/base",
    "passing": "round-1/evaluation/main",
    "no filter": "round-1/evaluation/no-filter",
}


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "loop",
        help="run the whole loop on a tiny model, here and now",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=4, metavar="N", help="repetitions (4)")
    parser.add_argument(
        "--instructions", type=int, default=400, metavar="N", help="that the model answers (400)"
    )
    parser.add_argument(
        "--held-out", type=int, default=200, metavar="N", help="tasks of the evaluation (200)"
    )
    parser.add_argument(
        "--processes", type=int, metavar="N", help="seeds side by side (default: one per core)"
    )
    parser.add_argument("--redo", action="store_true", help="do anew what has other settings")
    parser.add_argument("--base", type=int, metavar="SEED", help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand."""
    if arguments.seeds < 1 or arguments.instructions < 1 or arguments.held_out < 1:
        raise ConfigError("--seeds, --instructions and --held-out are 1 or more")
    if arguments.base is not None:
        await asyncio.to_thread(_make_base, arguments)
        return 0
    _need_torch()
    folder: Path = arguments.output.absolute()
    failed = await _run_seeds(folder, arguments)
    for error in failed:
        print(f"veristone: {error}", file=sys.stderr)
    done = [n for n in range(arguments.seeds) if _has_results(folder / f"seed-{n}" / "run")]
    if done:
        results = {n: _results(folder / f"seed-{n}" / "run") for n in done}
        _show(results)
        summary = folder / "loop.json"
        summary.write_text(json.dumps(_summary(results), indent=1) + "\n")
        print(f"numbers: {summary}")
        print(f"reports: {folder}/seed-*/run/report.html")
    return 1 if failed else 0


def _make_base(arguments: argparse.Namespace) -> None:
    from veristone.training.tiny.files import write_loop_files

    write_loop_files(
        arguments.output,
        seed=arguments.base,
        instructions=arguments.instructions,
        held_out=arguments.held_out,
    )


def _need_torch() -> None:
    import importlib.util

    for name in ("torch", "transformers"):
        if importlib.util.find_spec(name) is None:
            raise ConfigError(
                f"{name} is not installed: `make loop` makes an environment for it, or install the"
                " extra `train` (pip install 'veristone[train]')"
            )


async def _run_seeds(folder: Path, arguments: argparse.Namespace) -> list[Exception]:
    from veristone.files import only_one

    # More threads than cores make torch many times slower (docs/loop.md).
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    places = asyncio.Semaphore(arguments.processes or len(os.sched_getaffinity(0)))
    failed: list[Exception] = []
    with only_one(folder):
        async with asyncio.TaskGroup() as group:
            for seed in range(arguments.seeds):
                group.create_task(_run_seed(folder, seed, arguments, places, failed))
    return failed


async def _run_seed(
    folder: Path,
    seed: int,
    arguments: argparse.Namespace,
    places: asyncio.Semaphore,
    failed: list[Exception],
) -> None:
    from veristone.loop.plan import Step
    from veristone.loop.run import StepFailed, mark, remove, run_steps, stale

    name = f"seed-{seed}"
    sizes = ["--instructions", str(arguments.instructions), "--held-out", str(arguments.held_out)]
    base = ["loop", "-o", f"{name}/files", "--base", str(seed), *sizes]
    align = ["align", "tiny-loop", "-o", f"{name}/run", "--data", f"{name}/files"]
    align += ["--random-seed", str(seed), *(["--redo"] if arguments.redo else [])]
    common: dict[str, Any] = {"variant": name, "round": 0}
    made = "-".join([*sizes, str(seed)])
    files = Step(
        kind="training", name=f"{name}/files", arguments=tuple(base), digest=made, **common
    )
    rest = Step(
        kind="evaluation",
        name=f"{name}/run",
        arguments=tuple(align),
        digest=f"{made}-{_digest(folder / files.folder)}",
        **common,
    )
    steps = [files, rest]
    if stale(folder, [rest]):
        # What of it is to be done anew is for `align` to say, or to refuse.
        mark(folder, rest).unlink()
    changed = stale(folder, steps)
    if changed and not arguments.redo:
        raise ConfigError(f"{folder} was made with other numbers: give another folder, or --redo")
    remove(folder, changed)
    async with places:
        told = ""

        def tell(progress: "Progress") -> None:
            nonlocal told
            if progress.line != told:
                told = progress.line
                print(f"{name}: {told[:120]}", file=sys.stderr, flush=True)

        try:
            await run_steps(folder, steps, tell)
        except StepFailed as error:
            failed.append(error)


def _digest(data: Path) -> str:
    """Return the digest of everything that `align` is going to do."""
    from veristone.cli.align import content
    from veristone.loop.plan import plan
    from veristone.loop.recipe import load_align_recipe

    steps = plan(load_align_recipe(Path("tiny-loop"), data), content)
    return hashlib.sha256("".join(step.digest for step in steps).encode()).hexdigest()[:16]


def _place(run: Path, model: str, label: str) -> Path:
    from veristone.loop.plan import folder_name

    return run / _MODELS[model] / folder_name(label) / "results.json"


def _has_results(run: Path) -> bool:
    return all(_place(run, model, label).exists() for model in _MODELS for label in _EVALUATIONS)


def _results(run: Path) -> dict[str, dict[str, float]]:
    """Return pass@1 by evaluation and model."""
    return {
        label: {model: _pass_at_1(_place(run, model, label)) for model in _MODELS}
        for label in _EVALUATIONS
    }


def _pass_at_1(path: Path) -> float:
    content: Any = json.loads(path.read_text())
    return float(content["pass_at_k"]["base"]["pass@1"])


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds and its 95 % interval by Student's t; no interval for a single seed."""

    mean: float
    half: float | None

    def text(self) -> str:
        """Return both as percentages."""
        if self.half is None:
            return f"{100 * self.mean:.1f}"
        return f"{100 * self.mean:.1f} ± {100 * self.half:.1f}"


def interval(values: Sequence[float]) -> Interval:
    """Return the mean and half the width of its interval."""
    if len(values) < 2:
        return Interval(fmean(values), None)
    from scipy.special import stdtrit

    t = float(stdtrit(len(values) - 1, 0.975))
    return Interval(fmean(values), t * stdev(values) / math.sqrt(len(values)))


Results = Mapping[int, Mapping[str, Mapping[str, float]]]


def _differences(results: Results, label: str) -> dict[str, list[float]]:
    """Return differences within each seed: what the loop gave, and what the filter gave."""
    rows = [found[label] for found in results.values()]
    return {
        "passing - base": [row["passing"] - row["base"] for row in rows],
        "passing - no filter": [row["passing"] - row["no filter"] for row in rows],
        "no filter - base": [row["no filter"] - row["base"] for row in rows],
    }


def _summary(results: Results) -> dict[str, Any]:
    return {
        "seeds": {str(seed): found for seed, found in results.items()},
        "differences": {
            label: {
                name: {"mean": (each := interval(values)).mean, "half_width_95": each.half}
                for name, values in _differences(results, label).items()
            }
            for label in _EVALUATIONS
        },
    }


def _show(results: Results) -> None:
    table = Table(title=f"pass@1 in %, mean of {len(results)} seeds and its 95% interval")
    table.add_column("")
    for label in _EVALUATIONS:
        table.add_column(label, justify="right")
    for model in _MODELS:
        rows = [[found[label][model] for found in results.values()] for label in _EVALUATIONS]
        table.add_row(model, *(interval(row).text() for row in rows))
    table.add_section()
    for name in _differences(results, _EVALUATIONS[0]):
        cells = [interval(_differences(results, label)[name]).text() for label in _EVALUATIONS]
        table.add_row(name, *cells)
    Console().print(table)
