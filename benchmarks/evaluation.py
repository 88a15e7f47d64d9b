"""`veristone eval humaneval+` beside EvalPlus itself: the same samples, tasks and cores, in turn.

Each is run twice: cold, with nothing kept of what canonical solutions answer, and warm. EvalPlus
runs in an interpreter of its own (``--evalplus PYTHON``, one that can `import evalplus.evaluate`);
without one only ours is timed. Goal: half of EvalPlus's wall time, cold and warm.
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
from typing import Any

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
        record: dict[str, Any] = {"backend": options.backend, **machine(), "wall_s": {}}
        for state in ("cold", "warm"):
            record["wall_s"][f"veristone, {state}"] = _timed(_ours(options.backend), folder)
            if options.evalplus:
                theirs = _theirs(options.evalplus)
                record["wall_s"][f"evalplus, {state}"] = _timed(theirs, folder)
    table = Table("what", "seconds", "of EvalPlus's", "goal")
    for what, seconds in record["wall_s"].items():
        other = record["wall_s"].get(what.replace("veristone", "evalplus"))
        share = seconds / other if other and not what.startswith("evalplus") else None
        missed = "" if share is None or share <= _GOAL else ", not reached"
        goal = "" if share is None else f"{_GOAL}{missed}"
        table.add_row(what, f"{seconds:.1f}", "" if share is None else f"{share:.2f}", goal)
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


def _timed(command: list[str], folder: Path) -> float:
    """Return the wall seconds of a command, which keeps what it keeps in the folder."""
    home = {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}
    (folder / "samples_eval_results.json").unlink(missing_ok=True)
    tasks = {"HUMANEVAL_OVERRIDE_PATH": str(folder / "tasks.jsonl")}
    started = time.monotonic()
    subprocess.run(
        command, cwd=folder, env={**os.environ, **home, **tasks}, check=True, capture_output=True
    )
    return round(time.monotonic() - started, 2)
