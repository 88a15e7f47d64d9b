"""Children that run on, crash or leave children behind; and who is guilty among many."""

import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.seeds.filters.checker import (
    CheckerFailed,
    CheckerUnavailable,
    bisect,
    run,
)
from veristone.generators.seeds.steps import Rejected

ENVIRONMENT = {"PATH": os.defpath}


def shell(script: str, folder: Path, cpu_s: int = 60) -> bytes:
    return run(["/bin/sh", "-c", script], folder, ENVIRONMENT, cpu_s)


@pytest.mark.parametrize("status", [0, 1])
def test_output_and_environment(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both statuses answer; the child sees the folder, and no variable of ours."""
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    said = shell(f"pwd; echo $PYTHONPATH; cat; exit {status}", tmp_path)
    assert said.decode().splitlines() == [str(tmp_path), ""]


@pytest.mark.parametrize(
    ("script", "reason", "detail"),
    [
        ("echo why >&2; exit 2", "checker_crashed", "exit status 2"),
        ("kill -SEGV $$", "checker_crashed", "SIGSEGV"),
        ("kill -KILL $$", "checker_crashed", "SIGKILL"),
        ("while :; do :; done", "checker_timeout", "more than 1 s"),
    ],
)
def test_failures(script: str, reason: str, detail: str, tmp_path: Path) -> None:
    """What is told is the same on every machine."""
    with pytest.raises(CheckerFailed) as caught:
        shell(script, tmp_path, 1)
    assert (caught.value.reason, caught.value.detail) == (reason, detail)


def test_what_it_said_is_in_the_message(tmp_path: Path) -> None:
    """For a person who looks for the cause."""
    with pytest.raises(CheckerFailed, match="exit status 2: why"):
        shell("echo why >&2; exit 2", tmp_path)


def test_a_child_that_sleeps_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uses no CPU time, and is ended all the same."""
    monkeypatch.setattr("veristone.generators.seeds.filters.checker._WALL", 0.2)
    started = time.monotonic()
    with pytest.raises(CheckerFailed, match="more than 1 s"):
        shell("sleep 60", tmp_path, 1)
    assert time.monotonic() - started < 30


def test_too_much_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that writes for ever is stopped long before its time is over."""
    monkeypatch.setattr("veristone.generators.seeds.filters.checker.OUTPUT_BYTES", 1_000_000)
    with pytest.raises(CheckerFailed, match="too much output"):
        shell("exec cat /dev/zero", tmp_path)


def test_no_child_is_left(tmp_path: Path) -> None:
    """Not even those that the child started."""
    shell("sleep 60 & echo $! > grandchild", tmp_path)
    assert _ends(int((tmp_path / "grandchild").read_text()))


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C ends the child too."""
    started = tmp_path / "started"

    def interrupt() -> None:
        while not started.exists() or not started.read_text().strip():
            time.sleep(0.01)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    helper = threading.Thread(target=interrupt)
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        helper.start()
        with pytest.raises(KeyboardInterrupt):
            shell("echo $$ > started; sleep 60", tmp_path)
    finally:
        helper.join()
        signal.signal(signal.SIGINT, previous)
    assert _ends(int(started.read_text()))


def _ends(pid: int) -> bool:
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


class Checker:
    """Squares numbers; is slow at some, crashes at others."""

    def __init__(self, slow: set[int], crashing: set[int]) -> None:
        self.slow, self.crashing = slow, crashing
        self.calls: list[int] = []

    def __call__(self, items: Sequence[int]) -> list[Rejected | None]:
        self.calls.append(len(items))
        if self.slow.intersection(items):
            raise CheckerFailed("checker_timeout", "slow")
        if self.crashing.intersection(items):
            raise CheckerFailed("checker_crashed", "crash")
        return [Rejected(str(item * item)) if item % 2 else None for item in items]


@given(
    st.integers(0, 300),
    st.sets(st.integers(0, 299), max_size=4),
    st.sets(st.integers(0, 299), max_size=4),
)
def test_the_guilty_alone_are_rejected(count: int, slow: set[int], crashing: set[int]) -> None:
    """Each item has its own result, in order, whoever else is there."""
    found = bisect(range(count), Checker(slow, crashing), -1)
    wrong = dict.fromkeys(crashing, "checker_crashed") | dict.fromkeys(slow, "checker_timeout")
    squares = {n: str(n * n) if n % 2 else None for n in range(count)}
    assert [each and each.reason for each in found] == [
        wrong.get(n, squares[n]) for n in range(count)
    ]


def test_a_search_costs_three_rounds_in_a_thousand() -> None:
    """Ten ways each time."""
    checker = Checker({777}, set())
    bisect(range(1000), checker, -1)
    assert len([size for size in checker.calls if size > 1]) == 1 + 10 + 10


def test_a_crash_that_does_not_come_again() -> None:
    """Somebody killed the child: the item is judged."""
    failures = [CheckerFailed("checker_crashed", "SIGKILL")]

    def check(items: Sequence[int]) -> list[Rejected | None]:
        if failures:
            raise failures.pop()
        return [None for _ in items]

    assert bisect([5], check, -1) == [None]


def test_a_checker_that_never_works() -> None:
    """Rejects nothing: the fault is not the items'."""
    checker = Checker(set(), set(range(-1, 10)))
    with pytest.raises(CheckerUnavailable, match="harmless code: crash"):
        bisect(range(10), checker, -1)
