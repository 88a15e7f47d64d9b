"""Sessions: what stays from call to call, what ends one, and how much it may use."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from backends import PROGRAMS, open_engine

from veristone import (
    InvalidSample,
    Limits,
    ProgramCheck,
    Reason,
    RunRequest,
    RunResult,
    Sample,
    SandboxFailure,
    SessionEnded,
    SessionOptions,
    SessionsFull,
)
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.sessions import Session

pytestmark = pytest.mark.asyncio(loop_scope="module")
SHORT = Limits(cpu_s=0.3, wall_s=30)
BRIEF = Limits(wall_s=1)


@contextlib.asynccontextmanager
async def limited(**settings: Any) -> AsyncGenerator[Session]:
    async with open_engine("bubblewrap", sessions=settings) as engine, engine.session() as opened:
        yield opened


async def cell(session: Session, source: str, limits: Limits | None = None) -> RunResult:
    return await session.run(RunRequest(cell=source, limits=limits))


async def command(session: Session, line: str | list[str], **given: Any) -> RunResult:
    return await session.run(RunRequest(command=line, **given))


async def test_a_cell_is_answered_as_a_notebook_answers(engine: Engine) -> None:
    async with engine.session() as opened:
        first = await cell(opened, "import sys\nx = 41")
        second = await cell(opened, "print('out'); print('err', file=sys.stderr); x + 1")
        indented = await cell(opened, "    if x:\n        y = 1\n    y")
        silenced = await cell(opened, "_ + 1;")
        raised = await cell(opened, "def f():\n    return 1 / 0\nf()")
        refused = await cell(opened, "def f(:")
        awaited = await cell(opened, "import asyncio\nawait asyncio.sleep(0, 'slept')")
        shown = await cell(
            opened, "class P:\n    _repr_png_ = lambda self: b'png'\ndisplay(1, P())\nP()"
        )
    assert (first.fresh, first.result, first.ok) == (True, {}, True)
    assert (second.fresh, second.result) == (False, {"text/plain": "42"})
    assert (first.number, second.number) == (1, 2)
    assert (second.stdout.text, second.stderr.text) == ("out\n", "err\n")
    assert indented.result == {"text/plain": "1"}
    assert silenced.result == {}
    assert raised.error is not None
    assert (raised.error.name, raised.error.value) == ("ZeroDivisionError", "division by zero")
    assert 'File "<cell 5>", line 2, in f\n    return 1 / 0' in raised.error.traceback
    assert "warden" not in raised.error.traceback
    assert not raised.ok
    assert refused.error is not None
    assert refused.error.name == "SyntaxError"
    assert awaited.result == {"text/plain": "'slept'"}
    assert shown.shown[0] == {"text/plain": "1"}
    assert shown.shown[1]["image/png"] == shown.result["image/png"] == "cG5n"


async def test_a_slow_cell_is_interrupted_and_the_names_stay(engine: Engine) -> None:
    async with engine.session() as opened:
        await cell(opened, "x = 1")
        busy = await cell(opened, "while True: pass", SHORT)
        waiting = await cell(opened, "import time\nprint('begun')\ntime.sleep(60)", BRIEF)
        after = await cell(opened, "x")
    assert (busy.broke, busy.state_lost) == (Reason.CPU_TIMEOUT, False)
    assert (waiting.broke, waiting.stdout.text) == (Reason.WALL_TIMEOUT, "begun\n")
    assert waiting.error is not None
    assert waiting.error.name == "KeyboardInterrupt"
    assert after.result == {"text/plain": "1"}


async def test_a_cell_that_cannot_be_interrupted_loses_the_names_and_says_so(
    engine: Engine,
) -> None:
    stubborn = "import signal, time\nwhile True:\n    signal.signal(2, signal.SIG_IGN)"
    async with engine.session() as opened:
        await cell(opened, "x = 1")
        killed = await cell(opened, stubborn, SHORT)
        after = await cell(opened, "x")
        left = await cell(opened, "import os\nos._exit(3)")
        last = await cell(opened, "1")
    assert (killed.broke, killed.state_lost) == (Reason.CPU_TIMEOUT, True)
    assert after.error is not None
    assert (after.fresh, after.error.name) == (True, "NameError")
    assert (left.exit_code, left.state_lost, left.broke) == (3, True, None)
    assert (last.fresh, last.result) == (True, {"text/plain": "1"})


async def test_commands_have_input_folder_environment_and_exit_codes(engine: Engine) -> None:
    async with engine.session() as opened:
        await opened.write({"sub/a.txt": b"a"})
        listed = await command(
            opened, "ls; cat; echo $WORD", stdin="in\n", cwd="sub", env={"WORD": "w"}
        )
        left = await command(opened, ["sh", "-c", "exit 7"])
        missing = await command(opened, ["no-such-program"])
        forbidden = await command(opened, ["/etc/passwd"])
        elsewhere = await command(opened, ["ls"], cwd="no-such-folder")
        slow = await command(opened, "sleep 9 & sleep 9", limits=BRIEF)
        still = await command(opened, f"{PROGRAMS} | grep -c '^sleep 9'")
    assert (listed.stdout.text, listed.ok) == ("a.txt\nin\nw\n", True)
    assert (left.exit_code, left.ok) == (7, False)
    assert (missing.exit_code, forbidden.exit_code, elsewhere.exit_code) == (127, 126, 127)
    assert "cannot be started" in missing.message
    assert slow.broke is Reason.WALL_TIMEOUT
    assert still.stdout.text == "0\n"


async def test_a_command_that_breaks_a_limit_leaves_the_interpreter_alone(engine: Engine) -> None:
    async with engine.session() as opened:
        await cell(opened, "x = 1")
        slow = await command(opened, "sleep 9", limits=BRIEF)
        after = await cell(opened, "x")
        await command(opened, "kill -9 -1")
        lost = await cell(opened, "1")
        if lost.state_lost:  # it was seen to end while it read the cell
            lost = await cell(opened, "1")
    assert (slow.broke, slow.state_lost) == (Reason.WALL_TIMEOUT, False)
    assert after.result == {"text/plain": "1"}
    assert lost.fresh


async def test_what_runs_on_stands_still_between_calls_and_goes_on_in_them(engine: Engine) -> None:
    count = "i=0; while true; do i=$((i+1)); echo $i > count; sleep 0.02; done"
    async with engine.session() as opened:
        await command(opened, f"({count}) > /dev/null 2>&1 &")
        await command(opened, "sleep 0.3")
        first = int(await opened.read("count"))
        await asyncio.sleep(0.5)
        second = int(await opened.read("count"))
        await command(opened, "sleep 0.3")
        third = int(await opened.read("count"))
    assert first > 0
    assert second - first <= 1
    assert third > second + 3


async def test_files_stay_and_paths_cannot_leave(engine: Engine) -> None:
    async with engine.session() as opened:
        await opened.write({"a/b.bin": b"\0\xff" * 10, "c": b"1"})
        await opened.write({"c": b"22"})
        assert await opened.read("a/b.bin") == b"\0\xff" * 10
        assert (await cell(opened, "open('c').read()")).result == {"text/plain": "'22'"}
        entries = {(each.path, each.folder) for each in await opened.files()}
        assert entries == {("a", True), ("a/b.bin", False), ("c", False)}
        assert [each.path for each in await opened.files("a")] == ["a/b.bin"]
        for name in ("../x", "/etc/passwd", "a/../../x", "", "a\0b"):
            with pytest.raises(InvalidSample):
                await opened.read(name)
            with pytest.raises(InvalidSample):
                await opened.write({name: b""})
        for name, error in (
            ("none", FileNotFoundError),
            ("a", IsADirectoryError),
            ("c/d", NotADirectoryError),
        ):
            with pytest.raises(error):
                await opened.read(name)
        with pytest.raises(IsADirectoryError):
            await opened.write({"a": b""})
        with pytest.raises(FileNotFoundError):
            await opened.files("none")
        await command(opened, "chmod a-rw c")
        with pytest.raises(PermissionError):
            await opened.write({"c": b""})


@pytest.mark.bubblewrap
async def test_a_session_ends_when_its_time_or_a_quota_is_over() -> None:
    async with limited(ttl_s=0.3) as opened:
        with pytest.raises(SessionEnded, match="time to live"):
            await command(opened, "sleep 5")
    async with limited(idle_s=0.3) as opened:
        await command(opened, "sleep 0.6")  # a call is no pause
        await asyncio.sleep(0.6)
        with pytest.raises(SessionEnded, match="not used for too long"):
            await cell(opened, "1")
    async with limited(calls=1) as opened:
        await cell(opened, "1")
        with pytest.raises(SessionEnded, match="used up its calls"):
            await cell(opened, "1")
    async with limited(mib=1) as opened:
        with pytest.raises(SessionEnded, match="used up its bytes"):
            await opened.write({"a": bytes(2 << 20)})
    async with limited(cpu_s=0.1) as opened:
        await cell(opened, "while True: pass", SHORT)
        with pytest.raises(SessionEnded, match="used up its CPU time"):
            await cell(opened, "1")


async def test_a_cancelled_call_ends_by_itself_and_the_session_goes_on(engine: Engine) -> None:
    async with engine.session() as opened:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await command(opened, "sleep 0.4; echo done > note")
        assert (await command(opened, "cat note")).stdout.text == "done\n"


@pytest.mark.bubblewrap
async def test_what_asks_for_too_much_is_refused() -> None:
    async with open_engine("bubblewrap") as engine:
        async with engine.session(SessionOptions(language="bash")) as opened:
            with pytest.raises(InvalidSample, match="cells are Python"):
                await cell(opened, "1")
            assert (await command(opened, "echo hi")).stdout.text == "hi\n"
            for request in (
                RunRequest(),
                RunRequest(cell="1", command="ls"),
                RunRequest(command=[]),
                RunRequest(cell="1", limits=Limits(memory_mib=1 << 20)),
                RunRequest(command="ls", env={"a=b": ""}),
                RunRequest(command="ls", show_bytes=-1),
                RunRequest(command=["a\0b"]),
            ):
                with pytest.raises(InvalidSample):
                    await opened.run(request)
            assert opened.ended is None
        for options in (SessionOptions(ttl_s=0), SessionOptions(limits=Limits(cpu_s=-1))):
            with pytest.raises(InvalidSample):
                await engine.sessions.open(options)


@pytest.mark.bubblewrap
async def test_sessions_are_beside_the_pool_and_never_in_it() -> None:
    async with open_engine("bubblewrap", sessions={"most": 1}) as engine, engine.session() as busy:
        with pytest.raises(SessionsFull):
            await engine.sessions.open(SessionOptions())
        working = asyncio.ensure_future(cell(busy, "while True: pass"))
        sample = Sample(code="print(1)", check=ProgramCheck(stdout="1\n"))
        async with asyncio.timeout(5):
            verdicts = [await engine.verify(sample) for _ in range(5)]
        assert all(verdict.reason is Reason.PASSED for verdict in verdicts)
        assert not working.done()
        await busy.close()
        with pytest.raises(SessionEnded):
            await working
        async with engine.session():
            pass


async def test_a_sandbox_that_breaks_ends_its_session_and_is_destroyed() -> None:
    backend = FakeBackend([report(), SandboxFailure("gone")])
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        opened = await engine.sessions.open(SessionOptions())
        assert len(backend.sandboxes) == 2
        await command(opened, "ls")
        with pytest.raises(SessionEnded, match="broke: gone"):
            await command(opened, "ls")
        assert len(backend.sandboxes) == 1
        assert engine.sessions.count == 0


async def test_an_engine_that_closes_ends_its_sessions() -> None:
    backend = FakeBackend()
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        opened = await engine.sessions.open(SessionOptions())
    assert not backend.sandboxes
    with pytest.raises(SessionEnded):
        await command(opened, "ls")
