"""Runs a program twice, in the zygote and in a new interpreter, and compares what came out.

Both runs happen in the same kind of sandbox under the same limits, so whatever differs is the
zygote's doing. What a program does not repeat from one plain run to the next (an address, a
process number) proves nothing: those lines are left out and counted.
"""

import asyncio
import difflib
import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from veristone import Limits
from veristone.engine import Engine
from veristone.engine.backends.root import base_interpreter
from veristone.engine.jobs import Driver, Job, Report
from veristone.engine.runner import SampleRunner

__all__ = [
    "HUMANEVAL",
    "Comparison",
    "Ended",
    "Program",
    "compare",
    "compare_all",
    "cpython_tests",
    "humaneval",
    "programs",
    "run_plain",
    "run_zygote",
    "topics",
]

PROGRAMS = Path(__file__).parent / "programs"
HUMANEVAL = Path(__file__).parents[3] / "shared/data/humaneval.jsonl.gz"
# Fewer processes than a sandbox may have: so the plain way is forked as well, and given all limits.
# A program that only control groups have to bound is spawned, with limits and ignored signals of
# that way.
LIMITS = Limits(cpu_s=60, wall_s=100, output_bytes=32 * 1024 * 1024, processes=63)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program, and what it is given."""

    name: str
    files: dict[str, bytes]
    argv: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict[str, str])
    stdin: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What can be seen of a run from outside."""

    status: str
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two runs of one program, side by side."""

    program: Program
    difference: str = ""
    """Empty where the two are equal."""
    unstable: int = 0
    """Lines that two plain runs did not agree on."""


def topics() -> list[str]:
    """Return the folders of `programs/`, one for each side of an interpreter."""
    return sorted(path.name for path in PROGRAMS.iterdir() if path.is_dir() and path.name.isalpha())


def programs(topic: str) -> list[Program]:
    """Return our programs on a topic.

    A program is a file `NAME.py`, or a folder `NAME` with a `main.py` and its siblings. Beside it
    may lie `NAME.argv` (one argument a line), `NAME.env` (a JSON object) and `NAME.stdin`.
    """
    found: list[Program] = []
    for path in sorted((PROGRAMS / topic).iterdir()):
        if path.is_dir() and (path / "main.py").exists():
            inner = (each for each in sorted(path.rglob("*")) if each.is_file())
            files = {
                str(each.relative_to(path)): each.read_bytes()
                for each in inner
                if each.suffix != ".pyc"
            }
        elif path.suffix == ".py":
            files = {"main.py": path.read_bytes()}
        else:
            continue
        beside = {kind: path.with_suffix(f".{kind}") for kind in ("argv", "env", "stdin")}
        given = {kind: file.read_bytes() for kind, file in beside.items() if file.exists()}
        found.append(
            Program(
                name=f"{topic}/{path.stem}",
                files=files,
                argv=tuple(given.get("argv", b"").decode().splitlines()),
                env=json.loads(given.get("env", b"{}")),
                stdin=given.get("stdin", b""),
            )
        )
    return found


def humaneval() -> list[Program]:
    """Return the canonical solutions of HumanEval with their tests; empty without the data."""
    if not HUMANEVAL.exists():
        return []
    found: list[Program] = []
    with gzip.open(HUMANEVAL, "rt", encoding="utf-8") as file:
        for line in file:
            task = json.loads(line)
            source = task["prompt"] + task["canonical_solution"] + "\n" + task["test"]
            source += f"\ncheck({task['entry_point']})\nprint('held')\n"
            found.append(Program(name=task["task_id"], files={"main.py": source.encode()}))
    return found


def cpython_tests() -> list[Program]:
    """Return programs that run CPython's own test modules, those that are quick.

    They were chosen with Python 3.11 and need its package `test`, which not everybody installs.
    """
    files = {"main.py": (PROGRAMS / "cpython_main.py").read_bytes()}
    names = (PROGRAMS.parent / "cpython_modules.txt").read_text().split()
    return [Program(name=f"test_{name}", files=files, argv=(name,)) for name in names]


async def run_zygote(engine: Engine, program: Program, driver: Driver = "main") -> Ended:
    """Run a program as samples are run: forked from the warm interpreter."""
    job = Job(
        language="python",
        driver=driver,
        entry="main.py",
        files=program.files,
        limits=LIMITS,
        argv=program.argv,
        env=program.env,
        stdin=program.stdin,
        keep_head=LIMITS.output_bytes,
    )
    return _ended(await SampleRunner(engine._pools, engine._references).run(job))


async def run_plain(engine: Engine, program: Program) -> Ended:
    """Run a program as anybody would: `python3 main.py`, a new interpreter."""
    python = engine.config.python or base_interpreter()
    if engine.backend == "docker":
        python = "python3"
    job = Job(
        language="python",
        driver="exec",
        entry="main.py",
        files=program.files,
        limits=LIMITS,
        argv=(python, "main.py", *program.argv),
        env=program.env,
        stdin=program.stdin,
        keep_head=LIMITS.output_bytes,
    )
    return _ended(await SampleRunner(engine._pools, engine._references).run(job))


def _ended(report: Report) -> Ended:
    status = f"exit {report.exit_code}, signal {report.signal}, killed {report.killed}"
    return Ended(status=status, stdout=report.stdout.whole(), stderr=report.stderr.whole())


async def compare(engine: Engine, program: Program, driver: Driver = "main") -> Comparison:
    """Run a program both ways and compare; see the module on what is left out."""
    zygote, plain = await asyncio.gather(
        run_zygote(engine, program, driver), run_plain(engine, program)
    )
    if zygote == plain:
        return Comparison(program=program)
    again = await run_plain(engine, program)
    texts: list[str] = []
    unstable = 0
    for name in ("status", "stdout", "stderr"):
        lines = [_lines(getattr(ended, name)) for ended in (plain, again, zygote)]
        if len(lines[0]) == len(lines[1]):
            shaky = [index for index, (a, b) in enumerate(zip(*lines[:2], strict=True)) if a != b]
        else:
            shaky = list(range(len(lines[0])))
            lines[2] = lines[0]
        unstable += len(shaky)
        if len(lines[2]) == len(lines[0]):
            for index in shaky:
                lines[2][index] = lines[0][index]
        if lines[2] != lines[0]:
            texts += difflib.unified_diff(
                lines[0], lines[2], f"plain {name}", f"zygote {name}", lineterm="", n=1
            )
    return Comparison(program=program, difference="\n".join(texts), unstable=unstable)


def _lines(value: str | bytes) -> list[str]:
    text = value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")
    return text.split("\n")


async def compare_all(
    engine: Engine, programs: Iterable[Program], driver: Driver = "main"
) -> list[Comparison]:
    """Compare many programs, as many at a time as there are sandboxes."""
    room = asyncio.Semaphore(2 * engine.config.sandboxes)

    async def one(program: Program) -> Comparison:
        async with room:
            return await compare(engine, program, driver)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(program)) for program in programs]
    return [task.result() for task in tasks]
