"""Which lines of a solution were run, by either way in which an interpreter tells of them."""

import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from veristone.sandbox_images.warden import lines

SOURCE = """import math
LIMIT = 3
class Sign:
    kind = "sign"
    def of(self, n):
        if n < 0:
            return -1
        return [
            1
            for _ in range(1)
        ][0]
def unused():
    return 0
"""
CODE = compile(SOURCE, "solution.py", "exec")


class Monitoring:
    """As much of `sys.monitoring` (PEP 669) as is used, told of lines by a trace function."""

    COVERAGE_ID, DISABLE = 1, object()
    events = types.SimpleNamespace(LINE=32)

    def __init__(self, *, taken: bool) -> None:
        self.taken = taken
        self.callback: Callable[[types.CodeType, int], object] | None = None
        self.watched: set[types.CodeType] = set()
        self.told: list[int] = []

    def use_tool_id(self, tool: int, name: str) -> None:
        """Take a tool's number."""
        if self.taken:
            raise ValueError("tool 1 is already in use")

    def register_callback(self, tool: int, event: int, callback: Any) -> None:
        """Take what is to be called."""
        assert (tool, event) == (self.COVERAGE_ID, self.events.LINE)
        self.callback = callback

    def set_local_events(self, tool: int, code: types.CodeType, events: int) -> None:
        """Watch the lines of a function."""
        self.watched.add(code)

    def trace(self, frame: types.FrameType, event: str, _: object) -> Any:
        """Be a trace function."""
        place = frame.f_lineno
        if event == "line" and frame.f_code in self.watched and place not in self.told:
            assert self.callback is not None
            assert self.callback(frame.f_code, place) is self.DISABLE
            self.told.append(place)
        return self.trace


def run() -> None:
    """Load the solution and call one of its functions."""
    space: dict[str, Any] = {}
    exec(CODE, space)
    space["Sign"]().of(1)


@pytest.fixture(autouse=True)
def without_tracing() -> Iterator[None]:
    """What a test sets is taken back: who measures the tests' own coverage goes on."""
    before = sys.gettrace()
    yield
    sys.settrace(before)
    threading.settrace(cast(Any, before))


def test_lines_by_events_of_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monitoring = Monitoring(taken=False)
    monkeypatch.setattr(sys, "monitoring", monitoring, raising=False)
    watch = lines.Watch(CODE)
    sys.settrace(monitoring.trace)
    run()
    sys.settrace(None)
    found = lines.measured(CODE, watch.seen)
    assert found["missed"] == [7, 13]
    assert found["lines"] - found["covered"] == 2
    assert {code.co_name for code in monitoring.watched} >= {"of", "unused"}
    assert not {code.co_name for code in monitoring.watched} & {"<module>", "Sign"}


def test_no_lines_where_the_solution_measures_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "monitoring", Monitoring(taken=True), raising=False)
    watch = lines.Watch(CODE)
    run()
    assert watch.seen == set()


def test_lines_by_a_trace_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys, "monitoring", raising=False)
    watch = lines.Watch(CODE)
    run()
    assert lines.measured(CODE, watch.seen)["missed"] == [7, 13]


@pytest.mark.skipif(not hasattr(sys, "monitoring"), reason="before Python 3.12")
def test_lines_by_this_interpreter_itself() -> None:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined]
    if monitoring.get_tool(monitoring.COVERAGE_ID) is not None:
        pytest.skip("the coverage of the tests themselves is measured so")
    watch = lines.Watch(CODE)
    try:
        run()
    finally:
        monitoring.free_tool_id(monitoring.COVERAGE_ID)
    assert lines.measured(CODE, watch.seen)["missed"] == [7, 13]
