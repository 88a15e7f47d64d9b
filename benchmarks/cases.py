"""Tasks per second and core by ScaleBox's method: reference solutions with all their cases.

    python -m benchmarks cases [--seconds N] [--most N] [--backend NAME] [--peer URL]

ScaleBox's report (reports/efficiency_test_report.md of its source) sends reference solutions of
Python problems, each with all its cases of stdin and stdout, to one server and divides the tasks
by the wall time: 39.31 tasks/s on 128 vCPU at its best, 0.31 per vCPU. Here the problems are
HumanEval+'s: a canonical solution reads a call's arguments from standard input and prints what it
returns, for each of the first `--most` inputs. Requests are ScaleBox's own
(`/common_evaluate_batch`, every case asked for). `--peer` names a ScaleBox server on the same
machine, which is sent the same tasks afterwards.
"""

import argparse
import asyncio
import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from benchmarks.record import machine, rows_of, write
from benchmarks.service import service

_DATA = Path(__file__).parents[2] / "shared" / "data"
_PUBLISHED = 39.31 / 128
_GOAL = 10.0
_AT_ONCE = 4
_TOTAL_S = 60
console = Console()

Task = dict[str, Any]
"""A request's body."""


async def main(arguments: list[str]) -> None:
    """Run everything, print it, and write it down."""
    options = _options(arguments)
    cores = len(os.sched_getaffinity(0))
    record: dict[str, Any] = {"backend": options.backend, "peer": options.peer, **machine()}
    async with contextlib.AsyncExitStack() as stack:
        ours = await stack.enter_async_context(service(options.backend))
        tasks = await _tasks(ours, rows_of(options.dataset), options.most)
        cases = sum(len(_cases(task)["input"]) for task in tasks)
        record |= {"tasks": len(tasks), "cases": cases}
        console.print(f"{len(tasks)} tasks with {cases} cases", highlight=False)
        servers = {"Veristone": ours}
        if options.peer:
            servers["ScaleBox"] = await stack.enter_async_context(
                aiohttp.ClientSession(options.peer)
            )
        for name, session in servers.items():
            found = record[name] = await _rate(session, tasks, options.seconds, cores)
            console.print(
                f"{name}: {found['tasks_per_s']} tasks/s, {found['per_core']} per core:"
                f" {found['times_published']} times ScaleBox's published {_PUBLISHED:.2f};"
                f" {found['accepted']} of {found['asked']} accepted",
                highlight=False,
            )
    times = record["Veristone"]["times_published"]
    console.print(f"goal: {_GOAL:.0f} times{'' if times >= _GOAL else ', not reached'}")
    console.print(f"record: {write('cases', record)}", highlight=False)


async def _tasks(
    session: aiohttp.ClientSession, rows: list[dict[str, Any]], most: int
) -> list[Task]:
    """Return a request for each task whose canonical solution answers all its inputs."""

    async def one(row: dict[str, Any]) -> Task | None:
        solution = row["prompt"] + row["canonical_solution"]
        call = f"{row['entry_point']}(*ast.literal_eval(line))"
        inputs = [repr(each) for each in [*row["base_input"], *row["plus_input"]][:most]]
        every = f"{solution}\nimport ast\nfor line in {inputs!r}:\n    print(repr({call}))\n"
        async with session.post("/run_code", json={"code": every, "run_timeout": 30}) as response:
            answer: dict[str, Any] = await response.json()
        if answer["status"] != "Success":
            return None
        outputs: list[str] = answer["run_result"]["stdout"].splitlines()
        if len(outputs) != len(inputs):
            return None
        program = f"{solution}\nimport ast\nline = input()\nprint(repr({call}))\n"
        return _request(row["task_id"], program, inputs, outputs)

    return [task for row in rows if (task := await one(row)) is not None]


def _request(task_id: str, program: str, inputs: list[str], outputs: list[str]) -> Task:
    cases = {"type": "stdin_stdout", "input": inputs, "output": outputs, "fn_name": None}
    return {
        "id": task_id,
        "completion": f"```python\n{program}\n```",
        "config": {
            "language": "python",
            "run_timeout": _TOTAL_S,
            "provided_data": {"test_cases": cases},
            "extra": {"run_all_cases": True, "total_timeout": _TOTAL_S},
        },
    }


def _cases(task: Task) -> dict[str, Any]:
    return task["config"]["provided_data"]["test_cases"]


async def _rate(
    session: aiohttp.ClientSession, tasks: list[Task], seconds: float, cores: int
) -> dict[str, Any]:
    """Send the tasks again and again, whole rounds, until the time is over."""
    accepted = asked = 0
    refused: set[str] = set()
    started = time.perf_counter()

    async def work(queue: Iterator[Task]) -> None:
        nonlocal accepted, asked
        for task in queue:
            async with session.post("/common_evaluate_batch", json=task) as response:
                answer = json.loads(await response.read())
            asked += 1
            accepted += bool(answer.get("accepted"))
            if not answer.get("accepted"):
                refused.add(task["id"])

    while time.perf_counter() < started + seconds:
        queue = iter(tasks)
        await asyncio.gather(*(work(queue) for _ in range(_AT_ONCE)))
    rate = asked / (time.perf_counter() - started)
    return {
        "tasks_per_s": round(rate, 1),
        "per_core": round(rate / cores, 2),
        "times_published": round(rate / cores / _PUBLISHED, 1),
        "asked": asked,
        "accepted": accepted,
        "refused": sorted(refused),
    }


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks cases", description=__doc__)
    parser.add_argument("--dataset", type=Path, default=_DATA / "humanevalplus.jsonl.gz")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each server, at least")
    parser.add_argument("--most", type=int, default=50, help="cases of a task")
    parser.add_argument("--peer", metavar="URL", help="a ScaleBox server on this machine")
    parser.add_argument("--backend", default="bubblewrap")
    return parser.parse_args(arguments)
