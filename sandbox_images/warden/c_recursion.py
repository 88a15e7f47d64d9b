"""Recursion through C as deep as its stack is large, where CPython counts it (3.12 and 3.13).

These two versions refuse it (a function under `functools.lru_cache` that calls itself, a `__lt__`
that sorts) behind a fixed number of levels, whatever `sys.setrecursionlimit` says. The number goes
with a stack of 8 MiB. A thread here that has a larger one may go deeper in the same proportion:
each level has as much stack as CPython gives it there. Versions before count what
`sys.setrecursionlimit` says, those behind measure the stack themselves.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from typing import Any, Optional

_COUNTED = sys.implementation.name == "cpython" and (3, 12) <= sys.version_info < (3, 14)
_USUAL_BYTES = 8 * 1024 * 1024
_MOST_LEVELS = 10_000
"""That any build allows."""
_INTS = 64
"""Of a thread's state: the count stands among the first of its members."""
_MARK = 4711
_ATTRIBUTES_BYTES = 128
"""More than a `pthread_attr_t` has on any platform."""
_python: Any = ctypes.pythonapi
_c: Any = ctypes.PyDLL(None)  # like the other it keeps the interpreter's lock
_python.PyThreadState_Get.restype = ctypes.c_void_p
_c.pthread_self.restype = ctypes.c_ulong
_c.pthread_getattr_np.argtypes = (ctypes.c_ulong, ctypes.c_void_p)


def widen(stack_bytes: int) -> bool:
    """Let this thread and those to come go as deep as their stacks are large.

    Args:
        stack_bytes: how far this thread's stack may grow.

    Returns:
        whether anything was to be done; where the count is not found nothing is.
    """
    place = _find() if _COUNTED else None
    if place is None:
        return False
    _widen(place, stack_bytes)
    thread: Any = threading.Thread
    note_id = thread._set_native_id

    def _set_native_id(self: Any) -> None:  # the first that a new thread does by itself
        note_id(self)
        if _levels(place).value <= _MOST_LEVELS:  # else it is done, as in a sample's main thread
            _widen(place, _stack_bytes())

    thread._set_native_id = _set_native_id
    return True


def _find() -> Optional[int]:
    """Return where a thread's state holds its levels of C, None where that is not certain.

    They stand behind the levels that are left of Python's own limit and behind this limit, which
    both follow `sys.setrecursionlimit`; and a call through C takes some of them.
    """
    state = (ctypes.c_int * _INTS).from_address(_python.PyThreadState_Get())
    limit = sys.getrecursionlimit()
    before = state[:]
    sys.setrecursionlimit(limit + _MARK)
    after = state[:]
    sys.setrecursionlimit(limit)
    moved = [index for index in range(_INTS) if after[index] - before[index] == _MARK]
    if len(moved) != 2 or moved[0] + 1 != moved[1] or before[moved[1]] != limit:
        return None
    index = moved[1] + 1
    deeper = next(state[index] for _ in (None,))
    if not 0 < deeper < state[index] <= _MOST_LEVELS:
        return None
    return index * ctypes.sizeof(ctypes.c_int)


def _levels(place: int) -> ctypes.c_int:
    return ctypes.c_int.from_address(_python.PyThreadState_Get() + place)


def _widen(place: int, stack_bytes: int) -> None:
    if stack_bytes > _USUAL_BYTES:
        _levels(place).value *= stack_bytes // _USUAL_BYTES


def _stack_bytes() -> int:
    """Return the size of this thread's stack, 0 where nobody knows."""
    attributes = ctypes.create_string_buffer(_ATTRIBUTES_BYTES)
    size = ctypes.c_size_t()
    if _c.pthread_getattr_np(_c.pthread_self(), attributes):
        return 0
    _c.pthread_attr_getstacksize(attributes, ctypes.byref(size))
    _c.pthread_attr_destroy(attributes)
    return size.value


__all__ = ["widen"]
