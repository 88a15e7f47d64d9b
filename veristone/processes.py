"""Processes that end with the one that started them."""

import ctypes
import os
import signal

__all__ = ["end_with_parent"]

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
