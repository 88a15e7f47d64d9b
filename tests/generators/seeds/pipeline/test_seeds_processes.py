"""Worker processes: what dies is found, what does not goes on, and nothing is left behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from veristone.generators.seeds.pipeline.processes import Call, Done, Processes


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


def end_early() -> None:
    """Leave while workers send results that no pipe holds."""

    async def first() -> None:
        async with Processes(2) as processes:
            calls = (Call(n, much, (n,)) for n in range(100))
            async for _ in processes.run(calls, ordered=False):
                break

    asyncio.run(first())


async def gather(calls: list[Call], *, ordered: bool, size: int = 2) -> list[Done[object]]:
    async with Processes(size) as processes:
        return [done async for done in processes.run(calls, ordered=ordered)]


async def test_results_come_in_order() -> None:
    done = await gather([Call(n, double, (n,)) for n in range(20)], ordered=True)
    assert [(d.number, d.value) for d in done] == [(n, 2 * n) for n in range(20)]


async def test_results_come_as_they_end() -> None:
    done = await gather([Call(n, double, (n,)) for n in range(20)], ordered=False)
    assert {(d.number, d.value, d.lost) for d in done} == {(n, 2 * n, False) for n in range(20)}


async def test_calls_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> Iterator[Call]:
        nonlocal taken
        while True:
            taken += 1
            yield Call(taken, double, (taken,))

    async with Processes(1) as processes:
        count = 0
        async with contextlib.aclosing(processes.run(endless(), ordered=True)) as results:
            async for _ in results:
                count += 1
                assert taken <= count + 2
                if count == 10:
                    break


@pytest.mark.parametrize("ordered", [True, False])
async def test_a_call_that_kills_its_worker_is_found_and_the_others_are_done(
    ordered: bool,
) -> None:
    calls = [Call(n, die if n == 3 else double, (n,)) for n in range(8)]
    done = await gather(calls, ordered=ordered)
    assert sorted(d.number for d in done) == list(range(8))
    assert [d.number for d in done if d.lost] == [3]
    assert {d.number: d.value for d in done if not d.lost} == {n: 2 * n for n in range(8) if n != 3}
    if ordered:
        assert [d.number for d in done] == list(range(8))


async def test_a_worker_that_dies_once_costs_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    marker.touch()
    done = await gather([Call(0, die_once, (str(marker),)), Call(1, double, (1,))], ordered=True)
    assert [(d.value, d.lost) for d in done] == [(7, False), (2, False)]


async def test_what_a_call_raises_is_raised() -> None:
    with pytest.raises(ValueError, match="not 1"):
        await gather([Call(n, refuse if n == 1 else double, (n,)) for n in range(9)], ordered=False)


def running(folder: Path) -> list[int]:
    found: list[int] = []
    for path in folder.glob("work.*"):
        pid = int(path.suffix[1:])
        with contextlib.suppress(OSError):
            if "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
                found.append(pid)
    return found


async def wait_for(count: int, folder: Path, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while len(running(folder)) != count:
        assert time.monotonic() < deadline, f"{len(running(folder))} workers, not {count}"
        await asyncio.sleep(0.05)


async def test_cancelling_ends_workers_in_the_middle_of_their_work(tmp_path: Path) -> None:
    marker = str(tmp_path / "work")
    task = asyncio.create_task(gather([Call(n, sleep, (marker,)) for n in range(4)], ordered=False))
    await wait_for(2, tmp_path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not running(tmp_path)


async def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        f"sys.path[:0] = {[str(Path(__file__).parent), *sys.path]!r}\n"
        "from test_seeds_processes import Call, gather, sleep\n"
        "if __name__ == '__main__':\n"
        f"    work = [Call(n, sleep, ({str(tmp_path / 'work')!r},)) for n in range(2)]\n"
        "    asyncio.run(gather(work, ordered=True))\n"
    )
    script = tmp_path / "parent.py"
    script.write_text(code)
    parent = subprocess.Popen([sys.executable, str(script)])
    try:
        await wait_for(2, tmp_path)
    finally:
        parent.kill()
        parent.wait()
    await wait_for(0, tmp_path)


def test_workers_that_are_ended_in_the_middle_of_a_result_keep_nobody_waiting() -> None:
    """Half a result in the pipe: whoever reads it must not wait for the other half."""
    folder, root = Path(__file__).parent, Path(__file__).parents[4]
    program = f"import sys; sys.path[:0] = [{str(folder)!r}, {str(root)!r}]\n"
    program += (
        f"import {Path(__file__).stem} as tests\nif __name__ == '__main__': tests.end_early()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
