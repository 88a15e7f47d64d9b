"""How busy generation keeps the verifier: recorded answers as fast as they can be replayed.

    python -m benchmarks synthesis [--solutions N] [--tasks N] [--sandboxes N]

The whole of `veristone generate` with the recipe `solutions`: one process replays what CodeGen-16B
wrote for HumanEval (functions written here where that file is not at hand), and this process
verifies from the queue between them. Then the same samples go through the same engine without any
of that, `verify_stream` over a list: always second, in the same round, because machines are shared.

Busy is the share of the sandboxes' time in which they were lent to a sample (`Engine.usage`), from
the first sample until the queue is finished. Goal: above 90 %. On a loaded machine every loan takes
longer, so a high share alone proves little: read it beside the two rates.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.record import machine, rows_of, write
from veristone import Sample
from veristone.engine import Engine, EngineConfig
from veristone.files import only_one
from veristone.generators.synthesis.pipeline.chain import VERIFY
from veristone.generators.synthesis.pipeline.export import export
from veristone.generators.synthesis.pipeline.feed import feed
from veristone.generators.synthesis.pipeline.folder import RunFolder, begin
from veristone.generators.synthesis.pipeline.work import judging, work_off
from veristone.generators.synthesis.read_input import read_input
from veristone.generators.synthesis.recipe import Recipe, load_recipe
from veristone.generators.synthesis.records import Record, StageResult
from veristone.generators.synthesis.verification import sample_of
from veristone.settings import checked

_DATA = Path(__file__).parents[2] / "shared" / "data"
_SOLUTIONS = "codegen16b_humaneval_solutions.jsonl.gz"
_TESTS = "codegen16b_humaneval_tests.jsonl.gz"
_GOAL = 0.90


@dataclass(slots=True)
class _Round:
    """One run of the whole, and the same samples alone."""

    samples: int
    rate: float
    """Samples a second."""
    busy: float
    alone_rate: float
    alone_busy: float


async def main(arguments: list[str]) -> None:
    """Run everything and print it."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="veristone-bench-") as name:
        source = _prepare(Path(name), options)
        recipe = _recipe(options.solutions)
        config = EngineConfig(backend=options.backend, sandboxes=options.sandboxes)
        rounds: list[_Round] = []
        async with Engine(config) as engine:
            for number in range(options.rounds):
                done = await _round(Path(name), f"run-{number}", recipe, engine)
                rounds.append(done)
                print(
                    f"round {number + 1}: {done.samples:,} samples,"
                    f" {done.rate:.0f}/s, sandboxes {100 * done.busy:.1f} % busy; alone"
                    f" {done.alone_rate:.0f}/s, {100 * done.alone_busy:.1f} % busy",
                )
    record: dict[str, Any] = {
        "samples_of": source,
        "sandboxes": options.sandboxes,
        "backend": options.backend,
        **machine(),
        "rounds": [asdict(done) for done in rounds],
    }
    busy = statistics.median(done.busy for done in rounds)
    share = statistics.median(done.rate / done.alone_rate for done in rounds)
    print(
        f"sandboxes busy {100 * busy:.1f} % of the time (goal above {100 * _GOAL:.0f} %);"
        f" {100 * share:.0f} % of the rate of the verifier alone",
    )
    print(f"record: {write('synthesis', record)}")


async def _round(path: Path, name: str, recipe: Recipe, engine: Engine) -> _Round:
    folder, records = path / name, read_input(recipe.input, path / "tasks.jsonl")
    run = await _start(folder, recipe, records)
    generating = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "veristone",
        "generate",
        "work",
        str(folder),
        "--model",
        f"replay:{path / 'recording.jsonl'}",
        "--quiet",
        "--parent",
        str(os.getpid()),
    )
    try:
        samples, seconds, busy = await _overlapped(run, recipe, engine)
        if await generating.wait() != 0:
            sys.exit("benchmarks: the process that generates failed")
    finally:
        if generating.returncode is None:
            generating.kill()
            await generating.wait()
    alone_seconds, alone_busy = await _alone(await _samples(run, recipe), engine)
    return _Round(samples, samples / seconds, busy, samples / alone_seconds, alone_busy)


async def _start(path: Path, recipe: Recipe, records: Iterator[Record]) -> RunFolder:
    frozen = recipe.model_dump_json().encode()
    with only_one(path):
        run = begin(path, frozen, [stage.name for stage in recipe.stages])
        async with run.open() as chain:
            await chain.reopen()
            await feed(chain, records)
    return run


async def _overlapped(run: RunFolder, recipe: Recipe, engine: Engine) -> tuple[int, float, float]:
    """Verify what comes; return how many, and the seconds and the busy share from the first on."""
    judge = judging(engine, recipe.verify)
    began: float | None = None
    first = engine.usage()
    count = 0

    async def timed(record: Record) -> StageResult:
        nonlocal began, first, count
        if began is None:
            began, first = time.perf_counter(), engine.usage()
        result = await judge(record)
        count += 1
        return result

    async with run.open() as chain:
        await work_off(chain, VERIFY, timed, concurrency=2 * engine.config.sandboxes)
        last = engine.usage()
        seconds = time.perf_counter() - (began or time.perf_counter())
    return count, seconds, last.share_since(first)


async def _samples(run: RunFolder, recipe: Recipe) -> list[Sample]:
    with only_one(run.path):
        await export(run)
    samples: list[Sample] = []
    decode = msgspec.json.Decoder(Record).decode
    for line in (run.path / "responses.jsonl").read_bytes().splitlines():
        sample = sample_of(decode(line), recipe.verify)
        if sample is not None:
            samples.append(sample)
    return samples


async def _alone(samples: list[Sample], engine: Engine) -> tuple[float, float]:
    first, began = engine.usage(), time.perf_counter()
    async for _ in engine.verify_stream(samples, ordered=False):
        pass
    return time.perf_counter() - began, engine.usage().share_since(first)


def _recipe(solutions: int) -> Recipe:
    settings = load_recipe("solutions")
    settings["stages"][0]["sampling"]["n"] = solutions
    return checked(Recipe, settings, "solutions")


def _prepare(folder: Path, options: argparse.Namespace) -> str:
    """Write the tasks and one recording of everything about them; return where they come from."""
    real = (options.data / _SOLUTIONS).exists() and (options.data / _TESTS).exists()
    rows = list(_written())
    if real:
        rows = [row for name in (_SOLUTIONS, _TESTS) for row in rows_of(options.data / name)]
    solutions = [row for row in rows if not row["prompt"].rstrip().endswith("assert")]
    tests = [row for row in rows if row["prompt"].rstrip().endswith("assert")]
    some = options.tasks or len(solutions)
    with open(folder / "tasks.jsonl", "w") as file:
        for number, row in enumerate(solutions[:some]):
            file.write(json.dumps({"id": f"task-{number:03}", "prompt": row["prompt"]}) + "\n")
    with open(folder / "recording.jsonl", "w") as file:
        for row in (*solutions, *tests):
            file.write(json.dumps(row) + "\n")
    number = min(some, len(solutions))
    writer = "CodeGen-16B" if real else "functions written here"
    return f"{writer}: {options.solutions} solutions with tests of each of {number} tasks"


def _written() -> Iterator[dict[str, Any]]:
    """Tasks as easy as HumanEval's: half of the solutions are right."""
    for number in range(82):
        head = f'def add_{number}(values):\n    """Return the sum of the values and {number}."""\n'
        right = f"    return sum(values) + {number}\n\n"
        wrong = f"    return sum(values) - {number} - 1\n\n"
        yield {"prompt": head, "samples": [right, wrong] * 50}
        prompt = f"{head}    pass\n\n# check the correctness of add_{number}\nassert "
        yield {"prompt": prompt, "samples": [f"add_{number}([1, 2]) == {number + 3}\n"] * 100}


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks synthesis", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--solutions", type=int, default=100, help="of each task")
    parser.add_argument("--tasks", type=int, default=0, help="0: all of them")
    parser.add_argument("--sandboxes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--data", type=Path, default=_DATA)
    return parser.parse_args(arguments)
