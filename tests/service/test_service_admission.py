"""Admission: a bounded queue, an answer before every deadline, nobody shut out for good."""

import asyncio

import pytest

from veristone import InvalidSample, Reason, Sample, Verdict
from veristone.service.admission import Admission, Overloaded

SAMPLE = Sample(code="")


class Slow:
    """A verifier that takes its time and watches how many it is asked at once."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.running = self.most = self.judged = self.stopped = 0

    async def verify(self, sample: Sample) -> Verdict:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        finally:
            self.running -= 1
        self.judged += 1
        reason = Reason.PASSED
        return Verdict(id=sample.id, decision=reason.decision, reason=reason)

    def verify_stream(self, samples: object, *, ordered: bool = True) -> object:
        raise NotImplementedError


def admission(verifier: Slow, slots: int = 2, most_waiting: int = 100) -> Admission:
    return Admission(verifier, slots, most_waiting)  # pyright: ignore[reportArgumentType]


async def test_no_more_than_the_slots_run_at_one_time() -> None:
    verifier = Slow(0.001)
    gate = admission(verifier)
    await asyncio.gather(*(gate.verify(SAMPLE, 60) for _ in range(20)))
    assert (verifier.most, verifier.judged) == (2, 20)
    assert (gate.load().running, gate.load().waiting) == (0, 0)


async def test_what_is_too_much_is_refused_at_once_and_the_rest_is_judged() -> None:
    verifier = Slow(0.01)
    gate = admission(verifier, most_waiting=5)
    done = await asyncio.gather(
        *(gate.verify(SAMPLE, 60) for _ in range(9)), return_exceptions=True
    )
    assert sum(isinstance(each, Overloaded) for each in done) == 4
    assert verifier.judged == 5


async def test_a_deadline_ends_waiting_and_running() -> None:
    verifier = Slow(60)
    gate = admission(verifier, slots=1)
    done = await asyncio.gather(
        *(gate.verify(SAMPLE, 0.05) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(each, Overloaded) for each in done)
    assert verifier.running == 0, "what nobody waits for any more is not run on"
    assert gate.load().waiting == 0


async def test_a_queue_longer_than_the_deadline_is_not_joined() -> None:
    verifier = Slow(0.2)
    gate = admission(verifier, slots=1)
    await gate.verify(SAMPLE, 60)  # now it is known how long a sample takes
    waiting = [asyncio.ensure_future(gate.verify(SAMPLE, 60)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded, match="the queue is") as refused:
        await gate.verify(SAMPLE, 0.3)
    assert refused.value.retry_after_s == 1
    for each in waiting:
        each.cancel()


async def test_slow_samples_of_the_past_shut_nobody_out() -> None:
    verifier = Slow(0.2)
    gate = admission(verifier, slots=1)
    await gate.verify(SAMPLE, 60)
    verifier.seconds = 0.0
    assert (await gate.verify(SAMPLE, 0.1)).reason is Reason.PASSED


async def test_one_tenant_leaves_room_for_another() -> None:
    verifier = Slow(0.02)
    gate = admission(verifier, slots=1)
    greedy = [asyncio.ensure_future(gate.verify(SAMPLE, 60, "greedy", 2)) for _ in range(4)]
    await asyncio.sleep(0)
    assert (await gate.verify(SAMPLE, 60, "modest", 2)).reason is Reason.PASSED
    done = await asyncio.gather(*greedy, return_exceptions=True)
    assert [isinstance(each, Overloaded) for each in done] == [False, False, True, True]


async def test_an_error_of_the_verifier_frees_the_slot() -> None:
    class Broken(Slow):
        async def verify(self, sample: Sample) -> Verdict:
            raise InvalidSample("no")

    gate = admission(Broken(), slots=1)
    for _ in range(3):
        with pytest.raises(InvalidSample):
            await gate.verify(SAMPLE, 60)
    assert gate.load().running == 0


async def test_what_cannot_end_in_time_is_not_begun() -> None:
    """To stop a sample in the middle costs a sandbox; under overload all of them."""
    verifier = Slow(0.2)
    gate = admission(verifier, slots=1)
    await gate.verify(SAMPLE, 60)
    first = asyncio.ensure_future(gate.verify(SAMPLE, 60))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(gate.verify(SAMPLE, 0.35))
    await first
    with pytest.raises(Overloaded, match="not judged within"):
        await second
    assert (verifier.judged, verifier.stopped) == (2, 0)


async def test_an_answer_leaves_before_its_deadline() -> None:
    gate = admission(Slow(60), slots=1)
    started = asyncio.get_running_loop().time()
    with pytest.raises(Overloaded):
        await gate.verify(SAMPLE, 2.0)
    assert asyncio.get_running_loop().time() - started < 2.0
