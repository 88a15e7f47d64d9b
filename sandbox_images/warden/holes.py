"""Fills the holes in CPython's memory for small objects, so that what is new lies together.

When a sandbox is ready its memory is full of holes that start-up left, and what a sample or the
warden makes for a moment would lie in as many of them: each is on a page that the one who
writes to it first has to copy. With the holes taken, objects of a size share one new page.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any, Callable

_ALIGNMENT, _LARGEST = 16, 512
"""Of what the allocator calls small: a pool of its own for each multiple of the one."""
_POOL = 16 * 1024
"""In CPython 3.10 and newer; a pool begins at a multiple of it, with a head of three blocks."""
_HEAD = 48
_MOST = 1 << 16
"""Holes of one size that are worth filling."""
_keep: Any = ctypes.pythonapi.Py_IncRef
_keep.argtypes = [ctypes.py_object]


def fill() -> None:
    """Fill all holes with what is never let go."""
    smallest = sys.getsizeof(b"")
    _fill(object, _ALIGNMENT)
    _fill(lambda: float("0.5"), 2 * _ALIGNMENT)  # a constant would be one object
    for size in range(3 * _ALIGNMENT, _LARGEST + 1, _ALIGNMENT):
        _fill(lambda rest=size - smallest: bytes(rest), size)


def _fill(make: Callable[[], object], size: int) -> None:
    """Make objects of a size until the first two of a new pool lie behind one another."""
    before = 0
    for _ in range(_MOST):
        filler = make()
        _keep(filler)
        if before % _POOL == _HEAD and id(filler) == before + size:
            return
        before = id(filler)


__all__ = ["fill"]
