"""Runs the steps of a plan, one after another, each as a process of its own.

A step's process gets one file, `step.json` in its folder: the step as a value, and how far it is. A
step that is done is not done again. One that was interrupted goes on where its kind of work goes
on. Killed at any moment, the same command line finishes the run. When this process goes, however it
goes, the step's process goes too, and so does the model server that it asks (`servers`).
"""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from veristone import ConfigError, VeristoneError
from veristone.files import write_whole
from veristone.loop.plan import Step
from veristone.loop.servers import ServerFailed, Servers, tail
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


class StepFailed(VeristoneError, RuntimeError):
    """A step ended with an error, which its log has, or the model server that it asks did."""


class Mark(Step, frozen=True, kw_only=True):
    """A step and how far it is: the content of `step.json`."""

    wall_s: float = 0.0
    starts: int = 0
    done: bool = False
    exit: int | None = None
    address: str = ""
    """What to ask in place of the model in the settings, where that is served for this step."""


class Progress(NamedTuple):
    """A step at work, and the last line that it wrote."""

    step: Step
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
    folder: Path,
    steps: Sequence[Step],
    on_progress: Callable[[Progress], None],
    servers: Servers | None = None,
) -> None:
    """Run every step that is not done.

    Raises:
        StepFailed: a step ended with an error, or its model server did; those before it are done
            and kept.
    """
    async with servers or Servers(folder) as running:
        for step in steps:
            if not done(folder, step):
                await _run(folder, step, running, on_progress)


async def _run(
    folder: Path, step: Step, servers: Servers, on_progress: Callable[[Progress], None]
) -> None:
    path = mark(folder, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = read_mark(path)
    wall_s, starts = (before.wall_s, before.starts) if before is not None else (0.0, 0)
    facts = Mark(**msgspec.structs.asdict(step), wall_s=wall_s, starts=starts + 1)
    began = time.monotonic()
    log = path.with_name(_LOG)
    code = None
    try:
        asked = await servers.ready(step, lambda said: on_progress(Progress(step, said)))
        facts = msgspec.structs.replace(facts, address=asked)
        write_json(path, facts)
        code = await _process(folder, step, log, servers, on_progress)
    except ServerFailed as error:
        raise StepFailed(f"{step.name}: {error}") from error
    finally:
        wall_s += time.monotonic() - began
        ended = {"wall_s": round(wall_s, 3), "done": code == 0, "exit": code}
        write_json(path, msgspec.structs.replace(facts, **ended))
    if code != 0:
        raise StepFailed(f"{step.name} ended with status {code}; the end of {log}:\n{tail(log)}")


async def _process(
    folder: Path,
    step: Step,
    log: Path,
    servers: Servers,
    on_progress: Callable[[Progress], None],
) -> int:
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
            on_progress(Progress(step, tail(log, lines=1)))
            if not waiting.done() and (trouble := servers.trouble()):
                raise ServerFailed(trouble)
        return waiting.result()
    except (asyncio.CancelledError, ServerFailed):
        await asyncio.shield(end_group(process, _GRACE_S))
        raise
