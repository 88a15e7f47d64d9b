"""Child processes: their answers, their deaths, and what they leave behind."""

import asyncio
import contextlib
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import pytest

from veristone.generators import children as module
from veristone.generators.children import Call, Child, ChildDied, ChildEnded, Done, Limits, Pool


class Make(Protocol):
    def __call__(
        self, work: Callable[[Any], Any], *, cpu_s: int = 5, memory_bytes: int = 1 << 28
    ) -> Child: ...


@pytest.fixture
def make() -> Iterator[Make]:
    """Make one that is closed after the test."""
    made: list[Child] = []

    def new(work: Callable[[Any], Any], *, cpu_s: int = 5, memory_bytes: int = 1 << 28) -> Child:
        made.append(Child(work, Limits(memory_bytes, cpu_s)))
        return made[-1]

    yield new
    for one in made:
        one.close()


def who(_: object) -> int:
    return os.getpid()


def kill_if_asked(number: int) -> int:
    if number:
        os.kill(os.getpid(), number)
        time.sleep(60)
    return os.getpid()


@pytest.mark.parametrize("size", [0, 1, 100_000, 10_000_000])
def test_any_size_goes_through(make: Make, size: int) -> None:
    assert make(lambda request: request * 2)(b"a" * size) == b"a" * size * 2


def test_one_child_serves_many_requests(make: Make) -> None:
    ask = make(who)
    answers = {ask(None) for _ in range(20)}
    assert len(answers) == 1
    assert answers != {os.getpid()}


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL", "SIGBUS", "SIGXCPU"])
def test_after_a_death_the_next_request_gets_a_new_child(make: Make, name: str) -> None:
    ask = make(kill_if_asked)
    before = ask(0)
    with pytest.raises(ChildDied):
        ask(signal.Signals[name])
    assert ask(0) != before


def test_somebody_else_ending_the_child_is_another_thing(make: Make) -> None:
    ask = make(kill_if_asked)
    with pytest.raises(ChildEnded, match="-15"):
        ask(signal.SIGTERM)
    assert ask(0)


def test_ctrl_c_of_the_terminal_does_not_reach_the_child(make: Make) -> None:
    assert make(lambda _: os.kill(os.getpid(), signal.SIGINT) or "alive")(None) == "alive"


def test_exceptions_are_raised_here_and_the_child_goes_on(make: Make) -> None:
    def work(request: str) -> int:
        if request == "fail":
            raise KeyError("some key")
        return os.getpid()

    ask = make(work)
    before = ask("")
    with pytest.raises(KeyError, match="some key") as caught:
        ask("fail")
    assert "in work" in caught.value.__notes__[0]
    assert ask("") == before


def test_what_does_not_pickle_is_said(make: Make) -> None:
    ask = make(lambda request: (lambda: request) if request else 1)
    with pytest.raises(RuntimeError, match="pickle"):
        ask(True)
    assert ask(False) == 1


def take(size: int) -> bytes:
    return bytes(len(bytearray(size)))


def give(size: int) -> bytes:
    return b"a" * size


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is limited through /proc")
@pytest.mark.parametrize(
    ("work", "much"),
    # In the second the memory ends outside of the work, where the answer is put together.
    [(take, 1 << 27), (give, 45 << 20)],
)
def test_too_much_memory(work: Callable[[int], bytes], much: int) -> None:
    # What this process freed and kept would be the child's on top of its limit.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        assert fresh.submit(starved, work, much).result() == [1000, "died", 1000]


def starved(work: Callable[[int], bytes], much: int) -> list[int | str]:
    ask = Child(work, Limits(memory_bytes=1 << 26, cpu_s=5))
    found: list[int | str] = []
    for size in (1000, much, 1000):
        try:
            found.append(len(ask(size)))
        except ChildDied:
            found.append("died")
    ask.close()
    return found


def test_too_much_time(make: Make) -> None:
    def work(spin: bool) -> str:
        while spin:
            pass
        return "done"

    ask = make(work, cpu_s=0)  # the limit counts whole seconds: up to one more
    with pytest.raises(ChildDied):
        ask(True)
    assert ask(False) == "done"


def test_a_child_is_replaced_after_a_while_and_its_time_counts(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEWED_AFTER_S", 0.1)

    def work(seconds: float) -> int:
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass
        return os.getpid()

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    ask = make(work)
    before = used()
    first = ask(0.2)
    assert used() - before > 0.15
    assert ask(0) != first


class Interruption(Exception):
    pass


def test_an_interruption_ends_the_child(make: Make) -> None:
    """As SIGTERM does in a process of the pool, by an exception."""
    ask = make(lambda seconds: time.sleep(seconds) or os.getpid())
    child = ask(0)

    def interrupt(number: int, frame: object) -> None:
        raise Interruption

    before = signal.signal(signal.SIGUSR1, interrupt)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        with pytest.raises(Interruption):
            ask(60)
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert ask(0)


def test_a_forked_process_gets_a_child_of_its_own(make: Make) -> None:
    """Two processes at one pipe would read each other's answers."""
    ask = make(who)
    ours = ask(None)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if ask(None) != ours else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert ask(None) == ours


def test_a_child_ends_with_its_parent_and_holds_none_of_its_pipes() -> None:
    """Whoever waits for the end of the parent's output sees it, even while a child was busy."""
    script = (
        "import os\n"
        "from veristone.generators.children import Child, Limits\n"
        "ask = Child(lambda _: os.getpid(), Limits(1 << 28, 5))\n"
        "print(ask(None), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while alive(int(done.stdout)):
        assert time.monotonic() < deadline, "the child outlives its parent"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def double(number: int) -> int:
    return 2 * number


def refuse(number: int) -> int:
    raise ValueError(f"not {number}")


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_once(marker: str) -> int:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(marker)
        os.kill(os.getpid(), signal.SIGKILL)
    return 7


def sleep(marker: str) -> None:
    Path(f"{marker}.{os.getpid()}").touch()
    time.sleep(600)


def much(number: int) -> bytes:
    return bytes(60_000_000)


async def gather(calls: list[Call], *, ordered: bool) -> list[Done]:
    async with Pool(2) as pool:
        return [done async for done in pool.run(calls, ordered=ordered)]


@pytest.mark.parametrize("ordered", [True, False])
async def test_a_call_that_kills_its_process_is_found_and_the_others_are_done(
    ordered: bool, tmp_path: Path
) -> None:
    (tmp_path / "marker").touch()
    calls = [Call(n, die if n == 3 else double, (n,)) for n in range(7)]
    calls.append(Call(7, die_once, (str(tmp_path / "marker"),)))
    done = await gather(calls, ordered=ordered)
    assert sorted((d.number, d.value, d.lost) for d in done if d.number != 3) == [
        *((n, 2 * n, False) for n in range(7) if n != 3),
        (7, 7, False),
    ]
    assert [d for d in done if d.lost] == [Done(3, None, lost=True)]
    if ordered:
        assert [d.number for d in done] == list(range(8))


async def test_calls_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[Call]:
        nonlocal taken
        while True:
            taken += 1
            yield Call(taken, double, (taken,))

    async with Pool(1) as pool:
        count = 0
        async with contextlib.aclosing(pool.run(endless(), ordered=True)) as results:
            async for _ in results:
                count += 1
                assert taken <= count + 2
                if count == 10:
                    break


async def test_what_a_call_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="not 1"):
        await gather([Call(n, refuse if n == 1 else double, (n,)) for n in range(9)], ordered=False)


async def wait_for(count: int, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while (now := sum(alive(int(path.suffix[1:])) for path in folder.glob("work.*"))) != count:
        assert time.monotonic() < deadline, f"{now} processes, not {count}"
        await asyncio.sleep(0.02)


async def test_cancelling_ends_processes_in_the_middle_of_their_work(tmp_path: Path) -> None:
    marker = str(tmp_path / "work")
    task = asyncio.create_task(gather([Call(n, sleep, (marker,)) for n in range(4)], ordered=False))
    await wait_for(2, tmp_path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await wait_for(0, tmp_path)


async def test_processes_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        f"sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}\n"
        "from test_children import Call, gather, sleep\n"
        "if __name__ == '__main__':\n"
        f"    work = [Call(n, sleep, ({str(tmp_path / 'work')!r},)) for n in range(2)]\n"
        "    asyncio.run(gather(work, ordered=True))\n"
    )
    (tmp_path / "parent.py").write_text(code)
    parent = subprocess.Popen([sys.executable, str(tmp_path / "parent.py")])
    try:
        await wait_for(2, tmp_path)
    finally:
        parent.kill()
        parent.wait()
    await wait_for(0, tmp_path)


async def test_processes_that_are_ended_in_the_middle_of_a_result_keep_nobody_waiting() -> None:
    """Half a result in the pipe: whoever reads it must not wait for the other half."""
    async with asyncio.timeout(30), Pool(2) as pool:
        async for _ in pool.run((Call(n, much, (n,)) for n in range(100)), ordered=False):
            break
