"""Seeds, and what a model would say about them, recorded: for runs of `veristone generate`."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec
from command_line import veristone
from fake_model import FakeModel

from veristone import GenerationRequest
from veristone.generators.models.recording import RecordingModel
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.synthesis.recipe import Recipe, load_recipe
from veristone.generators.synthesis.records import Record
from veristone.settings import checked

ROOT = Path(__file__).resolve().parents[2]
RECIPE = "starcoder2-instruct"


def make(folder: Path, count: int, *, slow: bool = False) -> tuple[Path, Path]:
    """Write `count` seeds and a recording of everything that the recipe asks about them."""
    seeds = [_seed(number) for number in range(count)]
    path = folder / "seeds.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(seed) + b"\n" for seed in seeds))
    asyncio.run(_record(folder / "recording.sqlite", seeds, slow))
    return path, folder / "recording.sqlite"


def _seed(number: int) -> Seed:
    code = f'def add_{number}(x):\n    """Add {number} to a number."""\n    return x + {number}\n'
    where = Provenance(source="tests", path=f"{number}.py")
    return Seed(
        id=seed_id("python", code), code=code, language="python", name="add", provenance=where
    )


async def _record(path: Path, seeds: Iterable[Seed], slow: bool) -> None:
    recipe = checked(Recipe, load_recipe(RECIPE), RECIPE)
    records = [Record(id=seed.id, seed=seed) for seed in seeds]
    async with RecordingModel(FakeModel(lambda request: _answer(request, slow)), path) as model:
        for stage in recipe.stages:
            made: list[Record] = []
            for record in records:
                requests = stage.requests(record, recipe.random_seed)
                answers = [await model.generate(request) for request in requests]
                made += stage.read(record, answers, recipe.random_seed).kept
            records = made


def _answer(request: GenerationRequest, slow: bool) -> str | list[str]:
    stage, _, rest = request.id.partition("/")
    number = int(rest[:8], 16)
    if stage == "concepts":
        return (
            "arithmetic, pure functions, \x1b[31mcolours"
            if number % 7 == 0
            else "arithmetic, names"
        )
    if stage == "instructions":
        if number % 9 == 0:
            return ""
        return (
            f"Write a function `scaled(x)` in Python that returns {number % 50} times the number x."
        )
    return [_response(number % 50, index, slow) for index in range(request.n)]


def _response(factor: int, index: int, slow: bool) -> str:
    if index == 9:
        return "I would rather not."
    shift = 1 if index % 3 == 2 else 0
    waits = "    import time\n    time.sleep(0.05)\n" if slow else ""
    return f"""A product is all that it takes.

[Implementation]
```python
def scaled(x):
    # attempt {index}
{waits}    return {factor} * x + {shift}
```

[Explanation]
The number is multiplied by {factor}.

[Tests]
```python
assert scaled(0) == 0
assert scaled(2) == {2 * factor}
```
"""


def generate(*arguments: object) -> subprocess.CompletedProcess[str]:
    return veristone("generate", *arguments)


def begin(*arguments: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "veristone", "generate", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def files(folder: Path) -> dict[str, bytes]:
    """The exports that are the same bytes in every run."""
    names = ("concepts", "instructions", "responses", "refused")
    found = {name: (folder / f"{name}.jsonl").read_bytes() for name in names}
    found["counts"] = (folder / "counts.json").read_bytes()
    return found


def descendants(pid: int) -> dict[int, str]:
    """Every process below one, with the moment of its start: numbers are used again."""
    parents: dict[int, list[int]] = {}
    starts: dict[int, str] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _stat(int(name))
            if stat:
                parents.setdefault(int(stat[1]), []).append(int(name))
                starts[int(name)] = stat[19]
    found: dict[int, str] = {}
    todo = [pid]
    while todo:
        for child in parents.get(todo.pop(), ()):
            found[child] = starts[child]
            todo.append(child)
    return found


def alive(processes: dict[int, str]) -> list[int]:
    """Those that still run (a zombie does not)."""
    left: list[int] = []
    for pid, start in processes.items():
        stat = _stat(pid)
        if stat and stat[19] == start and stat[0] not in ("Z", "X"):
            left.append(pid)
    return left


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
