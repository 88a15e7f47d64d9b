"""What an engine leaves behind when it is killed while its sandboxes start."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.bubblewrap import remove_leftovers
from veristone.engine.backends.root import GUEST_WARDEN

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


@pytest.mark.alone
@pytest.mark.bubblewrap
async def test_an_engine_killed_while_it_starts_leaves_no_process_after_the_next_start() -> None:
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


# Looks like bwrap with our warden, and says when it runs.
_SLEEPER = "print(1, flush=True); import time; time.sleep(60)"
_SANDBOX = f"exec -a bwrap {sys.executable} -c '{_SLEEPER}' {GUEST_WARDEN}/warden"


@contextmanager
def in_a_namespace(*shell: str) -> Generator[subprocess.Popen[str]]:
    """A shell in a PID namespace of its own, as in a container; its first line has been read."""
    bwrap = ["bwrap", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    with subprocess.Popen(
        [*bwrap, "--die-with-parent", "bash", "-c", *shell], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "1\n"
            yield process
        finally:
            process.kill()


@pytest.mark.bubblewrap
def test_a_sandbox_of_an_engine_in_a_container_is_left_alone() -> None:
    """Its outer process is below our namespace, like the inner one of an engine of ours."""
    with in_a_namespace(f"({_SANDBOX}) & wait") as container:
        inner = [Path("/proc", name) for name in _below(container.pid)]
        sandboxes = [each for each in inner if b"/warden" in (each / "cmdline").read_bytes()]
        assert sandboxes
        remove_leftovers()
        assert all((each / "cmdline").read_bytes() for each in sandboxes)


def _below(pid: int) -> list[str]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return children + [name for child in children for name in _below(int(child))]
