"""What it costs to judge tests in a process of their own.

    python -m benchmarks judging [--rounds N] [--backend NAME]

The same recorded solutions with the same tests three ways, one after the other in each round: tests
apart from the solution (`split`), beside it (`shared`), and as whole programs (`program`).
"""

import argparse
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from benchmarks.record import machine, rows_of, write
from veristone import AssertsCheck, Sample
from veristone.cli.display import print_table
from veristone.engine import Engine, EngineConfig
from veristone.engine.checks import asserts

_DATA = Path(__file__).parents[2] / "shared" / "data"
_GOAL = 0.6


async def main(arguments: list[str]) -> None:
    """Run everything and print it."""
    options = _options(arguments)
    ways = _ways(options.dataset, options.samples)
    record: dict[str, object] = {"samples": len(ways["split"]), **machine()}
    rates: dict[str, list[float]] = defaultdict(list)
    decisions: dict[str, Counter[str]] = {}
    settings = EngineConfig(backend=options.backend, sandboxes=options.workers)
    async with Engine(settings) as engine:
        record["backend"] = engine.backend
        for number in range(options.rounds + 1):
            for way, samples in ways.items():
                rate, decisions[way] = await _rate(engine, way, samples)
                if number:  # the first round warms up
                    rates[way].append(rate)
    ratios = {
        way: round(statistics.median(a / b for a, b in zip(found, rates["shared"], strict=True)), 2)
        for way, found in rates.items()
    }
    record |= {"rates": rates, "ratios": ratios, "decisions": decisions}
    rows = [
        (
            way,
            f"{statistics.median(found):.1f}",
            f"{ratios[way]:.2f}x",
            f"{_GOAL}x" if way == "split" else "",
            ", ".join(f"{count} {name}" for name, count in sorted(decisions[way].items())),
        )
        for way, found in rates.items()
    ]
    print_table(["way", ">samples/s", ">of shared", ">goal", "decisions"], rows)
    print(f"record: {write('judging', record)}")


def _asked_for(tests: str) -> str | None:
    return "asked for"


async def _rate(engine: Engine, way: str, samples: Sequence[Sample]) -> tuple[float, Counter[str]]:
    """Return samples per second, and what was decided."""
    decided: Counter[str] = Counter()
    why = _asked_for if way == "shared" else asserts.reason_to_share
    started = time.perf_counter()
    with mock.patch.object(asserts, "reason_to_share", why):
        async for verdict in engine.verify_stream(samples):
            decided[str(verdict.decision)] += 1
    return len(samples) / (time.perf_counter() - started), decided


def _ways(dataset: Path, answers: Path) -> dict[str, list[Sample]]:
    tasks = {row["task_id"]: row for row in rows_of(dataset)}
    suites: list[Sample] = []
    programs: list[Sample] = []
    for row in rows_of(answers):
        task = tasks[row["task_id"]]
        code = task["prompt"] + row["completion"] + "\n"
        tests = f"{task['test']}\ncheck({task['entry_point']})\n"
        suites.append(Sample(code=code, check=AssertsCheck(tests=tests)))
        programs.append(Sample(code=code + tests))
    return {"split": suites, "shared": suites, "program": programs}


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks judging", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--dataset", type=Path, default=_DATA / "humaneval.jsonl.gz")
    parser.add_argument(
        "--samples", type=Path, default=_DATA / "starcoder2_instruct_humaneval_samples.jsonl.gz"
    )
    return parser.parse_args(arguments)
