"""Finds the engine and the other rooms for the `veristone` command, and for nobody else.

In an installed wheel they lie in a private folder of this package; in a source tree beside it.
Only the command puts that folder on its own path: a program that imports `veristone` never gets
a package called `engine` or `training` with it.
"""

import sys
from pathlib import Path

__all__ = ["open_rooms"]


def open_rooms() -> Path:
    """Make `engine`, `training` and the others importable in this process; return their folder."""
    here = Path(__file__).resolve().parent
    inside = here / "_rooms"
    folder = inside if inside.is_dir() else here.parent
    if str(folder) not in sys.path:
        # In front: a folder called `engine` where the user happens to stand must not win.
        sys.path.insert(0, str(folder))
    return folder
