"""Two programs that talk: what one prints is the other's input, while both run.

Each runs in a sandbox of its own, behind all its walls, and what they say to one another passes
through here as bytes: they share no pipe, no process, no file and no user. So a solution has no
way to its interactor but its own output.

Flow control is a pipe's: at most `frames.ROOM` bytes are under way in each direction, and a program
whose words nobody reads waits. A warden that says more than it had room for was taken over, which
is a fault of the sandbox. What is said to a program that has ended is dropped, so that nobody is
ended by a SIGPIPE for having said a word too many.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from veristone import ProtocolViolation
from veristone.engine.jobs import Job, Report
from veristone.engine.sandbox import Sandbox
from veristone.engine.wire import Said
from veristone.sandbox_images.warden import frames

__all__ = ["Conversation", "Judged", "converse"]

Judged = Callable[[Report], bool]
"""True where an interactor that ended like this is content with the program."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """How both runs ended, and which of them did so first, by itself: the other one may have been
    stopped for it."""

    solution: Report
    interactor: Report
    interactor_first: bool


class _Side:
    """One of the two programs."""

    def __init__(self, sandbox: Sandbox, well: Judged) -> None:
        self.sandbox = sandbox
        self._well = well
        """Tells of its end whether the other may come to its own."""
        self.other = self
        self.ended = False
        self._said_last = self._heard_last = False
        self._under_way = 0
        """Bytes that it said and, as far as is known, the other has not read."""

    async def run(self, job: Job) -> Report:
        """Run its program; at the end let the other come to its own, or stop it.

        Where a program ends badly nothing that the other could still say would change a verdict.
        """
        report = await self.sandbox.run(job, self.hear)
        self.ended = True
        if not self.other.ended:
            if self._well(report):
                self.other.hear_last()
            else:
                self.other.sandbox.stop()
            self.other.free(self.other._under_way)
        return report

    def hear(self, said: Said, data: bytes) -> None:
        """Take what it says.

        Raises:
            ProtocolViolation: no warden that is whole says this.
        """
        self._under_way += len(data)
        last_words = frames.ROOM + frames.LAST_ROOM
        if self._said_last or self._under_way > last_words or not (data or said.took or said.last):
            raise ProtocolViolation("a sandbox says more than it had room for")
        if said.took:
            self.other.free(said.took)
        self._said_last = said.last
        if self.other.ended:
            self.free(len(data))
        elif said.last:
            self.other.hear_last()
        elif data:
            self.other.sandbox.tell(data)

    def free(self, count: int) -> None:
        """Let it say as much again as the other has read.

        Raises:
            ProtocolViolation: the other has read more than there was.
        """
        if count > self._under_way:
            raise ProtocolViolation("a sandbox has read more than it was sent")
        self._under_way -= count
        if count and not self.ended:
            self.sandbox.tell(room=count)

    def hear_last(self) -> None:
        """Let it see the end of its input."""
        if not self._heard_last:
            self._heard_last = True
            self.sandbox.tell(last=True)


def _ended_well(report: Report) -> bool:
    return report.exit_code == 0 and report.killed is None


async def converse(
    solution: tuple[Sandbox, Job], interactor: tuple[Sandbox, Job], content: Judged = _ended_well
) -> Conversation:
    """Have two programs talk until both have ended; each has a sandbox and a job that is `live`.

    Args:
        solution: the program that is judged, and where it runs.
        interactor: the jury's, and where that runs.
        content: told how the interactor ended; a program with which it is content may go on.

    Raises:
        SandboxFailure: one of the sandboxes broke, and nothing is known about either program.
    """
    ours, jury = _Side(solution[0], _ended_well), _Side(interactor[0], content)
    ours.other, jury.other = jury, ours
    first: list[_Side] = []

    async def run(side: _Side, job: Job) -> Report:
        report = await side.run(job)
        first.append(side)
        return report

    try:
        async with asyncio.TaskGroup() as group:
            one = group.create_task(run(ours, solution[1]))
            other = group.create_task(run(jury, interactor[1]))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    return Conversation(one.result(), other.result(), interactor_first=first[0] is jury)
