"""Runs the steps of a plan, one after another, each as a process of its own.

A step's process gets one file, `step.json` in its folder: the step as a value, and how far it is. A
step that is done is not done again. One that was interrupted goes on where its kind of work goes
on. Killed at any moment, the same command line finishes the run. When this process goes, however it
goes, the step's process goes too.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from veristone import ConfigError, VeristoneError
from veristone.files import write_whole
from veristone.loop.plan import Step
from veristone.processes import end_group, end_with_parent

__all__ = [
    "Mark",
    "Progress",
    "StepFailed",
    "done",
    "mark",
    "read_mark",
    "run_steps",
    "stale",
    "write_json",
]

_MARK, _LOG = "step.json", "step.log"
_GRACE_S = 60.0
_LOOK_S = 1.0
_TAIL_BYTES = 4096


class StepFailed(VeristoneError, RuntimeError):
    """A step ended with an error; its log says which."""


class Mark(Step, frozen=True, kw_only=True):
    """A step and how far it is: the content of `step.json`."""

    wall_s: float = 0.0
    starts: int = 0
    done: bool = False
    exit: int | None = None


class Progress(NamedTuple):
    """A step at work: how long, and the last line that it wrote."""

    step: Step
    elapsed_s: float
    line: str


def mark(folder: Path, step: Step) -> Path:
    """Return where it stands what a step was made from and whether it is done."""
    return folder / step.name / _MARK


def read_mark(path: Path) -> Mark | None:
    """Return a step's mark; None where the step has not begun.

    Raises:
        ConfigError: the file is damaged.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Mark)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} is damaged ({error}): delete {path.parent}") from error


def write_json(path: Path, value: object) -> None:
    """Write a value as JSON to read, whole or not at all."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")


def done(folder: Path, step: Step) -> bool:
    """True where the step is done as the plan has it now."""
    found = read_mark(mark(folder, step))
    return found is not None and found.done and found.digest == step.digest


def stale(folder: Path, steps: Sequence[Step]) -> list[Step]:
    """Return the steps whose folders were made with other settings."""
    found = ((step, read_mark(mark(folder, step))) for step in steps)
    return [step for step, made in found if made is not None and made.digest != step.digest]


async def run_steps(
    folder: Path, steps: Sequence[Step], on_progress: Callable[[Progress], None]
) -> None:
    """Run every step that is not done.

    Raises:
        StepFailed: a step ended with an error; those before it are done and kept.
    """
    for step in steps:
        if not done(folder, step):
            await _run(folder, step, on_progress)


async def _run(folder: Path, step: Step, on_progress: Callable[[Progress], None]) -> None:
    path = mark(folder, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = read_mark(path) or Mark(**msgspec.structs.asdict(step))
    facts = msgspec.structs.replace(before, starts=before.starts + 1, done=False, exit=None)
    write_json(path, facts)
    began = time.monotonic()
    log = path.with_name(_LOG)
    code = None
    try:
        code = await _process(folder, step, log, on_progress)
    finally:
        wall_s = round(facts.wall_s + time.monotonic() - began, 3)
        write_json(path, msgspec.structs.replace(facts, wall_s=wall_s, done=code == 0, exit=code))
    if code != 0:
        tail = "\n".join(_tail(log).splitlines()[-15:])
        raise StepFailed(f"{step.name} ended with status {code}; the end of {log}:\n{tail}")


async def _process(
    folder: Path, step: Step, log: Path, on_progress: Callable[[Progress], None]
) -> int:
    began = time.monotonic()
    words = (*(step.launcher or (sys.executable,)), "-m", "veristone", "step")
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *words,
            str(mark(Path(), step)),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C on the terminal is for this process, which passes it on in good order.
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
    waiting = asyncio.ensure_future(process.wait())
    try:
        while not waiting.done():
            await asyncio.wait((waiting,), timeout=_LOOK_S)
            lines = _tail(log).splitlines()
            on_progress(Progress(step, time.monotonic() - began, lines[-1] if lines else ""))
        return waiting.result()
    except asyncio.CancelledError:
        await asyncio.shield(end_group(process, _GRACE_S))
        raise


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
