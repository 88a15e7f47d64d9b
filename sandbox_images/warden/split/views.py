"""Arrays that look into another array's memory: what crosses stays a view of it.

A view crosses as a copy and as its place in an array that both sides hold, laid out row by row on
both. Where the place holds something else on this side than the copy, the copy it is; numpy itself
refuses a place outside of the array.
"""

from __future__ import annotations

import sys
from typing import Any, Sequence

_BYTES = "u1"
_KINDS = "biufcSU"
"""Of numbers and text, as numpy calls them."""


def _is_plain(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray and value.dtype.kind in _KINDS


def root_of(value: Any) -> Any:
    """Return the array whose memory an array looks into; None where it has memory of its own."""
    if not _is_plain(value):
        return None
    root = value.base
    return root if _is_plain(root) and _has_places(root) else None


def _has_places(root: Any) -> bool:
    return root.base is None and root.flags.c_contiguous and root.ndim > 0


def place_of(value: Any, root: Any) -> tuple[int, list[int]]:
    """Return where a view lies in its root: offset and strides, in bytes."""
    start, first = (each.__array_interface__["data"][0] for each in (value, root))
    return start - first, list(value.strides)


def view_of(root: Any, place: Sequence[Any], copy: Any) -> Any:
    """Return the view of `root` at a place if it holds what `copy` does, else the copy.

    Raises:
        ValueError: the place is none in that array.
    """
    if not _is_plain(root) or not _has_places(root) or not _is_plain(copy):
        return copy
    offset, strides = place
    memory = root.reshape(-1).view(_BYTES)
    view = type(root)(copy.shape, copy.dtype, memory, int(offset), [int(s) for s in strides])
    if view.tobytes() != copy.tobytes():
        return copy
    if not copy.flags.writeable:
        view.flags.writeable = False
    return view
