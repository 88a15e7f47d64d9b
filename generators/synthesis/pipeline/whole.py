"""A run as a whole: the input fed, then stages and verification side by side, each in a process.

The parent feeds, watches, and starts a worker again that was killed. Workers end when the parent
does, however it ends. Ctrl-C is the parent's to handle: workers are in groups of their own.
"""

import asyncio
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from veristone import VeristoneError
from veristone.generators.synthesis.pipeline.chain import Chain, StageStatus, finished
from veristone.generators.synthesis.pipeline.export import export
from veristone.generators.synthesis.pipeline.feed import feed
from veristone.generators.synthesis.pipeline.folder import RunFolder
from veristone.generators.synthesis.records import Record
from veristone.processes import end_group

__all__ = ["NothingAnswered", "Worker", "WorkerFailed", "nothing_answered", "run_whole"]

Say = Callable[[str], None]
_GRACE_S = 15.0
"""For a worker to give back its leases and to remove its sandboxes."""
_DEATHS = 5
"""Deaths of a worker in a row, with nothing done between, before the run is given up."""
_NO_ANSWER = ("empty", "truncated", "unfinished")
"""Reasons of refusal that say nothing about what the model wrote."""
_LINE_BYTES = 64 * 1024
_LAST_WORDS_S = 2.0


class NothingAnswered(VeristoneError, RuntimeError):
    """A model's server refused everything, or sent nothing but empty and broken off texts."""


class WorkerFailed(VeristoneError, RuntimeError):
    """A worker ended with an error of its own, which it printed."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that is to run until its stages are finished."""

    name: str
    stages: Sequence[str]
    command: Sequence[str]


async def run_whole(
    folder: RunFolder, records: Iterable[Record], workers: Sequence[Worker], say: Say
) -> dict[str, Any]:
    """Run everything and write the sorted files; return their counts. The folder is locked.

    Args:
        folder: of the run.
        records: its input.
        workers: processes that between them work on every stage.
        say: told what workers write on stderr, and when one is started again.

    What the model's server refused before is asked about again.

    Raises:
        WorkerFailed: a worker ended with an error; the same call goes on from there.
        NothingAnswered: the model said nothing of use at some stage; nothing is exported.
    """
    async with folder.open() as chain:
        await chain.reopen()
        await feed(chain, records)
        await chain.put_back(only_refused=True)
        if not any(stage.queue.open for stage in await chain.look()):
            # Nothing is there for a worker, so nobody but us will say that the stages are through.
            await chain.complete()
        if not finished(await chain.look()):
            try:
                async with asyncio.TaskGroup() as group:
                    for worker in workers:
                        group.create_task(_keep_running(worker, chain, say))
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None
        for stage in await chain.look():
            if why := await nothing_answered(chain, stage):
                raise NothingAnswered(f"stage {stage.stage}: {why}")
    return await export(folder)


async def nothing_answered(chain: Chain, stage: StageStatus) -> str:
    """Return in words why nothing came of a stage; empty where something did, or nothing was to
    come."""
    if stage.count("given"):
        lost = {name: stage.count(f"refused:{name}") for name in _NO_ANSWER}
        all_lost = not stage.count("kept") and sum(lost.values()) == stage.count("refused")
        told = ", ".join(f"{number:,} {name}" for name, number in lost.items() if number)
        larger = "; a recipe with a larger max_tokens asks again" if lost["truncated"] else ""
        return f"no answer is whole: {told}{larger}" if all_lost and told else ""
    refused = await chain.refused(stage.stage)
    number, words = len(refused), next(iter(refused.values()), "")
    return f"every request was refused ({number:,}); {words}" if refused else ""


async def _keep_running(worker: Worker, chain: Chain, say: Say) -> None:
    """Run a worker until its stages are finished; start it again when it was killed."""
    deaths = 0
    while True:
        before = await _progress(worker, chain)
        status = await _run_once(worker, say)
        stages = [stage for stage in await chain.look() if stage.stage in worker.stages]
        if all(stage.queue.finished for stage in stages):
            return
        killed = status < 0 or status in (128 + signal.SIGINT, 128 + signal.SIGTERM)
        if status not in (0, 1) and not killed:
            raise WorkerFailed(f"the process {worker.name} ended with status {status}")
        deaths = 0 if await _progress(worker, chain) > before else deaths + 1
        if deaths >= _DEATHS:
            raise WorkerFailed(
                f"the process {worker.name} ended {deaths} times before it had done anything"
                f" (status {status}): too little memory?"
            )
        say(f"the process {worker.name} was ended (status {status}); started again")


async def _progress(worker: Worker, chain: Chain) -> int:
    looked = await chain.look()
    return sum(stage.count("given") for stage in looked if stage.stage in worker.stages)


async def _run_once(worker: Worker, say: Say) -> int:
    process = await asyncio.create_subprocess_exec(
        *worker.command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        process_group=0,
    )
    assert process.stderr is not None
    telling = asyncio.ensure_future(_tell(process.stderr, say))
    try:
        status = await process.wait()
        # What a worker left behind may hold the pipe open.
        await asyncio.wait((telling,), timeout=_LAST_WORDS_S)
        return status
    finally:
        telling.cancel()
        await asyncio.shield(end_group(process, _GRACE_S))


async def _tell(stream: asyncio.StreamReader, say: Say) -> None:
    """Pass on what a worker says, line by line."""
    rest = b""
    while block := await stream.read(_LINE_BYTES):
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            say(line.decode(errors="replace"))
    if rest:
        say(rest.decode(errors="replace"))
