"""What every back end promises (veristone/queues/base.py), one test a promise."""

import asyncio
import itertools
import math
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest
from queue_stores import FakeClock, Store, items

from veristone import ConfigError
from veristone.queues import (
    InvalidItem,
    Item,
    Lease,
    LeaseLost,
    Outcome,
    Policy,
    QueueClosed,
    QueueTimeout,
    SampleQueue,
    Token,
)

SMALL = Policy(capacity=4, max_attempts=3, retry_first_s=1, retry_most_s=8)


async def take(queue: SampleQueue, n: int = 100, ttl_s: float = 10) -> list[str]:
    """Keys of what can be leased now."""
    try:
        return [lease.key for lease in await queue.lease(n, ttl_s, timeout_s=0)]
    except QueueTimeout:
        return []


async def test_first_deliveries_come_in_the_order_of_the_puts(store: Store) -> None:
    async with store.queue() as queue:
        names = [f"{(n * 7919) % 1000}" for n in range(50)]
        assert await queue.put(items(names[:20])) == 20
        assert await queue.put(items(names[20:])) == 30
        got = [await queue.lease(n, 10) for n in (1, 7, 100)]
        assert [len(leases) for leases in got] == [1, 7, 42]
        leases = [lease for some in got for lease in some]
        assert [lease.key for lease in leases] == names
        assert all(lease.payload == b"payload of " + lease.key.encode() for lease in leases)
        assert {lease.attempt for lease in leases} == {1}
        await queue.ack(*(lease.token for lease in leases))
        stats = await queue.stats()
        assert (stats.done, stats.open, stats.dead) == (50, 0, 0)


@pytest.mark.parametrize(
    ("key", "payload"),
    [("a", b""), ("ключ/键 \x00 \n{}", bytes(range(256))), ("k" * 512, b"\xff" * 100_000)],
    ids=["empty", "odd", "large"],
)
async def test_keys_and_payloads_come_back_byte_for_byte(
    store: Store, key: str, payload: bytes
) -> None:
    async with store.queue(replace(SMALL, max_attempts=1)) as queue:
        await queue.put([Item(key, payload)])
        (lease,) = await queue.lease(1, 10)
        assert (lease.key, lease.payload) == (key, payload)
        await queue.nack(lease.token, reason='odd "reason" \x00 ключ')
        (dead,) = await queue.dead_letters()
        assert (dead.key, dead.payload) == (key, payload)
        assert dead.reasons == ('odd "reason" \x00 ключ',)


async def test_a_key_is_put_once_whatever_became_of_it(store: Store) -> None:
    clock = FakeClock()
    async with store.queue(replace(SMALL, max_attempts=1, capacity=10), clock) as queue:
        assert await queue.put(items(["a", "b", "c", "a"])) == 3
        assert await queue.put(items(["c", "d"])) == 1
        a, b = await queue.lease(2, 10)
        await queue.ack(a.token)
        await queue.nack(b.token, reason="broken")
        await queue.lease(1, 10)
        assert await queue.put(items(["a", "b", "c", "d"])) == 0
        stats = await queue.stats()
        assert (stats.done, stats.dead, stats.leased, stats.ready) == (1, 1, 1, 1)


async def test_an_invalid_item_keeps_the_whole_put_out(store: Store) -> None:
    async with store.queue() as queue:
        with pytest.raises(InvalidItem):
            await queue.put([*items(3), Item("", b"")])
        assert (await queue.stats()).open == 0


async def test_an_expired_lease_returns_the_item_with_its_attempt_counted(store: Store) -> None:
    clock = FakeClock()
    async with store.queue(SMALL, clock) as queue:
        await queue.put(items(["a", "b"]))
        (lease,) = await queue.lease(1, 10)
        assert lease.expires_at == pytest.approx(clock.now + 10)
        clock.sleep(9.99)
        assert await take(queue, 1) == ["b"]
        clock.sleep(0.01)
        (again,) = await queue.lease(1, 10)
        assert (again.key, again.attempt, again.payload) == ("a", 2, lease.payload)


async def test_returned_items_go_before_fresh_ones_the_longest_due_first(store: Store) -> None:
    clock = FakeClock()
    async with store.queue(replace(SMALL, capacity=10), clock) as queue:
        await queue.put(items(["a", "b", "c", "d"]))
        a, b, c = await queue.lease(3, 10)
        await queue.nack(a.token, reason="x", delay_s=3)
        await queue.nack(b.token, reason="x", delay_s=1)
        await queue.nack(c.token, reason="x", delay_s=99)
        clock.sleep(5)
        assert await take(queue) == ["b", "a", "d"]


async def test_an_extended_lease_lives_on(store: Store) -> None:
    clock = FakeClock()
    async with store.queue(SMALL, clock) as queue:
        await queue.put(items(["a", "b"]))
        a, _ = await queue.lease(2, 10)
        for _ in range(5):
            clock.sleep(8)
            await queue.extend(a.token, ttl_s=10)
        assert await take(queue) == ["b"]
        await queue.ack(a.token)


async def test_fencing_a_late_holder_cannot_touch_what_somebody_else_holds(store: Store) -> None:
    clock = FakeClock()
    async with store.queue(SMALL, clock) as queue:
        await queue.put(items(["a", "b"]))
        late, other = await queue.lease(2, 10)
        clock.sleep(10)
        await queue.extend(other.token, ttl_s=10)  # late, but nobody has it
        (holder,) = await queue.lease(5, 10)
        assert holder.key == "a"
        assert holder.token != late.token
        for refused in (
            queue.ack(late.token, other.token),  # the other one is acked all the same
            queue.nack(late.token, reason="late"),
            queue.extend(late.token, ttl_s=10),
        ):
            with pytest.raises(LeaseLost, match="'a'") as caught:
                await refused
            assert caught.value.tokens == (late.token,)
        assert (await queue.stats()).done == 1
        await queue.ack(holder.token)
        with pytest.raises(LeaseLost):
            await queue.ack(holder.token)
        stats = await queue.stats()
        assert (stats.done, stats.open) == (2, 0)


async def test_a_late_ack_counts_while_nobody_else_has_the_item(store: Store) -> None:
    clock = FakeClock()
    async with store.queue(replace(SMALL, max_attempts=2), clock) as queue:
        await queue.put(items(["a", "b"]))
        a, b = await queue.lease(2, 10)
        clock.sleep(60)
        assert (await queue.stats()).ready == 2
        await queue.ack(a.token)
        with pytest.raises(LeaseLost):
            await queue.nack(b.token, reason="too late")
        (b,) = await queue.lease(2, 10)
        clock.sleep(60)
        assert [dead.key for dead in await queue.dead_letters()] == ["b"]
        with pytest.raises(LeaseLost):
            await queue.extend(b.token, ttl_s=10)
        await queue.ack(b.token)  # out of the dead letters
        stats = await queue.stats()
        assert (stats.done, stats.dead, stats.open) == (2, 0, 0)


async def test_a_nacked_item_rests_and_dies_after_its_attempts(store: Store) -> None:
    clock = FakeClock()
    async with store.queue(SMALL, clock) as queue:
        await queue.put(items(["a"]))
        for attempt, rest in ((1, 1.0), (2, 2.0)):
            (lease,) = await queue.lease(1, 10)
            assert lease.attempt == attempt
            await queue.nack(lease.token, reason=f"reason {attempt}")
            assert (await queue.stats()).delayed == 1
            clock.sleep(rest - 0.01)
            assert await take(queue) == []
            clock.sleep(0.01)
        (lease,) = await queue.lease(1, 10)
        clock.sleep(10)
        stats = await queue.stats()
        assert (stats.dead, stats.open) == (1, 0)
        (dead,) = await queue.dead_letters()
        assert (dead.key, dead.attempts) == ("a", 3)
        assert dead.reasons == ("reason 1", "reason 2", "the lease expired")


async def test_what_will_never_do_is_dead_at_once(store: Store) -> None:
    clock = FakeClock()
    async with store.queue(SMALL, clock) as queue:
        await queue.put(items(["a"]))
        (lease,) = await queue.lease(1, 10)
        await queue.nack(lease.token, reason="refused", delay_s=math.inf)
        (dead,) = await queue.dead_letters()
        assert (dead.attempts, dead.reasons) == (1, ("refused",))
        assert await queue.put_back(["a"]) == 1
        (lease,) = await queue.lease(1, 10)
        assert lease.key == "a"


async def test_dead_letters_are_listed_by_key_and_put_back(store: Store) -> None:
    clock = FakeClock()
    policy = replace(SMALL, max_attempts=1, capacity=10)
    async with store.queue(policy, clock) as queue:
        names = ["b", "a", "é", "Z", "\U0001f600", "\uffff"]
        await queue.put(items(names))
        leases = await queue.lease(10, 10)
        await queue.nack(*(lease.token for lease in leases), reason="no")
        listed = await queue.dead_letters(4)
        assert [dead.key for dead in listed] == sorted(names)[:4]
        assert [d.key for d in await queue.dead_letters(9, listed[-1].key)] == sorted(names)[4:]
        await queue.put(items(10))
        assert await queue.put_back(["é", "nothing", "a", "k0001", "a"]) == 2
        assert (await queue.stats()).open == 12  # beyond the capacity, which is for puts
        with pytest.raises(LeaseLost):
            await queue.ack(leases[1].token)  # of its former life
        back = await queue.lease(2, 10)
        assert {lease.key for lease in back} == {"a", "é"}
        assert {lease.attempt for lease in back} == {1}
        await queue.nack(*(lease.token for lease in back), reason="again")
        (dead,) = await queue.dead_letters(1, "b")
        assert (dead.key, dead.reasons) == ("é", ("no", "again"))


async def test_an_uncounted_nack_did_not_happen(store: Store) -> None:
    async with store.queue(replace(SMALL, max_attempts=1)) as queue:
        await queue.put(items(["a"]))
        for _ in range(4):
            (lease,) = await queue.lease(1, 10)
            assert lease.attempt == 1
            await queue.nack(lease.token, reason="", counts=False)
        assert (await queue.stats()).ready == 1


async def test_a_producer_waits_for_room(store: Store) -> None:
    async with store.queue(SMALL) as queue:
        putting = asyncio.ensure_future(queue.put(items(10)))
        seen: list[str] = []
        while len(seen) < 10:
            leases = await queue.lease(3, 10, timeout_s=10)
            stats = await queue.stats()
            assert stats.open <= 4
            seen += [lease.key for lease in leases]
            await queue.ack(*(lease.token for lease in leases))
        assert await asyncio.wait_for(putting, 10) == 10
        assert seen == [item.key for item in items(10)]


async def test_known_keys_need_no_room(store: Store) -> None:
    async with store.queue(SMALL) as queue:
        assert await queue.put(items(4)) == 4
        assert await queue.put(items(4), timeout_s=0) == 0


async def test_a_dead_item_makes_room_though_nobody_consumes(
    store: Store,
) -> None:
    async with store.queue(replace(SMALL, max_attempts=1)) as queue:
        await queue.put(items(4))
        putting = asyncio.ensure_future(queue.put(items(5), timeout_s=20))
        await asyncio.sleep(0.02)
        await queue.lease(1, 0.05)
        assert await putting == 1


async def test_the_deadline_of_a_producer(store: Store) -> None:
    async with store.queue(SMALL) as queue:
        for timeout_s in (0, 0.05):
            with pytest.raises(QueueTimeout, match="4 of 6") as caught:
                await queue.put(items(6), timeout_s=timeout_s)
            assert isinstance(caught.value, TimeoutError)
            assert caught.value.accepted == 4
        assert (await queue.stats()).ready == 4


async def test_the_deadline_of_a_consumer(store: Store) -> None:
    async with store.queue(SMALL) as queue:
        for timeout_s in (0, 0.05):
            with pytest.raises(QueueTimeout):
                await queue.lease(1, 10, timeout_s=timeout_s)


@pytest.mark.parametrize("how", ["put", "nack", "delay", "expiry", "put_back", "complete"])
async def test_a_waiting_consumer_is_woken(store: Store, how: str) -> None:
    token = Token("", 0, 0)
    async with store.queue(replace(SMALL, max_attempts=1 if how == "put_back" else 3)) as queue:
        if how not in ("put", "complete"):
            await queue.put(items(["a"]))
            (held,) = await queue.lease(1, 0.2 if how == "expiry" else 10)
            token = held.token
            if how == "put_back":
                await queue.nack(token, reason="x")
        leasing = asyncio.ensure_future(queue.lease(1, 10, timeout_s=20))
        await asyncio.sleep(0.05)
        assert not leasing.done()
        if how == "put":
            await queue.put(items(["a"]))
        elif how in ("nack", "delay"):
            delay_s = 0.1 if how == "delay" else 0
            await queue.nack(token, reason="x", delay_s=delay_s)
        elif how == "put_back":
            await queue.put_back(["a"])
        elif how == "complete":
            await queue.complete("p")
        leases = await asyncio.wait_for(leasing, 10)
        assert [lease.key for lease in leases] == ([] if how == "complete" else ["a"])


async def test_lease_ends_when_every_producer_is_done_and_all_is_acked(store: Store) -> None:
    async with store.queue(replace(SMALL, producers=2)) as queue:
        await queue.put(items(["a"]))
        await queue.complete("one")
        await queue.complete("one")
        assert not (await queue.stats()).finished
        (held,) = await queue.lease(1, 10)
        waiting = [asyncio.ensure_future(queue.lease(1, 10)) for _ in range(3)]
        await queue.complete("two")
        with pytest.raises(QueueClosed, match="begin"):
            await queue.put(items(["b"]))
        await asyncio.sleep(0.02)
        assert not any(future.done() for future in waiting)  # it may come back yet
        await queue.ack(held.token)
        assert await asyncio.wait_for(asyncio.gather(*waiting), 10) == [[], [], []]
        assert (await queue.stats()).finished
        assert await queue.lease(1, 10) == []
        await queue.begin("two")
        assert not (await queue.stats()).finished
        assert await queue.put(items(["a", "b"])) == 1


async def test_two_consumers_never_hold_the_same_item(store: Store) -> None:
    async with store.queue(Policy(capacity=1000)) as queue:
        await queue.put(items(300))
        await queue.complete("p")
        seen: list[str] = []

        async def work() -> None:
            while leases := await queue.lease(3, 30):
                seen.extend(lease.key for lease in leases)
                await queue.ack(*(lease.token for lease in leases))

        await asyncio.wait_for(asyncio.gather(*(work() for _ in range(8))), 30)
        assert sorted(seen) == [item.key for item in items(300)]


async def cancelled_after(steps: int, verb: "asyncio.Future[Any]") -> bool:
    """Cancel the verb when the loop has turned `steps` times; whether it was in time."""
    for _ in range(steps):
        if verb.done():
            break
        await asyncio.sleep(0)
    in_time = verb.cancel()
    await asyncio.wait((verb,))
    return in_time and verb.cancelled()


def settle(queue: SampleQueue, verb: str, token: Token) -> Coroutine[Any, Any, None]:
    if verb == "extend":
        return queue.extend(token, ttl_s=600)
    return queue.ack(token) if verb == "ack" else queue.nack(token, reason="x", delay_s=0)


@pytest.mark.parametrize("verb", ["put", "lease", "extend", "ack", "nack"])
async def test_cancelled_at_every_turn_of_the_loop(store: Store, verb: str) -> None:
    """Nothing is lost, nothing stays held, and it has either happened or not."""
    async with store.queue(Policy(max_attempts=99)) as queue:
        for steps in itertools.chain(range(12), (20, 40, 80, 200, 1000, 5000)):
            key = f"a{steps}"
            await queue.put(items([key]))
            token = Token("", 0, 0)
            work: Coroutine[Any, Any, Any]
            if verb in ("put", "lease"):
                work = queue.put(items([f"b{steps}"])) if verb == "put" else queue.lease(5, 600)
            else:
                (token,) = [lease.token for lease in await queue.lease(1, 600)]
                work = settle(queue, verb, token)
            done = (await queue.stats()).done
            working = asyncio.ensure_future(work)
            cancelled = await cancelled_after(steps, working)
            stats = await queue.stats()
            if verb == "lease":
                assert stats.leased == (0 if cancelled else 1)
            elif verb == "extend":
                assert stats.leased == 1
            elif not cancelled:
                assert (stats.leased, stats.done - done) == (0, verb == "ack")
            # Whatever happened, everything can be worked off.
            if stats.leased:
                await queue.ack(working.result()[0].token if verb == "lease" else token)
            for lease in await queue.lease(5, 600, timeout_s=0) if stats.ready else []:
                assert lease.attempt == (2 if verb == "nack" and lease.key == key else 1)
                await queue.ack(lease.token)
            assert (await queue.stats()).open == 0


@pytest.mark.parametrize("wait", ["put", "lease"])
async def test_a_wait_is_cancelled_cleanly_and_others_go_on(store: Store, wait: str) -> None:
    async with store.queue(SMALL) as queue:
        if wait == "put":
            await queue.put(items(4))
        waits = [
            asyncio.ensure_future(
                queue.put(items([f"w{n}"])) if wait == "put" else queue.lease(1, 9)
            )
            for n in range(3)
        ]
        await asyncio.sleep(0.05)
        waits[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(waits[0], 5)
        if wait == "put":
            await queue.ack(*(lease.token for lease in await queue.lease(2, 10)))
        else:
            await queue.put(items(2))
        await asyncio.wait_for(asyncio.gather(*waits[1:]), 10)
        stats = await queue.stats()
        assert (stats.ready, stats.leased) == ((4, 0) if wait == "put" else (0, 2))


async def test_close_ends_waits_and_refuses_what_comes_after(store: Store) -> None:
    queue = store.queue(SMALL)
    with pytest.raises(QueueClosed):
        await queue.stats()
    await queue.open()
    waits = [asyncio.ensure_future(queue.lease(1, 10)) for _ in range(2)]
    await asyncio.sleep(0.05)
    await queue.close()
    await queue.close()
    for wait in waits:
        with pytest.raises(QueueClosed):
            await asyncio.wait_for(wait, 5)
    for verb in (queue.put([]), queue.lease(1, 1), queue.ack(), queue.stats(), queue.open()):
        with pytest.raises(QueueClosed):
            await verb


async def test_wrong_arguments_are_refused(store: Store) -> None:
    async with store.queue() as queue:
        for wrong in (
            queue.lease(0, 10),
            queue.lease(1, 0),
            queue.lease(1, float("inf")),
            queue.lease(1, 10, timeout_s=-1),
            queue.extend(ttl_s=-1),
            queue.nack(reason="", delay_s=-1),
            queue.put([], timeout_s=float("nan")),
            queue.dead_letters(0),
        ):
            with pytest.raises(ConfigError):
                await wrong
        with pytest.raises(InvalidItem):
            await queue.complete("")


def outcomes(leases: list[Lease], **of: Outcome) -> dict[Token, Outcome]:
    return {lease.token: of[lease.key] for lease in leases if lease.key in of}


async def test_an_ack_keeps_a_result_counts_and_items_for_other_queues(store: Store) -> None:
    async with store.queue() as ask, store.queue(name="verify") as verify:
        await ask.put(items(["a", "é", "b", "c"]))
        leases = await ask.lease(4, 10)
        odd = bytes(range(256)) * 10
        left = Outcome(result=odd, puts={"verify": items(["x", "y", "x"])}, counts={"n": 2, "m": 1})
        await ask.ack(
            *(lease.token for lease in leases),
            outcomes=outcomes(leases, a=left, é=Outcome(result=b""), b=Outcome(counts={"n": 3})),
        )
        assert await ask.results() == [Item("a", odd), Item("é", b"")]
        assert await ask.results(1) == [Item("a", odd)]
        assert await ask.results(9, "a") == [Item("é", b"")]
        assert await ask.counts() == {"m": 1, "n": 5}
        assert (await ask.stats()).done == 4
        assert (await verify.results(), await verify.counts()) == ([], {})
        assert await take(verify) == ["x", "y"]
        assert await verify.put(items(["x", "z"])) == 1


async def test_the_first_ack_decides_what_came_of_an_item(store: Store) -> None:
    clock = FakeClock()
    async with store.queue(None, clock) as ask, store.queue(None, clock, "verify") as verify:
        await ask.put(items(["a"]))
        (late,) = await ask.lease(1, 10)
        clock.sleep(10)
        (holder,) = await ask.lease(1, 10)
        for lease in (late, holder, holder):
            left = Outcome(
                result=b"%d" % lease.attempt,
                puts={"verify": items([f"a/{lease.attempt}"])},
                counts={"n": 1},
            )
            acking = ask.ack(lease.token, outcomes={lease.token: left})
            if lease is late or (await ask.stats()).done:
                with pytest.raises(LeaseLost):
                    await acking
            else:
                await acking
        assert await ask.results() == [Item("a", b"2")]
        assert await ask.counts() == {"n": 1}
        assert await take(verify) == ["a/2"]


async def test_an_ack_waits_for_room_and_lets_the_others_through(store: Store) -> None:
    async with store.queue() as ask, store.queue(SMALL, name="verify") as verify:
        await ask.put(items(["a", "b", "c", "d"]))
        leases = await ask.lease(4, 10)
        many = items([f"m{n}" for n in range(9)])  # more than would ever fit
        left = outcomes(
            leases,
            a=Outcome(result=b"a", puts={"verify": items(["1", "2", "3"])}),
            b=Outcome(result=b"b", puts={"verify": items(["4", "5"])}),
            c=Outcome(result=b"c", puts={"verify": many}),
        )
        acking = [
            asyncio.ensure_future(ask.ack(lease.token, outcomes=left)) for lease in leases[:3]
        ]
        acking.append(asyncio.ensure_future(ask.ack(leases[3].token, outcomes=left)))
        await acking[3]
        await asyncio.wait_for(acking[0], 10)
        assert [item.key for item in await ask.results()] == ["a"]
        seen: list[str] = []
        while not all(future.done() for future in acking):
            some = await verify.lease(9, 60, timeout_s=10)
            seen += [lease.key for lease in some]
            await verify.ack(*(lease.token for lease in some))
            await asyncio.sleep(0.01)
        seen += await take(verify)
        assert sorted(seen) == sorted(["1", "2", "3", "4", "5", *(item.key for item in many)])
        assert [item.key for item in await ask.results()] == ["a", "b", "c"]


async def test_a_cancelled_ack_that_waited_left_nothing(store: Store) -> None:
    async with store.queue() as ask, store.queue(SMALL, name="verify") as verify:
        await ask.put(items(["a"]))
        await verify.put(items(4))
        (lease,) = await ask.lease(1, 60)
        left = {lease.token: Outcome(result=b"a", puts={"verify": items(["x"])})}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask.ack(lease.token, outcomes=left), 0.05)
        assert (await ask.results(), (await ask.stats()).leased) == ([], 1)
        await verify.ack(*(held.token for held in await verify.lease(1, 60)))
        await ask.ack(lease.token, outcomes=left)
        assert len(await ask.results()) == 1


async def test_what_an_ack_puts_is_never_too_late(store: Store) -> None:
    async with store.queue(name="ask") as ask, store.queue(name="verify") as verify:
        await ask.put(items(["a"]))
        (lease,) = await ask.lease(1, 10)
        await verify.complete("ask")
        assert await verify.lease(1, 10) == []
        await ask.ack(lease.token, outcomes={lease.token: Outcome(puts={"verify": items(1)})})
        assert await take(verify) == ["k0000"]
        assert await verify.put(items(["more"])) == 1
        await verify.complete("ask")
        assert not (await verify.stats()).finished


async def test_a_wrong_outcome_acks_nothing(store: Store) -> None:
    async with store.queue(Policy(max_payload_bytes=10)) as queue:
        await queue.put([Item("a", b"")])
        (lease,) = await queue.lease(1, 10)
        for wrong, error in (
            (Outcome(result=b"x" * 11), InvalidItem),
            (Outcome(result=b"x", puts={"queue": [Item("b", b""), Item("", b"")]}), InvalidItem),
            (Outcome(result=b"x", puts={"nobody": [Item("b", b"")]}), ConfigError),
        ):
            with pytest.raises(error):
                await queue.ack(lease.token, outcomes={lease.token: wrong})
        stats = await queue.stats()
        assert (stats.leased, stats.ready, await queue.results()) == (1, 0, [])
        again = Outcome(puts={"queue": [Item("b", b"")]})  # into the queue itself
        await queue.ack(lease.token, outcomes={lease.token: again})
        assert await take(queue) == ["b"]
