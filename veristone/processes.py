"""Processes that end with the one that started them, or when it says so."""

import asyncio
import ctypes
import os
import signal
from contextlib import suppress

__all__ = ["end_group", "end_with_parent"]

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int | None = None) -> None:
    """Have the kernel send SIGTERM to this process when its parent is gone, killed or not.

    The parent is, strictly, the thread that started this process (prctl(2), PR_SET_PDEATHSIG).

    Args:
        parent: process id of the parent, where it may have died before this call; this process
            then ends here and now.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


async def end_group(process: asyncio.subprocess.Process, grace_s: float) -> None:
    """Ask a child that leads its own process group to end, and its children; then make them.

    Args:
        process: the child; nothing is done where it has ended.
        grace_s: seconds for it to end in good order.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await process.wait()
