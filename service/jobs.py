"""Long work: files of samples that are accepted, judged when there is room, and outlive a restart.

A job is a folder: the samples as they came, the verdicts so far, and a record of who sent it and
how it ended, which is written last. What was accepted is on the disk before the answer says so; a
service that is stopped, or killed, goes on where it was (`veristone.engine.batch` resumes with the
same bytes). One service at a time works on a folder of jobs.

Promised: one record for every line of a job, in order, each once. Not promised: when; a job's
samples stand behind requests that have deadlines.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import time
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

import msgspec

from veristone import Decision, InvalidSample, Reason, Sample, Verdict, VeristoneError
from veristone.engine import Engine
from veristone.engine.batch import Tally, verify_file
from veristone.files import only_one, write_whole
from veristone.service.admission import Admission, Overloaded
from veristone.stream import stream_map

__all__ = ["Job", "Jobs", "NoSuchJob"]

_log = logging.getLogger(__name__)
_AT_ONCE = 8
"""Jobs that are worked on at one time; their samples take turns."""
_WINDOW = 256
_BLOCK = 1024 * 1024
_MIB = 1024 * 1024


class NoSuchJob(VeristoneError, LookupError):
    """There is no job of that name, or it is somebody else's."""


class Job(msgspec.Struct, kw_only=True):
    """How far a job is. Times in seconds since 1970."""

    id: str
    status: Literal["queued", "running", "done", "failed"]
    total: int
    """Lines that hold something; each gets a record."""
    done: int = 0
    decisions: dict[str, int] = {}
    """Records by decision; `rejected` are lines that are no samples."""
    created: float
    ended: float | None = None
    error: str = ""
    """Why it failed."""


class _Record(msgspec.Struct):
    """What is kept of a job beside its samples and verdicts."""

    tenant: str
    total: int
    created: float
    ended: float | None = None
    error: str = ""


class _Kept:
    """A job in this process."""

    def __init__(self, folder: Path, record: _Record) -> None:
        self.folder = folder
        self.record = record
        self.samples = folder / "samples.jsonl"
        self.verdicts = folder / "verdicts.jsonl"
        self.before: Counter[str] = Counter()
        self.tally = Tally()
        self.task: asyncio.Task[None] | None = None
        self.runs = False

    def save(self) -> None:
        write_whole(self.folder / "job.json", msgspec.json.encode(self.record))

    def count(self) -> None:
        """Count the records that an earlier process left."""
        self.before = Counter()
        if self.verdicts.exists():
            with open(self.verdicts, "rb") as lines:
                self.before.update(_decision(line) for line in lines if line.endswith(b"\n"))

    def shown(self) -> Job:
        now = {str(decision): self.tally.decided(decision) for decision in Decision}
        decisions = self.before + Counter(now) + Counter({"rejected": self.tally.rejected})
        ended, error = self.record.ended, self.record.error
        status = "failed" if error else "done" if ended else "running" if self.runs else "queued"
        return Job(
            id=self.folder.name,
            status=status,
            total=self.record.total,
            done=decisions.total(),
            decisions=dict(decisions),
            created=self.record.created,
            ended=ended,
            error=error,
        )


class _Seen(msgspec.Struct):
    decision: str = "rejected"


_see = msgspec.json.Decoder(_Seen).decode


def _decision(line: bytes) -> str:
    return _see(line).decision


class Jobs:
    """The jobs of one service. Use it as ``async with``: then it works on them.

    Args:
        folder: where they lie.
        engine: judges.
        admission: gives their samples their turns.
        judged: told of every verdict: whose it is, and the seconds it took.
        most: jobs that are kept, finished ones too; a new one on top is refused.
        most_mib: largest file of samples.
        keep_s: seconds after its end in which a job's results can be had.
    """

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        admission: Admission,
        judged: Callable[[str, Verdict, float], None],
        *,
        most: int,
        most_mib: int,
        keep_s: float,
    ) -> None:
        self._folder = folder
        self._engine = engine
        self._admission = admission
        self._judged = judged
        self._most = most
        self._most_bytes = most_mib * _MIB
        self._keep_s = keep_s
        self._jobs: dict[str, _Kept] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._lock = contextlib.ExitStack()

    async def __aenter__(self) -> Self:
        """Go on with what an earlier process left.

        Raises:
            ConfigError: another service works on this folder.
        """
        self._lock.enter_context(only_one(self._folder))
        for path in sorted(self._folder.glob("*/job.json")):
            job = _Kept(path.parent, msgspec.json.decode(path.read_bytes(), type=_Record))
            await asyncio.to_thread(job.count)
            self._jobs[path.parent.name] = job
            if job.record.ended is None:
                self._begin(job)
        for path in self._folder.glob("*/"):
            if path.name not in self._jobs:  # it was never accepted, or half removed
                await asyncio.to_thread(shutil.rmtree, path, ignore_errors=True)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; what is left is done by the next process."""
        for job in self._jobs.values():
            await _stopped(job)
        self._lock.close()

    async def accept(self, tenant: str, body: AsyncIterable[bytes]) -> Job:
        """Take a file of samples, one a line, and return the job of judging it.

        Raises:
            Overloaded: there are as many jobs as may be kept.
            InvalidSample: the file is empty, an array, or too large.
        """
        await self._forget_old()
        if len(self._jobs) >= self._most:
            raise Overloaded(f"{self._most} jobs are kept already: delete some", 60)
        job = _Kept(self._folder / uuid.uuid4().hex, _Record(tenant, 0, time.time()))
        # Counted from now on: files that come in side by side must not be more than may be kept.
        self._jobs[job.folder.name] = job
        try:
            job.folder.mkdir()
            job.record.total = await self._store(job.samples, body)
            await asyncio.to_thread(job.save)
        except BaseException:
            await self._remove(job)
            raise
        self._begin(job)
        return job.shown()

    async def _store(self, path: Path, body: AsyncIterable[bytes]) -> int:
        """Write a file as it comes, and return how many of its lines hold something."""
        lines, size, holds = 0, 0, False
        with await asyncio.to_thread(open, path, "wb") as file:
            async for block in body:
                size += len(block)
                if size > self._most_bytes:
                    raise InvalidSample(
                        f"the file is larger than {self._most_bytes // _MIB} MiB (max_job_mib)"
                    )
                if not lines and not holds and block.lstrip().startswith(b"["):
                    raise InvalidSample("one sample a line is expected, not a JSON array")
                going_on, *others = block.split(b"\n")
                holds = holds or bool(going_on.strip())
                for line in others:
                    lines += holds
                    holds = bool(line.strip())
                await asyncio.to_thread(file.write, block)
            await asyncio.to_thread(_to_disk, file)
        lines += holds
        if not lines:
            raise InvalidSample("the file holds no sample")
        return lines

    def list(self, tenant: str) -> list[Job]:
        """Return the jobs of a tenant, the oldest first."""
        mine = [job for job in self._jobs.values() if job.record.tenant == tenant]
        return [job.shown() for job in sorted(mine, key=lambda job: job.record.created)]

    def get(self, tenant: str, name: str) -> Job:
        """Return how far a job is.

        Raises:
            NoSuchJob: there is none of this tenant that is called so.
        """
        return self._find(tenant, name).shown()

    def results(self, tenant: str, name: str, after: int = 0) -> AsyncGenerator[bytes]:
        """Return the records behind the first `after`, as far as there are any, line by line.

        Raises:
            NoSuchJob: there is none of this tenant that is called so.
        """
        return _whole_lines(self._find(tenant, name).verdicts, after)

    async def remove(self, tenant: str, name: str) -> None:
        """Stop a job where it runs, and forget it with its results.

        Raises:
            NoSuchJob: there is none of this tenant that is called so.
        """
        await self._remove(self._find(tenant, name))

    def _find(self, tenant: str, name: str) -> _Kept:
        job = self._jobs.get(name)
        if job is None or job.record.tenant != tenant:
            raise NoSuchJob(f"there is no job {name!r}: it was deleted, or never accepted")
        return job

    async def _remove(self, job: _Kept) -> None:
        await _stopped(job)
        self._jobs.pop(job.folder.name, None)
        # The record first: without it the folder is nobody's, whatever happens in between.
        (job.folder / "job.json").unlink(missing_ok=True)
        await asyncio.to_thread(shutil.rmtree, job.folder, ignore_errors=True)

    async def _forget_old(self) -> None:
        since = time.time() - self._keep_s
        for job in list(self._jobs.values()):
            if job.record.ended is not None and job.record.ended < since:
                await self._remove(job)

    def _begin(self, job: _Kept) -> None:
        job.task = asyncio.create_task(self._work(job))

    async def _work(self, job: _Kept) -> None:
        judge = _Shared(self._engine, self._admission, self._judged, job.record.tenant)

        def seen(tally: Tally) -> None:
            job.tally = tally

        async with self._turns:
            job.runs = True
            try:
                await verify_file(
                    job.samples, job.verdicts, mode="resume", on_record=seen, judge=judge
                )
            except VeristoneError as error:
                job.record.error = str(error)
            except Exception as error:
                _log.exception("job %s: an unforeseen error", job.folder.name)
                job.record.error = f"{type(error).__name__}: {error}"
            job.record.ended = time.time()
            await asyncio.to_thread(job.save)


class _Shared:
    """The engine, as a job uses it beside requests; a `veristone.engine.batch.Judge`."""

    def __init__(
        self,
        engine: Engine,
        admission: Admission,
        judged: Callable[[str, Verdict, float], None],
        tenant: str,
    ) -> None:
        self.accept = engine.accept
        self._workers = 2 * engine.config.sandboxes
        self._admission = admission
        self._judged = judged
        self._tenant = tenant

    async def verify_stream(self, samples: AsyncIterable[Sample]) -> AsyncIterator[Verdict]:
        """See `veristone.Verifier`."""
        stream = stream_map(
            self._verify, samples, workers=self._workers, window=_WINDOW, ordered=True
        )
        async with contextlib.aclosing(stream) as verdicts:
            async for verdict in verdicts:
                yield verdict

    async def _verify(self, sample: Sample) -> Verdict:
        started = time.monotonic()
        try:
            verdict = await self._admission.verify_later(sample)
        except InvalidSample as error:
            return Verdict.undecided(sample.id, Reason.SANDBOX_ERROR, f"not accepted: {error}")
        self._judged(self._tenant, verdict, time.monotonic() - started)
        return verdict


async def _stopped(job: _Kept) -> None:
    if job.task is not None:
        job.task.cancel()
        await asyncio.gather(job.task, return_exceptions=True)


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


async def _whole_lines(path: Path, after: int) -> AsyncGenerator[bytes]:
    """Yield blocks of a file up to its last line end, without its first `after` lines."""
    try:
        opened = await asyncio.to_thread(open, path, "rb")
    except FileNotFoundError:  # nothing was judged yet
        return
    rest = b""
    with opened as file:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            whole, end, rest = (rest + block).rpartition(b"\n")
            whole += end
            while after and whole:
                _, _, whole = whole.partition(b"\n")
                after -= 1
            if whole:
                yield whole
