"""`veristone eval humaneval+` beside EvalPlus itself: the same samples, tasks and cores, in turn.

Each is run twice: cold, with nothing kept of what canonical solutions answer, and warm. EvalPlus
runs in an interpreter of its own (``--evalplus PYTHON``, one that can `import evalplus.evaluate`);
without one only ours is timed. Goal: half of EvalPlus's wall time, cold and warm. Beside each
stands how much of the machine's cores was at work meanwhile, whoever's work it was.
"""

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.record import machine, write

__all__ = ["main"]

_DATA = Path(__file__).parents[2] / "shared/data"
_GOAL = 0.5


async def main(arguments: Sequence[str]) -> None:
    """Time both, print a table and write a record."""
    parser = argparse.ArgumentParser(prog="benchmarks evaluation", description=__doc__)
    parser.add_argument("--dataset", type=Path, default=_DATA / "humanevalplus.jsonl.gz")
    samples = _DATA / "starcoder2_instruct_humaneval_samples.jsonl.gz"
    parser.add_argument("--samples", type=Path, default=samples)
    parser.add_argument("--evalplus", metavar="PYTHON", help="an interpreter with EvalPlus")
    parser.add_argument("--backend", default="bubblewrap")
    options = parser.parse_args(arguments)
    console = Console()
    if not options.dataset.exists() or not options.samples.exists():
        console.print("evaluation: no data here; name it with --dataset and --samples")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for given, plain in ((options.dataset, "tasks.jsonl"), (options.samples, "samples.jsonl")):
            content = given.read_bytes()
            text = gzip.decompress(content) if given.suffix == ".gz" else content
            (folder / plain).write_bytes(text)
        ways = {"veristone": _ours(options.backend)}
        if options.evalplus:
            ways["evalplus"] = _theirs(options.evalplus)
        record: dict[str, Any] = {"backend": options.backend, **machine(), "wall_s": {}, "busy": {}}
        for state in ("cold", "warm"):
            for name, command in ways.items():
                what = f"{name}, {state}"
                record["wall_s"][what], record["busy"][what] = _timed(command, folder)
    table = Table("what", "seconds", "cores at work", "of EvalPlus's", "goal")
    for what, seconds in record["wall_s"].items():
        other = record["wall_s"].get(what.replace("veristone", "evalplus"))
        share = seconds / other if other and not what.startswith("evalplus") else None
        missed = "" if share is None or share <= _GOAL else ", not reached"
        goal = "" if share is None else f"{_GOAL}{missed}"
        said = "" if share is None else f"{share:.2f}"
        table.add_row(what, f"{seconds:.1f}", f"{record['busy'][what]:.0%}", said, goal)
    console.print(table)
    console.print(f"record: {write('evaluation', record)}", highlight=False)


def _ours(backend: str) -> list[str]:
    command = [sys.executable, "-m", "veristone", "eval", "humaneval+", "--overwrite"]
    files = ["--dataset", "tasks.jsonl", "--samples", "samples.jsonl", "-o", "results.json"]
    return [*command, *files, "--backend", backend]


def _theirs(python: str) -> list[str]:
    cores = str(len(os.sched_getaffinity(0)))
    command = [python, "-m", "evalplus.evaluate", "humaneval", "--samples", "samples.jsonl"]
    return [*command, "--parallel", cores, "--i-just-wanna-run"]


def _timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Return the wall seconds of a command, which keeps what it keeps in the folder, and the share
    of the machine's cores that was at work."""
    home = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
    (folder / "samples_eval_results.json").unlink(missing_ok=True)
    tasks = {"HUMANEVAL_OVERRIDE_PATH": str(folder / "tasks.jsonl")}
    started, before = time.monotonic(), _ticks()
    subprocess.run(
        command, cwd=folder, env={**os.environ, **home, **tasks}, check=True, capture_output=True
    )
    seconds, after = time.monotonic() - started, _ticks()
    busy = (after.busy - before.busy) / max(1, after.all - before.all)
    return round(seconds, 2), round(busy, 3)


class _Ticks(NamedTuple):
    busy: int
    all: int


def _ticks() -> _Ticks:
    """Return how long all cores were at work, and how long there were any, since the start."""
    with open("/proc/stat") as file:
        fields = list(map(int, file.readline().split()[1:9]))  # guests count as users
    return _Ticks(sum(fields) - fields[3] - fields[4], sum(fields))
