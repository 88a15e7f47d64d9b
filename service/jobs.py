"""Long work: files of samples that are accepted, judged when there is room, and outlive a restart.

A job is a folder: the samples as they came, the verdicts so far, and a record of who sent it and
how it ended, which is written last. What was accepted is on the disk before the answer says so; a
process that is stopped, or killed, leaves it to the next one, which goes on where it was
(`veristone.engine.batch` resumes with the same bytes). Any number of processes share a folder: who
holds a job's lock works on it, and the kernel lets go of the lock of one that is gone.

Promised: one record for every line of a job, in order, each once. Not promised: when; a job's
samples stand behind requests that have deadlines.
"""

import asyncio
import contextlib
import logging
import os
import re
import shutil
import threading
import time
import uuid
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Literal, Self

import msgspec

from veristone import ConfigError, InvalidSample, Reason, Sample, Verdict, VeristoneError
from veristone.engine import Engine
from veristone.engine.batch import other_form, verify_file
from veristone.files import LOCK, lock, write_whole
from veristone.service.admission import Admission, NoVerdict, Overloaded
from veristone.stream import stream_map

__all__ = ["Job", "Jobs", "NoSuchJob"]

_log = logging.getLogger(__name__)
_AT_ONCE = 8
"""Jobs that one process works on at one time; their samples take turns."""
_LOOK_S = 1.0
"""Seconds between two looks for what other processes did to the folder."""
_RECORD, _REMOVED = "job.json", ".removed"
_NAME = re.compile("[0-9a-f]{32}")
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
    """A job, as this process knows it."""

    def __init__(self, folder: Path, record: _Record) -> None:
        self.folder = folder
        self.record = record
        self.samples = folder / "samples.jsonl"
        self.verdicts = folder / "verdicts.jsonl"
        self.task: asyncio.Task[None] | None = None
        """Where this process works on it."""
        self._decisions = Counter[str]()
        self._counted = 0
        self._counting = threading.Lock()

    def save(self) -> None:
        write_whole(self.folder / _RECORD, msgspec.json.encode(self.record))

    def reload(self) -> bool:
        """Read the record as whoever works on the job left it; False where the job is gone."""
        if self.record.ended is not None:  # nothing changes any more
            return (self.folder / _RECORD).exists()
        record = _read_record(self.folder)
        if record is not None:
            self.record = record
        return record is not None

    def shown(self) -> Job:
        """Return how far it is, by the records that are there, whoever wrote them."""
        with self._counting:
            begun = self._count()
        ended, error = self.record.ended, self.record.error
        status = "failed" if error else "done" if ended else "running" if begun else "queued"
        return Job(
            id=self.folder.name,
            status=status,
            total=self.record.total,
            done=self._decisions.total(),
            decisions=dict(self._decisions),
            created=self.record.created,
            ended=ended,
            error=error,
        )

    def _count(self) -> bool:
        """Count the records that came since the last time; False where none was begun yet."""
        try:
            with open(self.verdicts, "rb") as file:
                file.seek(self._counted)
                for line in file:
                    if line.endswith(b"\n"):
                        self._decisions[_decision(line)] += 1
                        self._counted += len(line)
        except FileNotFoundError:
            return False
        return True

    def taken(self) -> IO[bytes] | None:
        """Return the job's lock, held, or None where another process holds it, or it is gone."""
        try:
            file = open(self.folder / LOCK, "wb")  # noqa: SIM115 - held as long as the work
        except FileNotFoundError:
            return None
        try:
            lock(file, "another process works on this job")
        except ConfigError:
            file.close()
            return None
        return file


def _read_record(folder: Path) -> _Record | None:
    try:
        return msgspec.json.decode((folder / _RECORD).read_bytes(), type=_Record)
    except FileNotFoundError:
        return None


class _Seen(msgspec.Struct):
    decision: str = "rejected"


_see = msgspec.json.Decoder(_Seen).decode


def _decision(line: bytes) -> str:
    return _see(line).decision


class Jobs:
    """The jobs in one folder. Use it as ``async with``: then it works on them.

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
        self._coming: set[str] = set()
        """Names of those whose files are being received."""
        self._looking: asyncio.Task[None] | None = None
        self._open = False

    async def __aenter__(self) -> Self:
        """Go on with what nobody works on, now and whenever another process leaves some."""
        self._folder.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(_sweep, self._folder)
        self._open = True
        await self._look()
        self._looking = asyncio.ensure_future(self._look_on())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; what is left is done by another process."""
        self._open = False
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for job in self._jobs.values():
            await _stopped(job)

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                await self._look()
            except OSError:  # a disk that fails now may not in a second
                _log.exception("jobs: %s cannot be read", self._folder)

    async def _look(self) -> None:
        """Learn what other processes did to the folder, and take what nobody works on."""
        known = self._jobs.keys() - self._coming  # what is accepted meanwhile is not gone
        there = set(await asyncio.to_thread(_names, self._folder))
        for name in known - there:
            if (job := self._jobs.pop(name, None)) is not None:
                await _stopped(job)
        for name in there - self._jobs.keys():
            if (record := _read_record(self._folder / name)) is not None:
                self._jobs[name] = _Kept(self._folder / name, record)
        self._take_waiting()

    def _take_waiting(self) -> None:
        """Work on what nobody works on, the oldest first, as far as there is room."""
        kept = self._jobs.values()
        room = _AT_ONCE - sum(job.task is not None for job in kept)
        waiting = [job for job in kept if job.task is None and job.record.ended is None]
        for job in sorted(waiting, key=lambda job: job.record.created):
            if room and self._open and self._admission.quarantined is None:
                self._take(job)
                room -= job.task is not None

    def _take(self, job: _Kept) -> None:
        held = job.taken()
        if held is None:
            return
        if not job.reload() or job.record.ended is not None:
            held.close()
            return
        job.task = asyncio.create_task(self._work(job, held))

        def ended(_: asyncio.Task[None]) -> None:
            job.task = None
            self._take_waiting()

        job.task.add_done_callback(ended)

    async def accept(self, tenant: str, body: AsyncIterable[bytes]) -> Job:
        """Take a file of samples, one a line, and return the job of judging it.

        Raises:
            Overloaded: there are as many jobs as may be kept.
            InvalidSample: the file is empty, an array, or too large.
        """
        await self._look()
        await self._forget_old()
        if len(self._jobs) >= self._most:
            raise Overloaded(f"{self._most} jobs are kept already: delete some", 60)
        job = _Kept(self._folder / uuid.uuid4().hex, _Record(tenant, 0, time.time()))
        # Counted from now on: files that come in side by side must not be more than may be kept.
        self._jobs[job.folder.name] = job
        self._coming.add(job.folder.name)
        try:
            job.folder.mkdir()
            # Held until it is kept: what nobody holds and nobody has kept is swept away.
            with job.taken() or contextlib.nullcontext():
                job.record.total = await self._store(job.samples, body)
                await asyncio.to_thread(job.save)
        except BaseException:
            await self._remove(job)
            raise
        finally:
            self._coming.discard(job.folder.name)
        shown = job.shown()
        self._take_waiting()
        return shown

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
                if not lines and not holds and (form := other_form(block)):
                    raise InvalidSample(f"one sample a line is expected, and this is {form}")
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

    async def list(self, tenant: str) -> list[Job]:
        """Return the jobs of a tenant, the oldest first."""
        await self._look()
        mine = [job for job in self._jobs.values() if job.record.tenant == tenant]
        mine = [job for job in mine if job.folder.name not in self._coming and job.reload()]
        shown = [await asyncio.to_thread(job.shown) for job in mine]
        return sorted(shown, key=lambda job: job.created)

    async def get(self, tenant: str, name: str) -> Job:
        """Return how far a job is.

        Raises:
            NoSuchJob: there is none of this tenant that is called so.
        """
        return await asyncio.to_thread(self._find(tenant, name).shown)

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
        if job is None and _NAME.fullmatch(name):  # another process may have accepted it just now
            record = _read_record(self._folder / name)
            if record is not None:
                job = self._jobs.setdefault(name, _Kept(self._folder / name, record))
        if job is None or job.record.tenant != tenant or not job.reload():
            raise NoSuchJob(f"there is no job {name!r}: it was deleted, or never accepted")
        return job

    async def _remove(self, job: _Kept) -> None:
        await _stopped(job)
        self._jobs.pop(job.folder.name, None)
        # By its name it is nobody's from here on, and whoever works on it finds it gone.
        aside = job.folder.with_suffix(_REMOVED)
        with contextlib.suppress(FileNotFoundError):
            job.folder.rename(aside)
        await asyncio.to_thread(shutil.rmtree, aside, ignore_errors=True)

    async def _forget_old(self) -> None:
        since = time.time() - self._keep_s
        for job in list(self._jobs.values()):
            if job.record.ended is not None and job.record.ended < since:
                await self._remove(job)

    async def _work(self, job: _Kept, held: IO[bytes]) -> None:
        judge = _Shared(self._engine, self._admission, self._judged, job.record.tenant)
        with held:
            try:
                await verify_file(job.samples, job.verdicts, mode="resume", judge=judge)
            except NoVerdict:  # in quarantine: left to another process
                return
            except VeristoneError as error:
                job.record.error = str(error)
            except Exception as error:
                _log.exception("job %s: an unforeseen error", job.folder.name)
                job.record.error = f"{type(error).__name__}: {error}"
            job.record.ended = time.time()
            with contextlib.suppress(FileNotFoundError):  # it was deleted meanwhile
                await asyncio.to_thread(job.save)


def _names(folder: Path) -> list[str]:
    return [path.parent.name for path in folder.glob(f"*/{_RECORD}") if not path.parent.suffix]


def _sweep(folder: Path) -> None:
    """Remove what was never accepted, and what was only half removed."""
    for path in folder.glob(f"*/{LOCK}"):
        half = _Kept(path.parent, _Record("", 0, 0.0))
        if path.parent.suffix == _REMOVED or _read_record(path.parent) is None:
            held = half.taken()
            if held is not None:
                with held:
                    shutil.rmtree(path.parent, ignore_errors=True)


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
