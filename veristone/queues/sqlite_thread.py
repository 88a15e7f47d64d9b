"""One thread that owns one SQLite connection and commits in groups.

Everything that was asked for while the last transaction ran goes into the next one, each job in a
savepoint of its own. So a hundred callers pay for one commit (and its fsync), and an answer is
given only when the commit behind it has happened. sqlite3 blocks, hence the thread; a wrapper that
hops threads for every statement would cost more than the statements do.
"""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from veristone.queues.errors import QueueClosed
from veristone.queues.steps import to_its_end

__all__ = ["Transactions"]

T = TypeVar("T")
_GROUP = 256  # jobs in one transaction, so that other processes get their turn


@dataclass(slots=True)
class _Job:
    run: Callable[[sqlite3.Connection], Any]
    future: "Future[Any]"
    writes: bool


class Transactions:
    """Runs jobs on a connection that `connect` opens in the thread; `stop` closes it."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._jobs: list[_Job] = []
        self._ready = threading.Condition()
        self._stopping = False
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._main, name="sample-queue", daemon=True)

    async def start(self) -> None:
        """Open the connection; raises what `connect` raises."""
        self._thread.start()
        started = asyncio.wrap_future(self._started)
        try:
            await asyncio.shield(started)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Finish what was asked for and close the connection."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        if self._thread.ident is not None:
            joining = asyncio.ensure_future(asyncio.to_thread(self._thread.join))
            try:
                await asyncio.shield(joining)
            except asyncio.CancelledError:
                await to_its_end(joining)
                raise

    async def run(
        self,
        job: Callable[[sqlite3.Connection], T],
        *,
        writes: bool = True,
        undo: Callable[[sqlite3.Connection, T], object] | None = None,
    ) -> T:
        """Run a job, in a transaction if it writes; give its value once that is committed.

        A caller that is cancelled waits until its job is either withdrawn or committed; a
        committed one is then undone with `undo`, if there is one.
        """
        future: Future[Any] = self._submit(job, writes)
        waiting = asyncio.wrap_future(future)
        try:
            return cast(T, await asyncio.shield(waiting))
        except asyncio.CancelledError:
            if not future.cancel():
                await to_its_end(waiting)
                if undo is not None and future.exception() is None:
                    value = cast(T, future.result())
                    with contextlib.suppress(QueueClosed):  # then the leases just expire
                        undoing = self._submit(lambda db: undo(db, value), writes)
                        await to_its_end(asyncio.wrap_future(undoing))
            raise

    def _submit(self, run: Callable[[sqlite3.Connection], Any], writes: bool) -> "Future[Any]":
        job = _Job(run, Future(), writes)
        with self._ready:
            if self._stopping:
                raise QueueClosed("the queue is closed")
            self._jobs.append(job)
            self._ready.notify()
        return job.future

    def _main(self) -> None:
        try:
            db = self._connect()
        except BaseException as error:
            with self._ready:
                self._stopping = True
            self._started.set_exception(error)
            return
        self._started.set_result(None)
        with contextlib.closing(db):
            while group := self._next_group():
                _execute(db, group)

    def _next_group(self) -> list[_Job]:
        """Jobs of one kind, in order; none at the end."""
        with self._ready:
            while not self._jobs and not self._stopping:
                self._ready.wait()
            size = 0
            while size < min(len(self._jobs), _GROUP):
                if self._jobs[size].writes != self._jobs[0].writes:
                    break
                size += 1
            group, self._jobs = self._jobs[:size], self._jobs[size:]
        return group


def _execute(db: sqlite3.Connection, group: list[_Job]) -> None:
    begun = [job for job in group if job.future.set_running_or_notify_cancel()]
    if not begun:
        return
    outcomes: list[tuple[_Job, Any, BaseException | None]] = []
    try:
        if begun[0].writes:
            db.execute("BEGIN IMMEDIATE")
        outcomes.extend(_attempt(db, job) for job in begun)
        if db.in_transaction:
            db.execute("COMMIT")
    except BaseException as error:
        # No job took effect, whatever it has to say for itself.
        outcomes = [(job, None, error) for job in begun]
        with contextlib.suppress(sqlite3.Error):
            if db.in_transaction:
                db.execute("ROLLBACK")
    for job, value, failure in outcomes:
        if failure is None:
            job.future.set_result(value)
        else:
            job.future.set_exception(failure)


def _attempt(db: sqlite3.Connection, job: _Job) -> tuple[_Job, Any, BaseException | None]:
    if not job.writes:
        try:
            return job, job.run(db), None
        except Exception as error:
            return job, None, error
    db.execute("SAVEPOINT job")
    try:
        value = job.run(db)
    except sqlite3.Error:
        raise  # the file or the disk: the whole transaction is in doubt
    except Exception as error:
        db.execute("ROLLBACK TO job")
        db.execute("RELEASE job")
        return job, None, error
    db.execute("RELEASE job")
    return job, value, None
