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
import sysconfig
import types
from typing import Any, Iterable

_KINDS = frozenset(
    (
        *(int, float, complex, str, bytes, tuple, list, dict, set, frozenset),
        *(types.CodeType, types.FunctionType, types.BuiltinFunctionType, types.ModuleType),
        *(types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType),
        *(types.GetSetDescriptorType, types.MemberDescriptorType, types.MethodWrapperType),
        *(property, staticmethod, classmethod, types.CellType),
    )
)
_COUNTED_ELSEWHERE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
_SINCE = (3, 12)
_CODE_HOLDS = (
    *("co_consts", "co_names", "co_varnames", "co_freevars", "co_cellvars"),
    *("co_filename", "co_name", "co_qualname", "co_linetable", "co_exceptiontable"),
)


def make_immortal() -> int:
    """Make every object of this process immortal; return how many there are, 0 if not possible."""
    if sys.version_info < _SINCE or _COUNTED_ELSEWHERE or sys.byteorder != "little":
        return 0
    objects = [each for each in _reachable() if type(each) in _KINDS or _is_class(each)]
    for each in objects:
        # The lower half of the count, in CPython 3.12 and newer: all ones is never changed.
        ctypes.memset(id(each), 0xFF, 4)
    return len(objects)


def _reachable() -> list[Any]:
    """Return what the collector knows, and what that leads to."""
    found: list[Any] = gc.get_objects()
    own = {id(found), id(sys._getframe())}
    seen = {id(each) for each in found} | own
    seen.add(id(seen))
    for each in found:  # it grows
        for held in _held_by(each):
            if id(held) not in seen:
                seen.add(id(held))
                found.append(held)
    return found


def _held_by(each: Any) -> Iterable[Any]:
    if type(each) is types.CodeType:
        return [getattr(each, name) for name in _CODE_HOLDS]
    return gc.get_referents(each)


def _is_class(each: object) -> bool:
    return issubclass(type(each), type)
