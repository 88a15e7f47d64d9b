"""What an engine leaves behind when it is killed while its sandboxes start."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from backends import give_up

from veristone.engine import Engine, EngineConfig

_KILLED_WHILE_STARTING = """
import asyncio, os, signal, sys
from veristone.engine import Engine, EngineConfig

async def main():
    asyncio.get_running_loop().call_later(float(sys.argv[1]), os.kill, os.getpid(), signal.SIGKILL)
    async with Engine(EngineConfig(backend="bubblewrap", sandboxes=4)):
        await asyncio.sleep(60)

asyncio.run(main())
"""


def _ours() -> set[int]:
    found: set[int] = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and b"/opt/veristone" in (entry / "cmdline").read_bytes():
                found.add(int(entry.name))
    return found


@pytest.mark.bubblewrap
async def test_an_engine_killed_while_it_starts_leaves_no_process_after_the_next_start() -> None:
    if shutil.which("bwrap") is None:
        give_up("bubblewrap: the program bwrap is missing")
    before = _ours()
    for delay_s in (0.02, 0.04, 0.06, 0.08):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _KILLED_WHILE_STARTING, str(delay_s), stderr=subprocess.DEVNULL
        )
        assert await process.wait() == -signal.SIGKILL
    async with Engine(EngineConfig(backend="bubblewrap", sandboxes=1)):
        pass
    deadline = time.monotonic() + 5
    while (left := _ours() - before) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert not left, [Path(f"/proc/{pid}/cmdline").read_bytes()[:80] for pid in left]
    assert os.getpid() not in left
