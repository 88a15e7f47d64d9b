"""Objects whose references nobody counts any more (PEP 683), so that to use them writes nothing.

Each sample is forked from the warden, and shares its memory until one of the two writes to it: then
the kernel copies the page. To look at an object is to write to it, since its references are
counted in it. An immortal object is spared that. What is alive when the sandbox is ready stays
alive as long as it, so nothing is lost. A sample can tell by `sys.getrefcount` alone.

Only data and code are made so. What does something when it goes, as a file writes what it
holds, still goes.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import types
from typing import Any, Iterable, Iterator

_KINDS = frozenset(
    (
        *(int, float, complex, str, bytes, tuple, list, dict, set, frozenset),
        *(types.CodeType, types.FunctionType, types.BuiltinFunctionType, types.ModuleType),
        *(types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType),
        *(types.GetSetDescriptorType, types.MemberDescriptorType, types.MethodWrapperType),
        *(property, staticmethod, classmethod, types.CellType),
    )
)
_LEAVES = frozenset((int, float, complex, str, bytes))
"""What leads to nothing."""
_COUNTED_ELSEWHERE = "t" in sys.abiflags
_SINCE = (3, 12)
_CODE_HOLDS = (
    *("co_consts", "co_names", "co_linetable", "co_exceptiontable"),
    *("co_filename", "co_name", "co_qualname"),
)
"""Names of variables are not asked for: that would make a tuple of them, which stays."""


def make_immortal() -> None:
    """Make every object of this process immortal, where its interpreter knows how."""
    if sys.version_info < _SINCE or _COUNTED_ELSEWHERE or sys.byteorder != "little":
        return
    for each in _reachable():
        if type(each) in _KINDS or _is_class(each):
            # The lower half of the count, in CPython 3.12 and newer: all ones is never changed.
            ctypes.memset(id(each), 0xFF, 4)


def _reachable() -> Iterator[Any]:
    """Yield what the collector knows, and what that leads to; leaves more than once.

    What is noted on the way stays little, so that its memory is none that each fork copies.
    """
    found: list[Any] = gc.get_objects()
    seen = {id(each) for each in found}
    seen |= {id(found), id(seen), id(sys._getframe())}
    while found:
        each = found.pop()
        yield each
        for held in _held_by(each):
            if type(held) in _LEAVES:
                yield held
            elif id(held) not in seen:
                seen.add(id(held))
                found.append(held)


def _held_by(each: Any) -> Iterable[Any]:
    if type(each) is types.CodeType:
        return [getattr(each, name) for name in _CODE_HOLDS]
    return gc.get_referents(each)


def _is_class(each: object) -> bool:
    return issubclass(type(each), type)
