"""Which lines of a solution's functions its tests have run.

The solution's own interpreter looks, in the solution's own process: what it says there is the
solution's word, and decides nothing. `sys.monitoring` (Python 3.12) costs one event for each line;
before it every line that is run costs a call, until all lines of its function were.
"""

from __future__ import annotations

import dis
import sys
import threading
import types
from typing import Any, Collection, Iterator

_IN_A_FUNCTION = 0x1  # CO_OPTIMIZED: neither a module nor the body of a class
_SHOWN = 50


class Watch:
    """Takes down the lines that are run from now on."""

    def __init__(self, code: types.CodeType) -> None:
        """Watch the functions of a program; `code` is that of its module."""
        self.seen: set[int] = set()
        self._code = code  # kept, since its functions go by their ids
        monitoring: Any = getattr(sys, "monitoring", None)
        if monitoring is None:
            self._trace(code)
        else:
            self._monitor(monitoring, code)

    def _monitor(self, monitoring: Any, code: types.CodeType) -> None:
        def ran(_: types.CodeType, line: int) -> Any:
            self.seen.add(line)
            return monitoring.DISABLE

        tool = monitoring.COVERAGE_ID
        try:
            monitoring.use_tool_id(tool, "veristone")
        except ValueError:
            return  # the solution measures something itself
        monitoring.register_callback(tool, monitoring.events.LINE, ran)
        for function in _functions(code):
            monitoring.set_local_events(tool, function, monitoring.events.LINE)

    def _trace(self, code: types.CodeType) -> None:
        left = {id(function): _lines(function) for function in _functions(code)}

        def in_frame(frame: types.FrameType, event: str, _: object) -> Any:
            if event == "line":
                self.seen.add(frame.f_lineno)
                lines = left[id(frame.f_code)]
                lines.discard(frame.f_lineno)
                frame.f_trace_lines = bool(lines)
            return in_frame

        def entered(frame: types.FrameType, event: str, _: object) -> Any:
            return in_frame if left.get(id(frame.f_code)) else None

        sys.settrace(entered)
        threading.settrace(entered)


def measured(code: types.CodeType, seen: Collection[Any]) -> dict[str, Any]:
    """Return how many lines there are in a program's functions, how many were run, and which not.

    Args:
        code: of the program's module.
        seen: lines that were run, as they were told.
    """
    lines = {line for function in _functions(code) for line in _lines(function)}
    missed = sorted(lines - {line for line in seen if type(line) is int})
    return {"lines": len(lines), "covered": len(lines) - len(missed), "missed": missed[:_SHOWN]}


def _functions(code: types.CodeType) -> Iterator[types.CodeType]:
    queue = [code]
    while queue:
        item = queue.pop()
        queue += [inner for inner in item.co_consts if isinstance(inner, types.CodeType)]
        if item.co_flags & _IN_A_FUNCTION:
            yield item


def _lines(function: types.CodeType) -> set[int]:
    """Return the lines of a function's body, without the one that begins it."""
    lines = {line for _, line in dis.findlinestarts(function) if line is not None}
    return lines if len(lines) == 1 else lines - {function.co_firstlineno}
