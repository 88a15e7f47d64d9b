"""Device files of a sandbox's own, where this process may make any.

bubblewrap shows the host's own /dev/null. A lock on it, the time that was set on it and a watch of
it are then shared by all sandboxes of this host at once. Root may make others that do the same,
where the folder for temporary files allows devices.
"""

import contextlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

__all__ = ["Devices"]

# Major and minor numbers as the kernel gave them out for ever: null(4), full(4), random(4), tty(4).
_NUMBERS = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}


class Devices:
    """The device files of one sandbox; none where they cannot be made or would not open."""

    def __init__(self, place: Path) -> None:
        """Make them in a folder of their own below `place`."""
        self._folder = Path(tempfile.mkdtemp(prefix="dev-", dir=place))
        try:
            for name, numbers in _NUMBERS.items():
                os.mknod(self._folder / name, stat.S_IFCHR, os.makedev(*numbers))
                (self._folder / name).chmod(0o666)
            (self._folder / "null").read_bytes()
        except OSError:
            self.remove()
            self.own = False
        else:
            self.own = True

    def binds(self) -> list[str]:
        """Return bwrap's words that show them in place of the host's."""
        if not self.own:
            return []
        return [
            word
            for name in _NUMBERS
            for word in ("--dev-bind", str(self._folder / name), f"/dev/{name}")
        ]

    def remove(self) -> None:
        """Remove them; what runs keeps what it has open."""
        with contextlib.suppress(OSError):
            shutil.rmtree(self._folder)
