"""Samples of the longest tasks first, and outcomes in the order of the file all the same."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from veristone import Call, FunctionCheck, Reason, Sample, Verdict
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend, report
from veristone.training.evaluation import Candidate, Dataset, Task, evaluate
from veristone.training.evaluation.order import Preparing, longest_first
from veristone.training.evaluation.task import Program

SECONDS = {"short": 0.1, "long": 3.0, "middle": 1.0}


async def seconds(task: str) -> float:
    await asyncio.sleep(0)
    return SECONDS[task]


async def places(tasks: list[str], *, patient: bool) -> list[int]:
    found: list[int] = []
    async with aclosing(longest_first(tasks, seconds)) as order:
        async for place in order:
            found.append(place)
            if patient:
                await asyncio.sleep(0.01)
    return found


async def test_the_longest_goes_first_once_it_is_known() -> None:
    tasks = ["short", "short", "middle", "long", "long", "middle", "short"]
    found = await places(tasks, patient=True)
    assert sorted(found) == list(range(7))
    # Whatever came first, while nothing else was known.
    rest = [SECONDS[tasks[place]] for place in found[1:]]
    assert rest == sorted(rest, reverse=True)


async def test_nobody_waits_for_what_is_not_known_yet() -> None:
    """A reference that takes for ever keeps no other task's samples back."""

    async def known(task: str) -> float:
        if task == "endless":
            await asyncio.Event().wait()
        return 1.0

    async with aclosing(longest_first(["endless", "a", "b"], known)) as order:
        assert {await anext(order), await anext(order)} == {1, 2}


async def test_an_error_is_told() -> None:
    async def fails(task: str) -> float:
        raise ValueError(task)

    with pytest.raises(ValueError, match="a"):
        await anext(longest_first(["a"], fails))


class Backwards:
    """Knows how long tasks take, and judges at once."""

    def __init__(self) -> None:
        self.judged: list[str] = []

    async def prepare(self, sample: Sample) -> float:
        return SECONDS[sample.code.partition(" ")[0]]

    async def verify_stream(
        self, samples: Iterable[Sample] | AsyncIterable[Sample], *, ordered: bool = True
    ) -> AsyncIterator[Verdict]:
        assert isinstance(samples, AsyncIterable)
        async for sample in samples:
            self.judged.append(sample.code)
            await asyncio.sleep(0.01)
            yield Verdict.undecided(sample.id, Reason.SANDBOX_ERROR, sample.code)


def tasks() -> Dataset:
    check = FunctionCheck(entry_point="f", calls=[Call(args=[1])], reference="def f(x): return x")
    made = {
        name: Task(name, "", "f", f"{name} gold", lambda code: Program(code, check))
        for name in SECONDS
    }
    return Dataset("mbpp", Path("tasks.jsonl"), "", made)


async def test_outcomes_come_in_the_order_of_the_file_and_equal_answers_have_one_each() -> None:
    verifier: Any = Backwards()
    given = [Candidate(name, f"{name} {n % 2}") for n, name in enumerate([*SECONDS] * 2)]
    given += given[:2]
    told: list[str] = []
    seen: list[str] = []
    found = await evaluate(
        verifier,
        tasks(),
        given,
        on_outcome=lambda outcome: seen.append(outcome.candidate.solution),
        progress=lambda outcome, verdict: told.append(outcome.candidate.solution),
    )
    codes = [candidate.solution for candidate in given]
    assert [outcome.message for outcome in found.outcomes] == codes
    assert told == codes
    assert seen == verifier.judged
    rest = [SECONDS[code.partition(" ")[0]] for code in seen[1:]]
    assert rest == sorted(rest, reverse=True)


@pytest.mark.parametrize("events", [[{"call": 0, "value": 1, "cpu": 2.5}, {"done": 1}], []])
async def test_an_engine_knows_by_the_reference(events: list[dict[str, Any]]) -> None:
    check = FunctionCheck(entry_point="f", calls=[Call(args=[1])], reference="gold")
    backend = FakeBackend(lambda job: report(*events))
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        assert isinstance(engine, Preparing)
        assert await engine.prepare(Sample(code="x", check=check)) == (2.5 if events else 0.0)
        known = msgspec.structs.replace(check, reference=None, calls=[Call(expected=1)])
        assert await engine.prepare(Sample(code="x", check=known)) == 0.0
