"""`veristone generate run`: stages and verification side by side, each in a process of its own.

The parent feeds the input, watches, and starts a worker again that was killed. Workers end when the
parent does, however it ends. Ctrl-C is the parent's to handle: workers are in groups of their own.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from veristone import VeristoneError
from veristone.cli.generate_progress import Display
from veristone.cli.options import engine_config

if TYPE_CHECKING:
    from veristone.generators.synthesis.pipeline.chain import Chain
    from veristone.generators.synthesis.pipeline.folder import RunFolder
    from veristone.generators.synthesis.records import Record

__all__ = ["run_all"]

_GRACE_S = 15.0
"""For a worker to give back its leases and to remove its sandboxes."""
_DEATHS = 5
"""Deaths of a worker in a row, with nothing done between, before the run is given up."""
_LINE_BYTES = 64 * 1024
_LAST_WORDS_S = 2.0


class _WorkerFailed(VeristoneError, RuntimeError):
    """A worker ended with an error of its own, which it printed."""


@dataclass(frozen=True, slots=True)
class _Worker:
    """A process that is to run until its stages are finished."""

    name: str
    stages: Sequence[str]
    arguments: Sequence[str]


async def run_all(
    folder: "RunFolder", records: "Iterable[Record]", arguments: argparse.Namespace
) -> int:
    """Run everything; return the exit status. The folder is locked."""
    from veristone.generators.synthesis.pipeline.export import export

    began = time.monotonic()
    try:
        async with folder.open() as chain, contextlib.AsyncExitStack() as stack:
            display = Display(folder, folder.stages)
            if not arguments.quiet:
                await stack.enter_async_context(display)
            await _work(records, _workers(folder, arguments), chain, display)
    except _WorkerFailed as error:
        print(f"veristone: {error}; the same command goes on from here", file=sys.stderr)
        return 2
    except asyncio.CancelledError:
        print("veristone: interrupted; the same command goes on from here", file=sys.stderr)
        raise
    counts = await export(folder)
    if not arguments.quiet:
        _summarise(folder, counts, time.monotonic() - began)
    dead = sum(stage["dead"] for stage in counts["stages"])
    if dead:
        print(
            f"veristone: {dead:,} record(s) failed for good (see dead.jsonl); `veristone generate"
            f" retry {folder.path}` and the same command again have them tried again",
            file=sys.stderr,
        )
    return 1 if dead else 0


def _workers(folder: "RunFolder", arguments: argparse.Namespace) -> list[_Worker]:
    from veristone.generators.synthesis.pipeline.chain import VERIFY

    common = [str(folder.path), "--quiet", "--parent", str(os.getpid())]
    asking = ["work", *common]
    for option, value in (
        ("--model", arguments.model),
        ("--record", arguments.record),
        ("--in-flight", arguments.in_flight),
    ):
        if value is not None:
            asking += [option, str(value)]
    judging = ["verify", *common]
    for name in ("backend", "runtime", "python", "config"):
        if (value := getattr(arguments, name)) is not None:
            judging += [f"--{name}", str(value)]
    sandboxes = engine_config(arguments).sandboxes
    judging += ["--sandboxes", str(max(1, sandboxes // arguments.verifiers))]
    return [
        _Worker("model", folder.stages[:-1], asking),
        *(
            _Worker(f"verify {number + 1}", [VERIFY], judging)
            for number in range(arguments.verifiers)
        ),
    ]


async def _work(
    records: "Iterable[Record]",
    workers: Sequence[_Worker],
    chain: "Chain",
    display: Display,
) -> None:
    """Feed, and keep the workers running until all is finished."""
    from veristone.generators.synthesis.pipeline.feed import feed

    await chain.reopen()
    try:
        async with asyncio.TaskGroup() as group:
            feeding = group.create_task(feed(chain, records))
            if await _nothing_to_do(feeding, chain):
                return
            for worker in workers:
                group.create_task(_keep_running(worker, chain, display))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _nothing_to_do(feeding: "asyncio.Task[Any]", chain: "Chain") -> bool:
    """True where the run was finished before and the input holds nothing new."""
    from veristone.generators.synthesis.pipeline.chain import finished

    while not feeding.done():
        await asyncio.wait((feeding,), timeout=0.2)
        if any(stage.queue.open for stage in await chain.look()):
            return False
    stages = await chain.look()
    if any(stage.queue.open for stage in stages):
        return False
    # Nothing is there for a worker, so nobody but us will say that the stages are through.
    await chain.complete()
    return finished(await chain.look())


async def _keep_running(worker: _Worker, chain: "Chain", display: Display) -> None:
    """Run a worker until its stages are finished; start it again when it was killed."""
    deaths = 0
    while True:
        before = await _progress(worker, chain)
        status = await _run_once(worker, display)
        stages = [s for s in await chain.look() if s.stage in worker.stages]
        if all(stage.queue.finished for stage in stages):
            return
        if status not in (0, 1) and not _was_killed(status):
            raise _WorkerFailed(f"the process {worker.name} ended with status {status}")
        deaths = 0 if await _progress(worker, chain) > before else deaths + 1
        if deaths >= _DEATHS:
            raise _WorkerFailed(
                f"the process {worker.name} ended {deaths} times before it had done anything"
                f" (status {status}): too little memory?"
            )
        display.say(f"the process {worker.name} was ended (status {status}); started again")


def _was_killed(status: int) -> bool:
    return status < 0 or status in (128 + signal.SIGINT, 128 + signal.SIGTERM)


async def _progress(worker: _Worker, chain: "Chain") -> int:
    looked = await chain.look()
    return sum(stage.count("given") for stage in looked if stage.stage in worker.stages)


async def _run_once(worker: _Worker, display: Display) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "veristone",
        "generate",
        *worker.arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        process_group=0,
    )
    assert process.stderr is not None
    telling = asyncio.ensure_future(_tell(process.stderr, display))
    try:
        status = await process.wait()
        # What a worker left behind may hold the pipe open.
        await asyncio.wait((telling,), timeout=_LAST_WORDS_S)
        return status
    finally:
        telling.cancel()
        await asyncio.shield(_end(process))


async def _tell(stream: asyncio.StreamReader, display: Display) -> None:
    """Pass on what a worker says, line by line."""
    rest = b""
    while block := await stream.read(_LINE_BYTES):
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            display.say(line.decode(errors="replace"))
    if rest:
        display.say(rest.decode(errors="replace"))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to end, then make it."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GRACE_S):
            await process.wait()
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _summarise(folder: "RunFolder", counts: dict[str, Any], seconds: float) -> None:
    from veristone.cli.generate_tables import print_funnel

    print_funnel(counts)
    print(f"{seconds:.0f} s; responses: {folder.path / 'responses.jsonl'}")
    print(f"to read some: veristone show {folder.path}")
