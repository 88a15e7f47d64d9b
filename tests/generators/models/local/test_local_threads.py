"""The thread of a local model and the loop that waits for it, with an engine that only pretends."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from veristone import (
    Completion,
    ConfigError,
    Generation,
    GenerationRequest,
    Model,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.models.local.jobs import Inbox, Job
from veristone.generators.models.local.threaded import ThreadedModel


class Echo(ThreadedModel):
    """Answers with the prompt; `break` breaks it, `hold` is not answered."""

    def __init__(self, model: str = "echo", problem: Exception | None = None) -> None:
        super().__init__(model)
        self.problem = problem
        self.freed = 0
        self.served: list[str] = []
        self.held: list[Job] = []

    def _load(self) -> None:
        time.sleep(0.02)
        if self.problem is not None:
            raise self.problem

    def _serve(self, inbox: Inbox) -> None:
        while not inbox.closed:
            inbox.wait()
            for job in inbox.take(100):
                self.served.append(job.request.prompt)
                if job.request.prompt == "hold":
                    self.held.append(job)
                    continue
                if job.request.prompt == "break":
                    job.fail(ModelUnavailable("broke"))
                    raise ArithmeticError("nan")
                text = Completion(text=job.request.prompt)
                job.succeed(Generation(id=job.request.id, completions=(text,)))
        for job in self.held:
            job.fail(ModelUnavailable("closed"))

    def _free(self) -> None:
        self.freed += 1


def request(prompt: str) -> GenerationRequest:
    return GenerationRequest(id=prompt, prompt=prompt)


async def test_answers_find_their_requests() -> None:
    async with Echo() as model:
        assert isinstance(model, Model)
        answers = await asyncio.gather(*(model.generate(request(f"{n}")) for n in range(200)))
        assert [one.completions[0].text for one in answers] == [f"{n}" for n in range(200)]
    assert model.freed == 1
    assert not [one for one in threading.enumerate() if one.name == "model echo"]


async def test_a_fault_in_loading_reaches_the_caller_and_frees() -> None:
    model = Echo(problem=ConfigError("no such model"))
    with pytest.raises(ConfigError, match="no such model"):
        async with model:
            pass
    assert model.freed == 1
    with pytest.raises(ModelUnavailable):
        await model.generate(request("x"))


async def test_a_broken_engine_fails_what_waits_and_what_comes() -> None:
    async with Echo() as model:
        with pytest.raises(ModelUnavailable):
            await model.generate(request("break"))
        async with asyncio.timeout(10):
            while not model.freed:
                await asyncio.sleep(0.01)
        with pytest.raises(ModelUnavailable, match="echo: the engine broke: nan"):
            await model.generate(request("x"))


async def test_closing_fails_what_is_under_way() -> None:
    async with Echo() as model:
        waiting = asyncio.create_task(model.generate(request("hold")))
        async with asyncio.timeout(10):
            while not model.held:
                await asyncio.sleep(0.01)
    with pytest.raises(ModelUnavailable):
        await waiting
    with pytest.raises(ModelUnavailable, match="is not open"):
        await model.generate(request("x"))


async def test_a_model_that_was_never_opened_says_so() -> None:
    with pytest.raises(ModelUnavailable, match="is not open"):
        await Echo().generate(request("x"))


async def test_a_model_is_opened_once() -> None:
    async with Echo() as model:
        pass
    with pytest.raises(RuntimeError, match="once"):
        await model.__aenter__()


async def test_a_cancelled_request_is_withdrawn() -> None:
    async with Echo() as model:
        task = asyncio.create_task(model.generate(request("hold")))
        async with asyncio.timeout(10):
            while not model.held:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert model.held[0].withdrawn


async def test_an_impossible_request_never_reaches_the_thread() -> None:
    async with Echo() as model:
        with pytest.raises(RequestRefused):
            await model.generate(GenerationRequest(id="x"))
        assert model.served == []


async def test_cancelling_while_it_loads_leaves_no_thread() -> None:
    model = Echo()
    opening = asyncio.create_task(model.__aenter__())
    await asyncio.sleep(0.005)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert model.freed == 1


def test_a_folder_is_named_by_its_last_part(tmp_path: Path) -> None:
    folder = tmp_path / "my model"
    folder.mkdir()
    assert Echo(str(folder)).name == "my model"
    assert Echo(f"{folder}/").name == "my model"
    assert Echo("bigcode/starcoder2-15b").name == "bigcode/starcoder2-15b"


async def test_the_inbox_gathers_until_enough_sequences_wait() -> None:
    loop = asyncio.get_running_loop()

    def job(n: int) -> Job:
        wanted = GenerationRequest(id="r", prompt="p", n=n)
        return Job(wanted, loop, loop.create_future())

    inbox = Inbox()
    began = time.monotonic()
    inbox.gather(1, 0.05)
    assert time.monotonic() - began >= 0.05
    inbox.put(job(4))
    inbox.gather(4, 60)
    late = job(1)
    late.withdrawn = True
    inbox.put(late)
    assert len(inbox.take(10)) == 1
    assert inbox.take(10) == []
    inbox.close()
    inbox.wait()
    inbox.gather(4, 60)
    assert not inbox.put(job(1))
