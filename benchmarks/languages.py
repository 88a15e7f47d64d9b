"""A fresh program of every language in the engine, beside a plain compiler and a plain start.

    python -m benchmarks languages [NAME ...] [--rounds N] [--seconds N] [--busy N] [--backend NAME]

In each round each program (`languages.toml`) gets a number that it never had, so no result of a
compilation can be remembered. It is compiled and run by hand, with no isolation at all, and then
verified by the engine, which must find the same output; one at a time, and the ratio is taken
within the round. What warms up for good (toolchains in the page cache, Go's own build cache, what
the engine precompiles of a language) does so before the first round that counts. So the sandboxes
are idle before each program, and what they start ahead (`warden.prestart`) waits there. With
`--busy` they never are: as many programs at a time as there are sandboxes, by hand and verified,
and the ratio is that of programs a second.
"""

import argparse
import asyncio
import functools
import itertools
import os
import random
import statistics
import subprocess
import tempfile
import time
import tomllib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.record import machine, write
from veristone import ProgramCheck, Sample, StdioCase, StdioCheck, Verdict
from veristone.cli.display import print_table
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.backends.root import base_interpreter
from veristone.engine.backends.toolchain import find_toolchain
from veristone.engine.languages import find
from veristone.limits import Limits

_PROGRAMS = Path(__file__).with_suffix(".toml")
_WARM_UP = 5
"""Programs that do not count: sightings of a preamble until it is compiled, and its compilation."""
_CASES = 50
_CASES_ROUNDS, _CASES_GOAL = 3, 1.2
_ROOMY = Limits(cpu_s=30.0, wall_s=120.0)


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program of `languages.toml`."""

    source: str
    language: str = ""
    compile: list[str] = []
    run: list[str] = []
    env: dict[str, str] = {}
    goal: float | None = None
    """How many times the plain way's speed is wanted."""

    def fresh(self) -> str:
        """Return the program with a number that it never had."""
        return self.source.lstrip("\n").replace("NUMBER", str(next(_numbers)))


class PlainlyFailed(Exception):
    """A program does not run by hand here: a library is missing."""


_numbers = itertools.count(random.randrange(10**6, 10**8))


class Timed(msgspec.Struct):
    """Seconds of one program, round by round; programs a second where no sandbox is ever idle."""

    plain_s: list[float] = []
    ours_s: list[float] = []
    busy: tuple[float, float] | None = None
    """By hand, and verified."""

    def ratio(self) -> float:
        """Return how many times the plain way's speed the engine's is, within rounds."""
        pairs = zip(self.plain_s, self.ours_s, strict=True)
        return round(statistics.median(plain / ours for plain, ours in pairs), 2)


async def main(arguments: list[str]) -> None:
    """Run everything and print it."""
    options = _options(arguments)
    programs = _wanted(options.names)
    timed: dict[str, Timed] = {}
    missing: dict[str, str] = {}
    cases: list[tuple[float, float]] = []
    record: dict[str, Any] = {"rounds": options.rounds, **machine()}
    config = EngineConfig(backend=options.backend, python=options.python)
    async with Engine(config) as engine:
        record["backend"] = engine.backend
        end = time.monotonic() + options.seconds
        for left, (name, program) in zip(
            range(len(programs), 0, -1), programs.items(), strict=True
        ):
            share_s = (end - time.monotonic()) / left
            if share_s <= 0:
                missing[name] = f"no time is left of {options.seconds:.0f} s (--seconds)"
                continue
            try:
                timed[name] = await _rounds(engine, program, options.rounds, share_s)
                if options.busy:
                    timed[name].busy = await _rates(engine, program, options.busy)
            except (ToolchainMissing, FileNotFoundError, PlainlyFailed) as error:
                missing[name] = str(error)
        if "cpp" in programs and "cpp" not in missing:
            rounds = min(options.rounds, _CASES_ROUNDS)
            cases = [await _per_case(engine, programs["cpp"]) for _ in range(rounds)]
    record |= {
        "seconds": msgspec.to_builtins(timed),
        "ratios": {name: each.ratio() for name, each in timed.items()},
        "missing": missing,
        "cases_s": cases,
    }
    _show(programs, timed, cases)
    for name, why in missing.items():
        print(f"left out: {name}: {why}")
    print(f"record: {write('languages', record)}")


def _show(
    programs: dict[str, Program],
    timed: dict[str, Timed],
    cases: Sequence[tuple[float, float]],
) -> None:
    rows = [
        (
            name,
            f"{statistics.median(each.plain_s) * 1000:.1f}",
            f"{statistics.median(each.ours_s) * 1000:.1f}",
            f"{each.ratio():.2f}x",
            f"{goal:.1f}x" if (goal := programs[name].goal) is not None else "",
            str(len(each.ours_s)),
            f"{each.busy[1] / each.busy[0]:.2f}x" if each.busy else "",
        )
        for name, each in timed.items()
    ]
    columns = ["program", ">plain ms", ">engine ms", ">engine is faster by", ">goal", ">rounds"]
    columns += [">busy"]
    print_table(columns, rows)
    if cases:
        bare, ours = (statistics.median(found) * 1000 for found in zip(*cases, strict=True))
        ratio = statistics.median(ours / bare for bare, ours in cases)
        print(
            f"stdio, {_CASES} cases of a binary: {ours:.2f} ms a case, {bare:.2f} ms a bare spawn:"
            f" {ratio:.2f}x (goal {_CASES_GOAL}x at most)"
        )


async def _rounds(engine: Engine, program: Program, rounds: int, share_s: float) -> Timed:
    """Time a program in this many rounds, or in as many as there is time for; one at least."""
    await engine.isolation(program.language)
    await _by_hand(engine, program, program.fresh())
    for _ in range(_WARM_UP):
        await _verified(engine, program, program.fresh())
    started, timed = time.monotonic(), Timed()
    while len(timed.ours_s) < rounds:
        if timed.ours_s and time.monotonic() - started > share_s:
            break
        code = program.fresh()
        plain_s, output = await _by_hand(engine, program, code)
        timed.plain_s.append(plain_s)
        timed.ours_s.append(await _verified(engine, program, code, output))
    return timed


async def _rates(engine: Engine, program: Program, seconds: float) -> tuple[float, float]:
    """Return programs a second by hand and verified, each as many at a time as sandboxes."""

    async def rate(once: Callable[[Engine, Program, str], Awaitable[object]]) -> float:
        started, done = time.monotonic(), itertools.count()

        async def again() -> None:
            while time.monotonic() - started < seconds:
                await once(engine, program, program.fresh())
                next(done)

        await asyncio.gather(*(again() for _ in range(engine.config.sandboxes)))
        return round(next(done) / (time.monotonic() - started), 2)

    return await rate(_by_hand), await rate(_verified)


async def _by_hand(engine: Engine, program: Program, code: str) -> tuple[float, str]:
    """Return seconds of one program by hand, and what it printed."""
    python = engine.config.python or base_interpreter()
    with tempfile.TemporaryDirectory() as folder:
        return await asyncio.to_thread(_plainly, program, code, folder, python)


async def _verified(
    engine: Engine, program: Program, code: str, output: str | None = None
) -> float:
    """Return seconds of one program through the engine."""
    check = ProgramCheck(stdout=output)
    sample = Sample(code=code, language=program.language, check=check, limits=_ROOMY)
    started = time.perf_counter()
    verdict = await engine.verify(sample)
    seconds = time.perf_counter() - started
    _must_pass(verdict, program)
    return seconds


@functools.cache
def _tools(language: str) -> dict[str, Path]:
    """Return the compilers themselves, not what would look for them first (rustup)."""
    return find_toolchain(find(language)).programs


def _plainly(program: Program, code: str, folder: str, python: str) -> tuple[float, str]:
    """Compile and run a program by hand; return seconds and what it printed."""
    language = find(program.language)
    layout = language.layout(code)
    Path(folder, layout.entry).write_text(code)
    run = program.run or list(language.words(language.run, layout, _ROOMY))
    tools = {**_tools(language.name), "python3": python}
    commands = [command for command in (program.compile, run) if command]
    commands = [[str(tools.get(first, first)), *rest] for first, *rest in commands]
    started = time.perf_counter()
    output = ""
    for command in commands:
        output = _done(command, program, folder)
    return time.perf_counter() - started, output


def _done(command: list[str], program: Program, folder: str) -> str:
    environment = {**os.environ, **program.env}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().rpartition("\n")[2]
        raise PlainlyFailed(f"{command[0]} ended with {done.returncode}: {said}")
    return done.stdout


async def _per_case(engine: Engine, program: Program) -> tuple[float, float]:
    """Return seconds of a bare spawn of a binary, and of a case of `stdio` in the engine."""
    language, code = find(program.language), program.fresh()
    with tempfile.TemporaryDirectory() as folder:
        _, output = _plainly(program, code, folder, "")
        started = time.perf_counter()
        for _ in range(_CASES):
            _done(program.run, program, folder)
        bare_s = (time.perf_counter() - started) / _CASES
    seconds: list[float] = []
    for count in (1, 1 + _CASES):
        check = StdioCheck(cases=[StdioCase(input="", output=output)] * count)
        sample = Sample(code=code, language=language.name, check=check, limits=_ROOMY)
        started = time.perf_counter()
        _must_pass(await engine.verify(sample), program)
        seconds.append(time.perf_counter() - started)
    return bare_s, (seconds[1] - seconds[0]) / _CASES


def _must_pass(verdict: Verdict, program: Program) -> None:
    if verdict.decision != "pass":
        raise RuntimeError(f"{program.language}: {verdict.reason}: {verdict.message}")


def _wanted(names: Sequence[str]) -> dict[str, Program]:
    """Return the programs of the languages that were named, or all."""
    tables = tomllib.loads(_PROGRAMS.read_text())
    programs = {
        name: msgspec.convert({"language": name, **table}, Program)
        for name, table in tables.items()
    }
    if unknown := set(names) - {each.language for each in programs.values()}:
        raise SystemExit(f"benchmarks: no program of {', '.join(sorted(unknown))}")
    return {
        name: program
        for name, program in programs.items()
        if not names or program.language in names
    }


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks languages", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="languages; all where none is")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--seconds", type=float, default=120.0, help="after which no further language begins"
    )
    parser.add_argument(
        "--busy", type=float, default=0.0, metavar="SECONDS", help="that sandboxes are never idle"
    )
    parser.add_argument("--backend", default="bubblewrap")
    parser.add_argument("--python", help="the Python of sandboxes and of a plain start")
    return parser.parse_args(arguments)
