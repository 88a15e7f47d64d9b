"""A folder on the host whose content sandboxes see read-only, for what is made while they live.

Whose name in it is not known is not found: the folder can be passed through and not listed, not
even by its owner. It is large, and so it goes with its engine, or, where that was killed, with the
next engine that starts.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

__all__ = ["Shown"]

_PREFIX = "veristone-shown-"
_PASS_THROUGH = 0o311


class Shown:
    """`path` is shown; beside it there is room to make what shall be moved there."""

    def __init__(self) -> None:
        remove_leftovers()
        self._own = Path(tempfile.mkdtemp(prefix=_PREFIX))
        # Held as long as this process lives: who can take it finds a folder that is left over.
        self._lock = os.open(self._own, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = self._own / "shown"
        self.path.mkdir()
        self.path.chmod(_PASS_THROUGH)

    def remove(self) -> None:
        """Remove everything; what cannot be removed is left to the next engine."""
        _remove(self._own)
        os.close(self._lock)


def _remove(own: Path) -> None:
    with contextlib.suppress(OSError):
        (own / "shown").chmod(0o700)
        shutil.rmtree(own)


def remove_leftovers() -> None:
    """Remove the folders of engines that were killed."""
    for own in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # One without its inner folder is being made at this moment.
        with contextlib.suppress(OSError):
            if (own / "shown").is_dir() and own.stat().st_uid == os.geteuid():
                lock = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    _remove(own)
                finally:
                    os.close(lock)
