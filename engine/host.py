"""What the host's kernel says of itself: whether it killed for want of memory."""

import time
from pathlib import Path

__all__ = ["HostMemory"]

_VMSTAT = Path("/proc/vmstat")


class HostMemory:
    """Tells a program that the host's OOM killer ended from one that was ended by its own.

    The kernel counts its kills in `/proc/vmstat` (`oom_kill`, since Linux 4.13) and does not say
    whom they met. So a rise makes a SIGKILL doubtful and no more. Not told at all: a kill on the
    host of a remote daemon, and one by a person.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Look for the first time."""
        self._path = path or _VMSTAT
        self._kills = self._read()
        self._rose_at = float("-inf")

    def killed_since(self, moment: float) -> bool:
        """True where the kernel may have killed for want of memory since `moment`.

        Args:
            moment: of `time.monotonic`. A kill before it counts too where nobody had looked since.
        """
        kills = self._read()
        if kills > self._kills:
            self._kills, self._rose_at = kills, time.monotonic()
        return self._rose_at >= moment

    def _read(self) -> int:
        try:
            for line in self._path.read_text().splitlines():
                name, _, number = line.partition(" ")
                if name == "oom_kill":
                    return int(number)
        except (OSError, ValueError):
            pass
        return 0
