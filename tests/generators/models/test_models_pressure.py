"""How many requests a server is given, as tables; and the gate that keeps to it."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.models.pressure import Again, Gate, GaveUp, Pressure
from veristone.generators.models.retry import delay_s

SHRINKS = [
    (256, 256, 128),
    (256, 10, 5),  # what was under way was too much, whatever was allowed
    (256, 1, 1),
    (1, 1, 1),
    (3, 3, 1),
]


@pytest.mark.parametrize(("most", "under_way", "then"), SHRINKS)
def test_push_back_halves_what_was_under_way(most: int, under_way: int, then: int) -> None:
    pressure = Pressure(most, 60)
    tickets = [pressure.start() for _ in range(under_way)]
    pressure.pushed_back(tickets[0], 0, None)
    assert pressure.limit == then


def test_a_burst_of_refusals_shrinks_once() -> None:
    pressure = Pressure(256, 60)
    for ticket in [pressure.start() for _ in range(256)]:
        pressure.pushed_back(ticket, 0, None)
    assert (pressure.limit, pressure.in_flight) == (128, 0)
    for ticket in [pressure.start() for _ in range(128)]:
        pressure.pushed_back(ticket, 0, None)
    assert pressure.limit == 64


def windows(pressure: Pressure, number: int) -> None:
    """Let a window's worth of requests be answered, so many times, with others waiting."""
    tickets = [pressure.start() for _ in range(pressure.limit)]
    for _ in range(number):
        for _ in range(pressure.limit):
            pressure.answered(tickets.pop(0))
            while pressure.may_start(0):
                tickets.append(pressure.start())
    for _ in tickets:
        pressure.abandoned()


def test_it_grows_by_a_step_in_a_round_trip_up_to_the_maximum() -> None:
    pressure = Pressure(256, 60)
    for _ in range(8):
        for ticket in [pressure.start() for _ in range(pressure.limit)]:
            pressure.pushed_back(ticket, 0, None)
    assert pressure.limit == 1
    windows(pressure, 1)
    assert pressure.limit == 9
    windows(pressure, 1)
    assert 15 <= pressure.limit <= 17
    windows(pressure, 60)
    assert pressure.limit == 256


def test_answers_say_nothing_where_nobody_pressed() -> None:
    pressure = Pressure(64, 60)
    for ticket in [pressure.start() for _ in range(64)]:
        pressure.pushed_back(ticket, 0, None)
    for _ in range(100):
        pressure.answered(pressure.start())
    assert pressure.limit == 32


PAUSES = [
    # retry_after_s, at, may start
    (None, 100.0, True),
    (0.0, 100.0, True),
    (5.0, 104.9, False),
    (5.0, 105.0, True),
    (1e9, 159.9, False),  # no longer than patience
    (1e9, 160.0, True),
]


@pytest.mark.parametrize(("retry_after_s", "at_s", "may"), PAUSES)
def test_everybody_waits_as_long_as_the_server_asks(
    retry_after_s: float | None, at_s: float, may: bool
) -> None:
    pressure = Pressure(8, 60)
    pressure.pushed_back(pressure.start(), 100, retry_after_s)
    assert pressure.may_start(at_s) == may


def test_hope_ends_with_patience_and_comes_back_with_an_answer() -> None:
    pressure = Pressure(8, 60)
    pressure.start()
    pressure.failed(100)
    assert not pressure.hopeless(160)
    assert pressure.hopeless(161)
    pressure.start()
    pressure.failed(161)
    assert pressure.hopeless(161)
    pressure.answered(pressure.start())
    assert not pressure.hopeless(1000)


def test_a_cancelled_request_says_nothing() -> None:
    pressure = Pressure(8, 60)
    pressure.start()
    pressure.abandoned()
    assert (pressure.limit, pressure.in_flight, pressure.hopeless(1e9)) == (8, 0, False)


EVENTS = st.sampled_from(["start", "answered", "pushed_back", "failed", "abandoned"])


@given(st.integers(1, 300), st.lists(EVENTS, max_size=400))
def test_the_limit_stays_between_one_and_the_maximum(most: int, events: Sequence[str]) -> None:
    pressure = Pressure(most, 60)
    out: list[int] = []
    for now_s, event in enumerate(events):
        if event == "start" and pressure.may_start(now_s):
            out.append(pressure.start())
        elif out and event == "answered":
            pressure.answered(out.pop())
        elif out and event == "pushed_back":
            pressure.pushed_back(out.pop(0), now_s, None)
        elif out and event == "failed":
            out.pop()
            pressure.failed(now_s)
        elif out and event == "abandoned":
            out.pop()
            pressure.abandoned()
        assert 1 <= pressure.limit <= most
        assert pressure.in_flight == len(out) <= most


DELAYS = [
    # failures, failing_s, jitter, retry_after_s, delay_s
    (1, 0.0, 0.0, None, 0.25),
    (1, 0.0, 1.0, None, 0.5),
    (2, 0.0, 1.0, None, 1.0),
    (4, 0.0, 0.0, None, 2.0),
    (30, 0.0, 1.0, None, 30.0),
    (10**6, 0.0, 1.0, None, 30.0),
    (1, 0.0, 0.0, 7.0, 7.25),
    (9, 0.0, 1.0, 0.0, 0.5),
    (9, 99.5, 1.0, 0.0, 0.5),
    (9, 99.6, 1.0, 0.0, None),
    (1, 0.0, 0.0, 100.0, None),
    (9, 100.0, 0.0, None, None),
]


@pytest.mark.parametrize(("failures", "failing_s", "jitter", "retry_after_s", "wait_s"), DELAYS)
def test_delays(
    failures: int,
    failing_s: float,
    jitter: float,
    retry_after_s: float | None,
    wait_s: float | None,
) -> None:
    assert delay_s(100, failures, failing_s, jitter, retry_after_s) == wait_s


# ---- the gate


class Turn:
    """A caller with a turn at a gate, or waiting for one; `end` says how it ends."""

    def __init__(self, gate: Gate, *, again: bool = False) -> None:
        self.held = False
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self._run(gate, again))

    async def _run(self, gate: Gate, again: bool) -> None:
        async with gate.turn(again=again):
            self.held = True
            await self._end

    def end(self, trouble: Exception | None = None) -> None:
        if trouble is None:
            self._end.set_result(None)
        else:
            self._end.set_exception(trouble)


async def turns(*waiting: Turn) -> list[bool]:
    for _ in range(5):
        await asyncio.sleep(0)
    return [turn.held for turn in waiting]


async def ended(*some: Turn) -> list[type[BaseException] | None]:
    found = await asyncio.gather(*(turn.task for turn in some), return_exceptions=True)
    return [type(one) if one is not None else None for one in found]


async def test_first_come_first_served_and_again_before_all() -> None:
    gate = Gate(Pressure(1, 60))
    holder, first, second = Turn(gate), Turn(gate), Turn(gate)
    await turns()
    again = Turn(gate, again=True)
    order = [holder, again, first, second]
    for place, turn in enumerate(order):
        assert await turns(*order) == [index <= place for index in range(4)]
        turn.end(Again("x") if place == 1 else None)
    assert await ended(*order) == [None, Again, None, None]


async def test_a_turn_that_comes_with_a_cancellation_goes_to_the_next() -> None:
    gate = Gate(Pressure(1, 60))
    holder, first, second = Turn(gate), Turn(gate), Turn(gate)
    await turns()
    holder.end()
    await asyncio.sleep(0)
    first.task.cancel()
    assert await turns(first, second) == [False, True]
    assert gate.pressure.in_flight == 1
    second.end()
    await ended(first, second)


async def test_who_is_cancelled_while_waiting_leaves_nothing_behind() -> None:
    gate = Gate(Pressure(1, 60))
    some = [Turn(gate) for _ in range(1000)]
    await turns()
    for turn in some[1:]:
        turn.task.cancel()
    await ended(*some[1:])
    assert not gate._waiting
    assert gate.pressure.in_flight == 1
    some[0].end()
    await ended(some[0])


async def test_a_pause_ends_by_itself() -> None:
    gate = Gate(Pressure(4, 60))
    started = asyncio.get_running_loop().time()
    with pytest.raises(Again):
        async with gate.turn():
            raise Again("slowly", overloaded=True, retry_after_s=0.05)
    async with asyncio.timeout(5), gate.turn():
        assert asyncio.get_running_loop().time() - started >= 0.04


async def test_those_who_wait_are_sent_away_when_there_is_no_hope() -> None:
    gate = Gate(Pressure(2, 0.01))
    first, second, third, fourth = (Turn(gate) for _ in range(4))
    await turns()
    first.end(Again("dead"))
    assert await turns(third, fourth) == [True, False]
    await asyncio.sleep(0.05)
    second.end(Again("still dead"))
    with pytest.raises(GaveUp, match="still dead"):
        await fourth.task
    third.end()
    await ended(first, second, third)
    async with gate.turn():
        """Whoever comes later tries the server anew."""


async def test_a_pause_beyond_patience_sends_everybody_away() -> None:
    gate = Gate(Pressure(1, 1))
    first, second, third = Turn(gate), Turn(gate), Turn(gate)
    await turns()
    first.end(Again("first"))
    await turns()
    await asyncio.sleep(0.02)
    second.end(Again("closed until tomorrow", overloaded=True, retry_after_s=86400))
    assert await ended(first, second, third) == [Again, Again, GaveUp]
    with pytest.raises(GaveUp, match="tomorrow"):
        async with gate.turn():
            pass


async def test_a_closed_gate() -> None:
    gate = Gate(Pressure(1, 60))
    holder, waiting = Turn(gate), Turn(gate)
    await turns()
    gate.close()
    with pytest.raises(GaveUp, match="closed"):
        await waiting.task
    with pytest.raises(GaveUp, match="closed"):
        async with gate.turn():
            pass
    holder.end()
    await ended(holder)
