"""What passes between two sandboxes, and what a warden that was taken over may not do."""

import asyncio
from collections.abc import Callable

import pytest

from veristone import ProtocolViolation, SandboxFailure
from veristone.engine.backends.fake import report
from veristone.engine.conversation import converse
from veristone.engine.jobs import Job, Report
from veristone.engine.sandbox import Listener, Sandbox
from veristone.engine.wire import Said
from veristone.limits import Limits
from veristone.sandbox_images.warden.frames import LAST_ROOM, ROOM

JOB = Job(language="python", driver="main", entry="main.py", files={}, limits=Limits(), live=True)


class Scripted(Sandbox):
    """Says what a script says, and notes what it is told."""

    def __init__(self, script: Callable[[Listener], Report | None] | Exception) -> None:
        self._script = script
        self.told: list[bytes | int | str] = []
        self.over = asyncio.Event()

    async def run(self, job: Job, listener: Listener | None = None) -> Report:
        assert listener is not None
        await asyncio.sleep(0)  # the other one has its job as well
        if isinstance(self._script, Exception):
            raise self._script
        ended = self._script(listener)
        if ended is not None:
            return ended
        await self.over.wait()
        return report(exit_code=None, signal=9)

    def tell(self, data: bytes = b"", room: int = 0, *, last: bool = False) -> None:
        self.told += [each for each in (data, room, "last" if last else "") if each]

    def stop(self) -> None:
        self.told.append("stop")
        self.over.set()


def says(*parts: tuple[Said, bytes], ended: Report | None = None) -> Scripted:
    def script(listener: Listener) -> Report | None:
        for said, data in parts:
            listener(said, data)
        return ended

    return Scripted(script)


def said(took: int = 0, *, last: bool = False) -> Said:
    return Said(op="said", took=took, last=last)


async def test_what_one_says_the_other_is_told() -> None:
    talks = says((said(), b"one"), (said(), b"two"), (said(last=True), b""), ended=report())
    hears = says((said(3), b""), ended=report())
    talk = await converse((talks, JOB), (hears, JOB))
    assert hears.told == [b"one", b"two", "last"]
    assert talks.told == [], "it ended before anything was read"
    assert not talk.interactor_first


async def test_what_was_read_makes_room() -> None:
    talks, hears = says((said(), b"words")), says((said(2), b""), (said(3), b""), ended=report())
    asyncio.get_running_loop().call_later(0.05, talks.over.set)
    talk = await converse((talks, JOB), (hears, JOB))
    assert talks.told == [2, 3, "last"]
    assert talk.interactor_first


@pytest.mark.parametrize("end", [report(exit_code=1), report(exit_code=0, killed="output")])
async def test_who_ends_badly_ends_the_other(end: Report) -> None:
    waits = says()
    talk = await converse((waits, JOB), (says(ended=end), JOB))
    assert waits.told == ["stop"]
    assert talk.solution.signal == 9


async def test_who_is_content_lets_the_other_come_to_its_end() -> None:
    goes_on = says()
    asyncio.get_running_loop().call_later(0.05, goes_on.over.set)
    full_points = says(ended=report(exit_code=7))
    await converse((goes_on, JOB), (full_points, JOB), lambda ended: ended.exit_code == 7)
    assert goes_on.told == ["last"]


TAKEN_OVER = {
    "more than there is room for": [(said(), bytes(ROOM + LAST_ROOM + 1))],
    "frame upon frame": [(said(), bytes(ROOM))] * 20,
    "what was never there, read": [(said(1), b"")],
    "nothing": [(said(), b"")],
    "more behind the last": [(said(last=True), b""), (said(), b"x")],
}


@pytest.mark.parametrize("name", TAKEN_OVER)
async def test_a_warden_that_was_taken_over(name: str) -> None:
    with pytest.raises(ProtocolViolation):
        await converse((says(*TAKEN_OVER[name], ended=report()), JOB), (says(), JOB))


async def test_a_sandbox_that_breaks_ends_the_conversation() -> None:
    with pytest.raises(SandboxFailure, match="gone"):
        await converse((Scripted(SandboxFailure("gone")), JOB), (says(), JOB))
