"""Near-duplicate removal: ours and datasketch's side by side, and ours at a million functions.

    python -m benchmarks.near_duplicates [--functions N]

The functions are those of the Python standard library and of the installed packages (3 to 60
lines, methods included), and, where they are not enough, copies in which words are renamed:
every sixth copy those that begin with a letter from q to z (a few words: mostly near-duplicates),
the others those from a to m (about half of all: different functions with the same skeleton). The
copies of each round have a suffix of their own, so the duplicates among the real functions are
duplicates again in each round.

Each measurement is a process of its own, fed with parts of 4000 functions by another one; rates
are functions per CPU second.
"""

import argparse
import math
import re
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.duplicates.shingles import shingles
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Outcome, Rejected

__all__ = ["measure", "show"]

_PART = 4000
_BESIDE = 40_000
"""Functions that datasketch is given, and ours beside it."""
_THE_STACK = 22_300_000
"""Documented Python functions in The Stack."""
_GOAL_RATE = 10_000
_GOAL_MIB = 1024
_FUNCTION = re.compile(r"^([ \t]*)(?:async )?def .*\n(?:(?:\1[ \t]+.*|[ \t]*)\n)+", re.MULTILINE)
_FEW = re.compile(r"\b[q-z]\w*")
_HALF = re.compile(r"\b[a-m]\w*")
_HERE = Provenance(source="benchmark")


def measure(functions: int = 1_000_000) -> dict[str, Any]:
    """Run all measurements, one after another.

    Args:
        functions: how many the large one has.
    """
    return {
        "veristone": _run("veristone", _BESIDE),
        "datasketch": _run("datasketch", _BESIDE),
        "large": _run("veristone", functions),
    }


def show(record: dict[str, Any]) -> None:
    """Print what `measure` found."""
    table = Table(title="near-duplicates, functions per CPU second", title_justify="left")
    for name in ("engine", "functions", "sketch", "decide", "both", "rejected", "recall"):
        table.add_column(name, justify="left" if name == "engine" else "right")
    for key in ("datasketch", "veristone", "large"):
        found = record[key]
        table.add_row(
            found["engine"],
            f"{found['functions']:,}",
            *(f"{found[f'{what}_per_s']:,.0f}" for what in ("sketch", "decide", "both")),
            f"{found['rejected']:,}",
            f"{found['recall']:.3f}" if "recall" in found else "",
        )
    console = Console()
    console.print(table)
    large = record["large"]
    console.print(
        f"at {large['functions']:,}: {large['both_per_s']:,.0f}/s (goal {_GOAL_RATE:,}),"
        f" {large['anonymous_mib']:.0f} MiB without page cache (goal {_GOAL_MIB}),"
        f" {large['resident_mib']:.0f} MiB with it, {large['disk_mib']:,.0f} MiB on disk,"
        f" slowest part {large['slowest_part_s']:.1f} s"
        f"\nprojected to {_THE_STACK:,}: {_projected_s(record) / 3600:.1f} core hours,"
        f" {large['disk_mib'] * _THE_STACK / large['functions'] / 1024:.1f} GiB on disk",
        highlight=False,
    )


def _projected_s(record: dict[str, Any]) -> float:
    """Return the CPU seconds for The Stack: deciding gets slower with each doubling, as measured.

    That is with an index that fits in memory as page cache.
    """
    small, large = record["veristone"], record["large"]
    doublings = math.log2(large["functions"] / small["functions"])
    decide_s = 1 / large["decide_per_s"]
    slope = (decide_s - 1 / small["decide_per_s"]) / doublings if doublings > 0 else 0.0
    more = max(slope, 0.0) * math.log2(_THE_STACK / large["functions"])
    return _THE_STACK * (1 / large["sketch_per_s"] + decide_s + more)


def _run(engine: str, functions: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.near_duplicates", "--functions", str(functions)]
    with subprocess.Popen([*command, "--generate"], stdout=subprocess.PIPE) as feeder:
        done = subprocess.run(
            [*command, "--engine", engine], stdin=feeder.stdout, stdout=subprocess.PIPE, check=True
        )
    return msgspec.json.decode(done.stdout)


def _real_functions() -> Iterator[str]:
    paths = sysconfig.get_paths()
    for folder in (paths["stdlib"], paths["purelib"]):
        for path in sorted(Path(folder).rglob("*.py")):
            if folder != paths["purelib"] and "site-packages" in path.parts:
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            if len(text) > 400_000:
                continue
            for match in _FUNCTION.finditer(text):
                if 3 <= match[0].count("\n") <= 60:
                    yield match[0]


def _functions() -> Iterator[str]:
    real = list(_real_functions())
    yield from real
    copies = 1
    while True:
        for index, code in enumerate(real):
            words = _FEW if (index + copies) % 6 == 0 else _HALF
            yield words.sub(rf"\g<0>_{copies}", code)
        copies += 1


def _generate(functions: int) -> None:
    codes = islice(_functions(), functions)
    while part := list(islice(codes, _PART)):
        sys.stdout.buffer.write(msgspec.json.encode(part) + b"\n")


def _consume(engine: str, functions: int) -> dict[str, Any]:
    step = NearDuplicates.model_validate({"engine": engine})
    sketch_s = decide_s = slowest_s = anonymous = 0.0
    outcomes: list[bool] = []
    sample: list[str] = []
    with tempfile.TemporaryDirectory(prefix="near-duplicates-") as scratch:
        folder = Path(scratch)
        for number, line in enumerate(sys.stdin.buffer):
            codes = msgspec.json.decode(line, type=list[str])
            seeds = [_seed(code) for code in codes]
            began = time.process_time()
            sketch = step.sketch(seeds)
            sketched = time.process_time()
            decided: list[Outcome] = step.decide(number, seeds, sketch, folder)
            took_s = time.process_time() - sketched
            sketch_s += sketched - began
            decide_s += took_s
            slowest_s = max(slowest_s, took_s)
            anonymous = max(anonymous, _anonymous_mib())
            outcomes += [isinstance(one, Rejected) for one in decided]
            if functions <= _BESIDE:
                sample += codes
        disk = sum(path.stat().st_size for path in folder.iterdir())
    count = len(outcomes)
    found: dict[str, Any] = {
        "engine": engine,
        "functions": count,
        "rejected": sum(outcomes),
        "sketch_per_s": count / sketch_s,
        "decide_per_s": count / decide_s,
        "both_per_s": count / (sketch_s + decide_s),
        "slowest_part_s": slowest_s,
        "anonymous_mib": anonymous,
        "resident_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "disk_mib": disk / 2**20,
    }
    if sample:
        overlooked = _overlooked(sample, outcomes, step)
        found["recall"] = sum(outcomes) / (sum(outcomes) + overlooked)
    return found


def _seed(code: str) -> Seed:
    return Seed(id=seed_id("python", code), code=code, language="python", provenance=_HERE)


def _anonymous_mib() -> float:
    """Return the memory of this process that is its own: not page cache, which goes when needed."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) / 1024
    raise ValueError("Pss_Anon")


def _overlooked(codes: list[str], rejected: list[bool], step: NearDuplicates) -> int:
    """Return how many kept functions are similar to an earlier kept one, by an exact join."""
    sets = shingles(codes, ["python"] * len(codes), step.shingle)
    rows: dict[int, list[int]] = defaultdict(list)
    sizes = sets.sizes.tolist()
    found = 0
    for position, out in enumerate(rejected):
        if out:
            continue
        own: list[int] = sets.at(position).tolist()
        shared = Counter(row for shingle in own for row in rows[shingle])
        size = sizes[position]
        found += any(n >= step.threshold * (size + sizes[row] - n) for row, n in shared.items())
        for shingle in own:
            rows[shingle].append(position)
    return found


def _main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.near_duplicates", description=__doc__)
    parser.add_argument("--functions", type=int, default=1_000_000)
    parser.add_argument("--generate", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.generate:
        _generate(options.functions)
    elif options.engine:
        found = _consume(options.engine, options.functions)
        sys.stdout.buffer.write(msgspec.json.encode(found))
    else:
        show(measure(options.functions))


if __name__ == "__main__":
    _main()
