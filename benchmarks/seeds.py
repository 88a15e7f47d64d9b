"""Seed collection: functions per second of every step and of the chain, and what that means.

    python -m benchmarks seeds [--source PATH ...] [--benchmark NAME=FILE ...] [--functions N]

Four parts, each in the minutes of one run: the recipe `starcoder2` over real code (default: the
standard library and the packages of this environment); the type checker beside the original's way;
near-duplicates; and a projection to The Stack.

Rates are per CPU second, of the worker and the tools that it starts together: that is a rate per
core that other work on the machine hardly changes. The projection takes each step's rate and the
share of functions that reached it here.
"""

import argparse
import asyncio
import os
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import near_duplicates, pyright_way
from benchmarks.record import machine, write
from veristone.cli.display import print_table
from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.pipeline.recipe import Recipe, load_recipe
from veristone.generators.seeds.pipeline.run import Run
from veristone.generators.seeds.pipeline.shortcuts import with_benchmarks, with_sources
from veristone.settings import checked

_DATA = Path(__file__).parents[2] / "shared" / "data"
_BENCHMARKS = {"HumanEval+": "humanevalplus.jsonl.gz", "MBPP": "mbpp.jsonl.gz"}
_THE_STACK = 22_311_478
"""Functions in the Python part of The Stack v1 dedup, documented or not (MultiPL-T)."""


async def main(arguments: list[str]) -> None:
    """Run everything and print it."""
    options = _options(arguments)
    record: dict[str, Any] = {**machine()}
    with tempfile.TemporaryDirectory() as folder:
        record["chain"] = await _chain(options, Path(folder))
    _show_chain(record["chain"])
    record["type_checking"] = pyright_way.measure()
    pyright_way.show(record["type_checking"])
    record["near_duplicates"] = near_duplicates.measure(options.functions)
    near_duplicates.show(record["near_duplicates"])
    print(f"record: {write('seeds', record)}")


async def _chain(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run the recipe; return each step's numbers, and the projection."""
    settings = load_recipe("starcoder2")
    settings = with_sources(settings, options.source, any_licence=True)
    settings = with_benchmarks(settings, options.benchmark)
    processes = len(os.sched_getaffinity(0))
    began = time.monotonic()
    funnel = await Run(checked(Recipe, settings, "starcoder2"), folder, processes=processes).go()
    wall_s = time.monotonic() - began
    functions = sum(source.seen["functions"] for source in funnel.sources)
    steps = _steps(funnel)
    cpu_s = sum(step["cpu_s"] for step in steps)
    return {
        "functions": functions,
        "documented": sum(source.candidates for source in funnel.sources),
        "seeds": funnel.seeds,
        "processes": processes,
        "wall_s": round(wall_s, 1),
        "cpu_s": round(cpu_s, 1),
        "busy": round(cpu_s / wall_s / processes, 3),
        "functions_per_cpu_s": round(functions / cpu_s, 1),
        "documented_per_cpu_s": round(steps[0]["kept"] / cpu_s, 1),
        "the_stack_cpu_hours": round(cpu_s / functions * _THE_STACK / 3600, 1),
        "steps": steps,
    }


def _steps(funnel: Funnel) -> list[dict[str, Any]]:
    candidates = sum(source.candidates for source in funnel.sources)
    seen = sum(source.seen["functions"] for source in funnel.sources)
    mining: dict[str, Any] = {
        "step": "mine",
        "given": seen,
        "kept": candidates,
        "cpu_s": sum(source.cpu_s for source in funnel.sources),
    }
    rest: list[dict[str, Any]] = [
        {"step": step.step, "given": step.given, "kept": step.kept, "cpu_s": step.cpu_s}
        for step in funnel.steps
    ]
    rows = [mining, *rest]
    for step in rows:
        step["per_cpu_s"] = round(step["given"] / step["cpu_s"], 1) if step["cpu_s"] else None
        step["cpu_s"] = round(step["cpu_s"], 2)
    return rows


def _show_chain(chain: dict[str, Any]) -> None:
    rows = [
        (
            step["step"],
            f"{step['given']:,}",
            f"{step['kept']:,}",
            f"{step['cpu_s']:.1f}",
            f"{step['per_cpu_s']:,.0f}" if step["per_cpu_s"] else "",
        )
        for step in chain["steps"]
    ]
    columns = ["step", ">given", ">kept", ">CPU s", ">functions per CPU s"]
    print_table(columns, rows, title="recipe starcoder2")
    print(
        f"{chain['functions']:,} functions, {chain['documented']:,} documented, in"
        f" {chain['wall_s']} s with {chain['processes']} processes, {chain['busy']:.0%} of their"
        f" cores busy with it\n{chain['functions_per_cpu_s']:,} functions,"
        f" {chain['documented_per_cpu_s']:,} documented ones, per CPU second\nThe Stack"
        f" ({_THE_STACK:,} Python functions) at these rates and shares:"
        f" {chain['the_stack_cpu_hours']} core hours",
    )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks seeds", description=__doc__)
    parser.add_argument("--source", action="append", metavar="PATH")
    parser.add_argument("--benchmark", action="append", metavar="NAME=FILE")
    parser.add_argument("--functions", type=int, default=50_000, help="for near-duplicates")
    options = parser.parse_args(arguments)
    options.source = options.source or [
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("purelib"),
    ]
    options.benchmark = options.benchmark or [
        f"{name}={_DATA / file}" for name, file in _BENCHMARKS.items()
    ]
    return options


if __name__ == "__main__":
    asyncio.run(main([]))
