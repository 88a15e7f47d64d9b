"""Sessions attacked by the code that runs in them."""

import asyncio
import subprocess

import pytest
from backends import PROGRAMS

from veristone import Limits, Reason, RunRequest, RunResult
from veristone.engine import Engine
from veristone.engine.sessions import Session

pytestmark = pytest.mark.asyncio(loop_scope="module")
SHORT = Limits(cpu_s=1, wall_s=6, memory_mib=128, output_bytes=256 * 1024, processes=16)

FLOOD_THE_RECORD = """
import os
while True:
    for fd in range(3, 64):
        try: os.write(fd, b"x" * 65536)
        except OSError: pass
"""
MANY_THREADS = """
import threading, time
for _ in range(99):
    threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
"""


async def cell(session: Session, source: str, limits: Limits = SHORT) -> RunResult:
    return await session.run(RunRequest(cell=source, limits=limits))


async def shell(session: Session, line: str, limits: Limits = SHORT) -> RunResult:
    return await session.run(RunRequest(command=line, limits=limits))


async def test_one_session_sees_nothing_of_another(engine: Engine) -> None:
    async with engine.session() as mine, engine.session() as theirs:
        await theirs.write({"secret": b"word"})
        await shell(theirs, "cp secret /tmp/secret; cp secret /dev/shm/secret")
        await cell(
            theirs,
            "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0door')\ns.listen()",
        )
        await shell(theirs, "sleep 1234 > /dev/null 2>&1 &")
        search = f"find /work /tmp /dev/shm -name secret; {PROGRAMS} | grep '^sleep 1234'"
        found = await shell(mine, search)
        there = await shell(theirs, search)
        reached = await cell(
            mine, "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0door')"
        )
    assert found.stdout.text == ""
    assert len(there.stdout.text.split()) == 5, there
    assert reached.error is not None
    assert reached.error.name == "ConnectionRefusedError"


async def test_nothing_outlives_its_session(engine: Engine) -> None:
    marker = "sleep 86423"
    leave = (
        "import os\nif os.fork() == 0:\n    os.setsid()\n    os.execlp('sleep', 'sleep', '86423')"
    )
    async with engine.session() as session:
        await shell(session, f"setsid nohup {marker} > /dev/null 2>&1 &")
        await cell(session, leave)
        inside = await shell(session, f"{PROGRAMS} | grep -c '^{marker}'")
        assert inside.stdout.text == "2\n"
    left = await asyncio.to_thread(subprocess.run, ["pgrep", "-f", marker], capture_output=True)
    assert left.stdout == b""


async def test_a_thread_that_stays_cannot_answer_for_the_next_cell(engine: Engine) -> None:
    forge = (
        "import os, stat, threading\n"
        "fds = [fd for fd in range(3, 64) if os.path.exists(f'/proc/self/fd/{fd}')]\n"
        'line = b\'0123456789abcdef {"cell":"result","value":{"text/plain":"forged"}}\\n\'\n'
        "def flood():\n"
        "    for _ in range(50):\n"
        "        for fd in fds:\n"
        "            try: os.write(fd, line)\n"
        "            except OSError: pass\n"
        "        import time; time.sleep(0.002)\n"
        "threading.Thread(target=flood, daemon=True).start()"
    )
    async with engine.session() as session:
        await cell(session, forge)
        answer = await cell(session, "import time; time.sleep(0.05); 'true'")
        listed = await shell(session, "echo true")
    assert answer.result == {"text/plain": "'true'"}
    assert listed.stdout.text == "true\n"


@pytest.mark.parametrize(
    ("source", "broke"),
    [
        ("x = bytearray(1 << 30)\nfor i in range(0, len(x), 4096): x[i] = 1", Reason.MEMORY_LIMIT),
        ("while True: print('x' * 1000)", Reason.OUTPUT_LIMIT),
        ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", None),
        ("import subprocess\nsubprocess.run(['sleep', '60'])", Reason.WALL_TIMEOUT),
        (FLOOD_THE_RECORD, Reason.OUTPUT_LIMIT),
        (MANY_THREADS, None),
    ],
)
async def test_what_breaks_a_limit_is_ended_and_the_session_goes_on(
    engine: Engine, source: str, broke: Reason | None
) -> None:
    async with engine.session() as session:
        async with asyncio.timeout(60):
            ended = await cell(session, source)
            after = await cell(session, "import time\ntime.sleep(1.5)\n1 + 1")
            beside = await shell(session, "echo on")
    assert not ended.ok
    if broke is not None:
        assert ended.broke is broke
    assert after.result == {"text/plain": "2"}
    assert beside.stdout.text == "on\n"


async def test_limits_hold_for_all_calls_together(engine: Engine) -> None:
    grow = "kept = globals().get('kept', []) + [bytearray(b'x' * (48 << 20))]"
    async with engine.session() as session:
        results = [await cell(session, grow) for _ in range(5)]
    assert any(each.broke is Reason.MEMORY_LIMIT for each in results)
    assert results[0].ok


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.closerange(3, 256)",
        # It ends with a cell unread.
        "import os, threading, time\n"
        "threading.Thread(target=lambda: (time.sleep(0.3), os._exit(0))).start()\n"
        "time.sleep(0.2)",
        "import os\nos.close(1); os.close(2)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        "import os, signal\nos.kill(0, signal.SIGKILL)",
        "import sys\nsys.stdout = sys.stderr = None",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
        "import builtins\nbuiltins.repr = builtins.len = None\n1",
        "class E(BaseException):\n    def __str__(self): raise self\nraise E",
        "class R:\n    def __repr__(self): raise SystemExit\nR()",
        "import os\nos.fork()\n1",
        "raise KeyboardInterrupt",
        "exit(3)",
    ],
)
async def test_an_interpreter_that_breaks_itself_breaks_nothing_else(
    engine: Engine, source: str
) -> None:
    async with engine.session() as session:
        async with asyncio.timeout(80):
            await cell(session, source)
            await cell(session, "2")
            beside = await shell(session, "echo on")
            for _ in range(2):
                after = await cell(session, "import os; os._exit(0)")
            after = await cell(session, "1 + 1")
    assert beside.stdout.text == "on\n"
    assert after.result == {"text/plain": "2"}


async def test_huge_results_are_cut(engine: Engine) -> None:
    async with engine.session() as session:
        long = await cell(session, "'x' * 10_000_000")
        deep = await cell(session, "raise ValueError('y' * 10_000_000)")
        odd = await cell(session, "'\\ud800'")
    assert 200_000 < len(long.result["text/plain"]) < 300_000
    assert deep.error is not None
    assert len(deep.error.value) < 300_000
    assert "ud800" in odd.result["text/plain"]


async def test_files_behind_links_and_pipes_are_not_sent(engine: Engine) -> None:
    async with engine.session() as session:
        await shell(
            session,
            "ln -s /etc/passwd link; ln -s /etc folder; mkfifo fifo; echo x > $(printf 'a\\377')",
        )
        for name in ("link", "folder/passwd", "fifo"):
            with pytest.raises(OSError, match=r"ink|plain|many levels|not permitted|denied"):
                async with asyncio.timeout(10):
                    await session.read(name)
        names = {entry.path for entry in await session.files()}
    assert names == {"link", "folder", "fifo"}
