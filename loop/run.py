"""Runs the steps of a plan, one after another, each as a process of its own.

A step that is done is not done again: `step.json` in its folder says so, with the digest of what
it was made from. A step that was interrupted goes on where its own command goes on. Killed at any
moment, the same command line finishes the run. When this process goes, however it goes, the step's
process goes too.
"""

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, cast

from veristone import ConfigError, VeristoneError
from veristone.loop.plan import Step
from veristone.processes import end_with_parent

__all__ = ["Progress", "StepFailed", "done", "mark", "remove", "run_steps", "stale", "write_whole"]

_MARK, _LOG = "step.json", "step.log"
_GRACE_S = 60.0
_LOOK_S = 1.0
_TAIL_BYTES = 4096


class StepFailed(VeristoneError, RuntimeError):
    """A step ended with an error; its log says which."""


class Progress(NamedTuple):
    """A step at work: how long, and the last line that it wrote."""

    step: Step
    elapsed_s: float
    line: str


def mark(folder: Path, step: Step) -> Path:
    """Return where it stands what a step was made from and whether it is done."""
    return folder / step.folder / _MARK


def _read(folder: Path, step: Step) -> dict[str, Any]:
    path = mark(folder, step)
    try:
        value: Any = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} is damaged ({error}): delete {path.parent}") from error
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def done(folder: Path, step: Step) -> bool:
    """True where the step is done as the plan has it now."""
    found = _read(folder, step)
    return bool(found.get("done")) and found.get("digest") == step.digest


def stale(folder: Path, steps: Sequence[Step]) -> list[Step]:
    """Return the steps whose folders were made with other settings."""
    found: list[Step] = []
    for step in steps:
        facts = _read(folder, step)
        if facts and facts.get("digest") != step.digest:
            found.append(step)
    return found


def remove(folder: Path, steps: Sequence[Step]) -> None:
    """Delete what steps made."""
    for step in steps:
        shutil.rmtree(folder / step.folder, ignore_errors=True)


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
    place = folder / step.folder
    place.mkdir(parents=True, exist_ok=True)
    facts = _read(folder, step) or {
        "digest": step.digest,
        "kind": step.kind,
        "name": step.name,
        "variant": step.variant,
        "round": step.round,
        "label": step.label,
        "after": list(step.after),
        "command": ["veristone", *step.arguments],
        "wall_s": 0.0,
        "starts": 0,
    }
    facts["starts"] += 1
    write_whole(place / _MARK, facts)
    began = time.monotonic()
    log = place / _LOG
    code = None
    try:
        code = await _process(folder, step, log, on_progress)
    finally:
        facts["wall_s"] = round(facts["wall_s"] + time.monotonic() - began, 3)
        facts["done"] = code == 0
        facts["exit"] = code
        write_whole(place / _MARK, facts)
    if code != 0:
        tail = "\n".join(_tail(log).splitlines()[-15:])
        raise StepFailed(f"{step.name} ended with status {code}; the end of {log}:\n{tail}")


async def _process(
    folder: Path, step: Step, log: Path, on_progress: Callable[[Progress], None]
) -> int:
    began = time.monotonic()
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *step.command(),
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
            line = lines[-1] if lines else ""
            on_progress(Progress(step, time.monotonic() - began, line))
        return waiting.result()
    except asyncio.CancelledError:
        await asyncio.shield(_end(process.pid, waiting))
        raise


async def _end(pid: int, waiting: "asyncio.Future[int]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
        await asyncio.wait((waiting,), timeout=_GRACE_S)
        if waiting.done():
            return


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def write_whole(path: Path, value: dict[str, Any]) -> None:
    """Write JSON so that the file is there whole or as it was."""
    from veristone.files import whole_file

    with whole_file(path) as file:
        file.write(json.dumps(value, indent=1).encode() + b"\n")
