"""Work in a child process: its answers, its deaths, and what it leaves behind."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from veristone.generators.seeds.extract import child as module
from veristone.generators.seeds.extract.child import Child

ROOT = Path(__file__).resolve().parents[4]


class Make(Protocol):
    def __call__(
        self, work: Callable[[bytes], bytes], *, cpu_s: int = 5, memory_bytes: int = 1 << 28
    ) -> Child: ...


@pytest.fixture
def make() -> Iterator[Make]:
    """Make one that is closed after the test."""
    made: list[Child] = []

    def new(
        work: Callable[[bytes], bytes], *, cpu_s: int = 5, memory_bytes: int = 1 << 28
    ) -> Child:
        made.append(Child(work, memory_bytes=memory_bytes, cpu_s=cpu_s))
        return made[-1]

    yield new
    for one in made:
        one.close()


def who(request: bytes) -> bytes:
    return request + str(os.getpid()).encode()


def kill_if_asked(request: bytes) -> bytes:
    if request.startswith(b"signal "):
        os.kill(os.getpid(), int(request.split()[1]))
        time.sleep(60)
    return who(request)


@pytest.mark.parametrize("size", [0, 1, 100_000, 10_000_000])
def test_any_size_goes_through(make: Make, size: int) -> None:
    assert make(lambda request: request * 2)(b"a" * size) == b"a" * size * 2


def test_one_child_serves_many_requests(make: Make) -> None:
    ask = make(who)
    answers = {ask(b"") for _ in range(20)}
    assert len(answers) == 1
    assert answers != {str(os.getpid()).encode()}


@pytest.mark.parametrize("number", ["SIGSEGV", "SIGABRT", "SIGKILL", "SIGBUS", "SIGXCPU"])
def test_a_death_is_an_answer_and_the_next_request_gets_a_new_child(
    make: Make, number: str
) -> None:
    ask = make(kill_if_asked)
    before = ask(b"")
    assert ask(b"signal %d" % signal.Signals[number]) is None
    assert ask(b"") not in (None, before)


def test_somebody_else_ending_the_child_is_no_answer(make: Make) -> None:
    ask = make(kill_if_asked)
    with pytest.raises(RuntimeError, match="-15"):
        ask(b"signal %d" % signal.SIGTERM)
    assert ask(b"") is not None


def test_ctrl_c_of_the_terminal_does_not_reach_the_child(make: Make) -> None:
    assert make(lambda _: os.kill(os.getpid(), signal.SIGINT) or b"alive")(b"") == b"alive"


def test_exceptions_are_raised_here_and_the_child_goes_on(make: Make) -> None:
    def work(request: bytes) -> bytes:
        if request == b"fail":
            raise KeyError("some key")
        return who(b"")

    ask = make(work)
    before = ask(b"")
    with pytest.raises(RuntimeError, match="KeyError: 'some key'"):
        ask(b"fail")
    assert ask(b"") == before


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is limited through /proc")
def test_too_much_memory(make: Make) -> None:
    ask = make(lambda request: bytes(len(bytearray(int(request)))), memory_bytes=1 << 26)
    assert ask(b"1000") == bytes(1000)
    assert ask(b"%d" % (1 << 27)) is None
    assert ask(b"1000") == bytes(1000)


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is limited through /proc")
def test_an_answer_that_fits_once_and_not_twice(make: Make) -> None:
    """The memory ends outside of the work, where the answer is put together."""
    ask = make(lambda request: bytes(int(request)), memory_bytes=400 << 20)
    assert ask(b"%d" % (350 << 20)) is None
    assert ask(b"1000") == bytes(1000)


def test_too_much_time(make: Make) -> None:
    def work(request: bytes) -> bytes:
        while request == b"spin":
            pass
        return b"done"

    ask = make(work, cpu_s=0)  # the limit counts whole seconds: up to one more
    assert ask(b"spin") is None
    assert ask(b"") == b"done"


def test_a_child_is_replaced_after_a_while_and_its_time_counts(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEWED_AFTER_S", 0.1)

    def work(request: bytes) -> bytes:
        end = time.process_time() + float(request)
        while time.process_time() < end:
            pass
        return who(b"")

    ask = make(work)
    before = children_cpu_s()
    first = ask(b"0.2")
    assert children_cpu_s() - before > 0.15
    assert ask(b"0") not in (None, first)


def children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Interruption(Exception):
    pass


def test_an_interruption_ends_the_child(make: Make) -> None:
    """As SIGTERM does in a worker of the pipeline, by an exception."""
    ask = make(lambda request: time.sleep(60) or b"" if request == b"sleep" else who(b""))
    child = int(ask(b"") or b"0")

    def interrupt(number: int, frame: object) -> None:
        raise Interruption

    before = signal.signal(signal.SIGUSR1, interrupt)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        with pytest.raises(Interruption):
            ask(b"sleep")
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert ask(b"") is not None


def test_a_forked_process_gets_a_child_of_its_own(make: Make) -> None:
    """Two processes at one pipe would read each other's answers."""
    ask = make(who)
    ours = ask(b"")
    pid = os.fork()
    if pid == 0:
        os._exit(0 if ask(b"") not in (None, ours) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert ask(b"") == ours


def test_a_child_ends_with_its_parent_and_holds_none_of_its_pipes() -> None:
    """Whoever waits for the end of the parent's output sees it, even while a child was busy."""
    script = (
        "import os, time\n"
        "from veristone.generators.seeds.extract.child import Child\n"
        "ask = Child(lambda r: str(os.getpid()).encode(), memory_bytes=1 << 28, cpu_s=5)\n"
        "print(ask(b'').decode(), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    child = int(done.stdout)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}/cmdline").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.02)
    else:
        assert time.monotonic() < deadline, "the child outlives its parent"
