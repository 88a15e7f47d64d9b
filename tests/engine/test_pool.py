"""The pool: one job at a time per sandbox, and every wait ends."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from veristone import BackendUnavailable, Limits, SandboxFailure
from veristone.engine.backends.fake import FakeBackend, FakeSandbox, report
from veristone.engine.jobs import Job
from veristone.engine.languages import find
from veristone.engine.pool import Pool
from veristone.engine.sandbox import Sandbox

JOB = Job(language="python", driver="main", entry="main.py", files={}, limits=Limits())


@contextlib.asynccontextmanager
async def opened(
    backend: FakeBackend, size: int, language: str = "python"
) -> AsyncGenerator[Pool, None]:
    """An open pool; afterwards no sandbox is left and no task."""
    before = asyncio.all_tasks()
    pool = Pool(backend, find(language), size)
    try:
        await pool.open()
        async with asyncio.timeout(20):
            yield pool
    finally:
        await pool.close()
        assert not backend.sandboxes
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before


async def use(pool: Pool, seconds: float = 0.0, *, alone: bool = False) -> Sandbox:
    async with pool.lease(alone=alone) as sandbox:
        await sandbox.run(JOB)
        await asyncio.sleep(seconds)
        return sandbox


async def until(condition: Any, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repairs are tried again soon."""
    monkeypatch.setattr("veristone.engine.pool._RETRY_FIRST_S", 0.01)
    monkeypatch.setattr("veristone.engine.pool._RETRY_MOST_S", 0.02)


async def test_one_job_at_a_time_per_sandbox() -> None:
    """Invariant 1. `FakeSandbox.run` raises where it is given two jobs at one time."""
    backend = FakeBackend(delay_s=0.001)
    async with opened(backend, 3) as pool:
        await asyncio.gather(*(use(pool) for _ in range(60)))
        assert backend.most_busy == 3
        assert backend.started == 3
        assert pool.busy == 0
        assert pool.replaced == 0


async def test_a_sandbox_is_given_what_it_did_before() -> None:
    """One that compiled waits for a compiler's job (`warden.prestart`); of two, the one that has
    been idle for longer is the one that is ready."""
    async with opened(FakeBackend(), 2, "java") as pool:

        async def used(*, compiles: bool) -> Sandbox:
            async with pool.lease(compiles=compiles) as sandbox:
                return sandbox

        compiler, runner = await used(compiles=True), await used(compiles=False)
        assert compiler is not runner
        for compiles in (False, False, True, True, False):
            assert await used(compiles=compiles) is (compiler if compiles else runner)
    async with opened(FakeBackend(), 2, "java") as pool:
        first, second, third = [await use(pool) for _ in range(3)]
        assert first is third is not second


async def test_the_sandbox_that_was_used_last_is_used_next() -> None:
    """Where nothing is started ahead: the processors' caches still know that one."""
    async with opened(FakeBackend(), 3) as pool:
        assert len({await use(pool) for _ in range(5)}) == 1


def test_the_fake_sees_two_jobs_at_one_time() -> None:
    """The test above can fail."""

    async def scenario(backend: FakeBackend) -> None:
        sandbox = await backend.start(find("python"))
        await asyncio.gather(sandbox.run(JOB), sandbox.run(JOB))

    backend = FakeBackend(delay_s=0.01)
    with pytest.raises(AssertionError, match="two jobs"):
        asyncio.run(scenario(backend))
    # Whoever asked may have taken it for one fault among others.
    with pytest.raises(AssertionError, match="two jobs"):
        asyncio.run(backend.close())


async def test_who_waits_longest_is_served_first() -> None:
    order: list[int] = []
    async with opened(FakeBackend(), 1) as pool:

        async def one(number: int) -> None:
            async with pool.lease():
                order.append(number)
                await asyncio.sleep(0)

        await asyncio.gather(*(one(number) for number in range(10)))
    assert order == list(range(10))


async def test_a_sandbox_that_failed_is_replaced_and_never_lent_again() -> None:
    backend = FakeBackend([SandboxFailure("broke"), *[report()] * 10])
    async with opened(backend, 2) as pool:
        broken = None
        with pytest.raises(SandboxFailure):
            async with pool.lease() as broken:
                await broken.run(JOB)
        assert isinstance(broken, FakeSandbox)
        used = [await use(pool) for _ in range(10)]
        await until(lambda: len(backend.sandboxes) == 2)
        assert broken not in used
        assert broken.destroyed
        assert pool.replaced == 1
        assert backend.started == 3


async def test_a_dead_sandbox_is_not_lent() -> None:
    backend = FakeBackend()
    async with opened(backend, 1) as pool:
        (dead,) = backend.sandboxes
        dead.die()
        assert await use(pool) is not dead
        assert dead.destroyed


async def test_a_sandbox_that_died_on_loan_does_not_come_back() -> None:
    backend = FakeBackend()
    async with opened(backend, 1) as pool:
        async with pool.lease() as sandbox:
            assert isinstance(sandbox, FakeSandbox)
            sandbox.die()
        assert await use(pool) is not sandbox
        assert pool.replaced == 1


async def test_cancelling_a_job_destroys_its_sandbox() -> None:
    backend = FakeBackend()
    async with opened(backend, 1) as pool:
        (sandbox,) = backend.sandboxes
        task = asyncio.ensure_future(use(pool, 60))
        await until(lambda: pool.busy)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: sandbox.destroyed)
        assert await use(pool) is not sandbox
        assert pool.busy == 0


async def test_cancelling_who_waits_loses_no_sandbox() -> None:
    async with opened(FakeBackend(), 1) as pool:
        async with pool.lease():
            waiter = asyncio.ensure_future(use(pool))
            await asyncio.sleep(0.001)
        waiter.cancel()  # in the very moment in which it was given the sandbox
        await asyncio.wait((waiter,))
        assert waiter.cancelled()
        await asyncio.wait_for(use(pool), 5)
        assert pool.busy == 0
        assert pool.replaced == 0


# alone ------------------------------------------------------------------------------------


async def test_alone_is_beside_nobody() -> None:
    backend = FakeBackend(delay_s=0.002)
    working: set[int] = set()
    together: list[set[int]] = []
    async with opened(backend, 3) as pool:

        async def one(number: int) -> None:
            alone = number % 5 == 0
            async with pool.lease(alone=alone) as sandbox:
                working.add(number)
                await sandbox.run(JOB)
                if alone:
                    together.append(set(working))
                working.discard(number)

        async with asyncio.timeout(20):
            await asyncio.gather(*(one(number) for number in range(60)))
    assert len(together) == 12
    assert all(len(numbers) == 1 for numbers in together)
    assert backend.most_busy == 3


async def test_many_that_want_to_be_alone_do_not_block_each_other() -> None:
    async with opened(FakeBackend(delay_s=0.001), 2) as pool, asyncio.timeout(10):
        await asyncio.gather(*(use(pool, alone=True) for _ in range(20)))
        assert pool.busy == 0


async def test_cancelling_who_waits_to_be_alone_lets_the_others_on() -> None:
    async with opened(FakeBackend(), 2) as pool:
        holder = asyncio.ensure_future(use(pool, 0.05))
        await until(lambda: pool.busy)
        lonely = asyncio.ensure_future(use(pool, alone=True))
        await asyncio.sleep(0.005)
        others = [asyncio.ensure_future(use(pool)) for _ in range(3)]
        await asyncio.sleep(0.005)
        assert not any(task.done() for task in others)
        lonely.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(holder, *others)
        assert pool.busy == 0


async def test_a_failure_while_alone_lets_the_others_on() -> None:
    backend = FakeBackend([SandboxFailure("broke"), *[report()] * 5])
    async with opened(backend, 2) as pool, asyncio.timeout(5):
        with pytest.raises(SandboxFailure):
            await use(pool, alone=True)
        await asyncio.gather(*(use(pool) for _ in range(4)))


async def test_cancelled_while_alone_lets_the_others_on() -> None:
    async with opened(FakeBackend(), 1) as pool:
        lonely = asyncio.ensure_future(use(pool, 60, alone=True))
        await until(lambda: pool.busy)
        other = asyncio.ensure_future(use(pool))
        await asyncio.sleep(0.005)
        lonely.cancel()
        await asyncio.wait_for(other, 5)


async def test_leases_of_every_kind_with_failures_and_cancellations_end() -> None:
    """Nothing is lost and nothing waits for ever, whatever comes together."""
    broken = iter(range(10**6))
    backend = FakeBackend(
        lambda job: SandboxFailure("x") if next(broken) % 7 == 0 else report(), delay_s=0.001
    )
    async with opened(backend, 3) as pool:
        tasks = [
            asyncio.ensure_future(use(pool, 0.001 * (n % 3), alone=n % 4 == 0)) for n in range(200)
        ]
        for number, task in enumerate(tasks):
            if number % 9 == 0:
                await asyncio.sleep(0.001)
                task.cancel()
        async with asyncio.timeout(15):
            await asyncio.wait(tasks)
        assert pool.busy == 0
        await until(lambda: len(backend.sandboxes) == 3)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                assert isinstance(error, SandboxFailure)


# Starts that fail ---------------------------------------------------------------------------


async def test_one_sandbox_is_enough_to_open() -> None:
    gone = BackendUnavailable("no room")
    backend = FakeBackend(starts=[gone, None, gone])
    async with opened(backend, 3) as pool:
        await use(pool)
        await until(lambda: len(backend.sandboxes) == 3)


async def test_no_sandbox_is_an_error_that_says_why() -> None:
    backend = FakeBackend(starts=[BackendUnavailable("the daemon is asleep")] * 2)
    pool = Pool(backend, find("python"), 2)
    with pytest.raises(BackendUnavailable, match="the daemon is asleep"):
        await pool.open()
    await pool.close()


@pytest.mark.parametrize(
    "error",
    [BackendUnavailable("daemon gone"), SandboxFailure("daemon gone"), OSError("daemon gone")],
    ids=lambda error: type(error).__name__,
)
async def test_waiters_are_refused_while_none_can_start_and_served_when_one_can(
    error: Exception,
) -> None:
    backend = FakeBackend()
    async with opened(backend, 2) as pool:
        backend.trouble = error
        for sandbox in list(backend.sandboxes):
            sandbox.die()
        waiting = [asyncio.ensure_future(use(pool)) for _ in range(3)]
        for task in waiting:
            with pytest.raises(BackendUnavailable, match="daemon gone"):
                await asyncio.wait_for(task, 5)
        with pytest.raises(BackendUnavailable, match="daemon gone"):
            await asyncio.wait_for(use(pool), 5)
        backend.trouble = None
        await until(lambda: len(backend.sandboxes) == 2)
        await asyncio.gather(*(use(pool) for _ in range(4)))
        assert pool.busy == 0


async def test_while_one_lives_nobody_is_refused() -> None:
    backend = FakeBackend(delay_s=0.001)
    async with opened(backend, 2) as pool:
        backend.trouble = BackendUnavailable("daemon gone")
        next(iter(backend.sandboxes)).die()
        await asyncio.gather(*(use(pool) for _ in range(10)))


# Closing ------------------------------------------------------------------------------------


async def test_closing_refuses_who_waits_and_ends_who_works() -> None:
    backend = FakeBackend()
    pool = Pool(backend, find("python"), 1)
    await pool.open()
    worker = asyncio.ensure_future(use(pool, 60))
    await until(lambda: pool.busy)
    waiter = asyncio.ensure_future(use(pool))
    await asyncio.sleep(0)
    await pool.close()
    with pytest.raises(BackendUnavailable, match="closing"):
        await asyncio.wait_for(waiter, 5)
    assert not backend.sandboxes
    worker.cancel()
    await asyncio.wait((worker,))
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_closing_stops_repairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veristone.engine.pool._RETRY_FIRST_S", 60.0)
    monkeypatch.setattr("veristone.engine.pool._RETRY_MOST_S", 60.0)
    backend = FakeBackend()
    async with asyncio.timeout(10), opened(backend, 2) as pool:
        backend.trouble = BackendUnavailable("gone")
        for sandbox in list(backend.sandboxes):
            sandbox.die()
        with pytest.raises(BackendUnavailable):
            await use(pool)


async def test_closing_twice_and_in_the_middle_of_a_start() -> None:
    backend = FakeBackend(delay_s=0.05)
    pool = Pool(backend, find("python"), 2)
    opening = asyncio.ensure_future(pool.open())
    await asyncio.sleep(0.01)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await pool.close()
    await pool.close()
    assert not backend.sandboxes
