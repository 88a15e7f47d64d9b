"""What every local model must do; each back end's tests run all of it."""

import asyncio
import math
from typing import Any

import pytest
from local_models import TASKS, ask

from veristone import GenerationRequest, Message, Model, RequestRefused
from veristone.training.tiny import prompts

__all__ = ["Contract"]


class Contract:
    """Tests with a fixture `model`: the tiny model, open, with a context of 512 tokens."""

    async def test_n_continuations_that_differ(self, model: Model) -> None:
        answer = await model.generate(ask(0, n=10, temperature=0.8, seed=1))
        assert len(answer.completions) == 10
        assert len({one.text for one in answer.completions}) > 5
        assert answer.model == model.name == "tiny-starcoder2"
        assert 20 < answer.prompt_tokens < 60
        assert 10 <= answer.completion_tokens <= 600
        assert {one.finish_reason for one in answer.completions} <= {"stop", "length"}

    async def test_a_seed_gives_the_same_texts_whatever_else_runs(self, model: Model) -> None:
        def sampled(which: int) -> GenerationRequest:
            return ask(which, n=3, temperature=0.8, top_p=0.95, seed=which)

        alone = await model.generate(sampled(5))
        crowd = await asyncio.gather(*(model.generate(sampled(which)) for which in range(12)))
        assert crowd[5].completions == alone.completions
        other = await model.generate(ask(5, n=3, temperature=0.8, top_p=0.95, seed=99))
        assert other.completions != alone.completions

    async def test_without_a_seed_texts_differ(self, model: Model) -> None:
        one, other = [await model.generate(ask(0, n=4, temperature=1.0)) for _ in range(2)]
        assert one.completions != other.completions

    async def test_without_temperature_all_are_the_likeliest(self, model: Model) -> None:
        answer = await model.generate(ask(1, n=3))
        assert len(answer.completions) == 3
        assert len(set(answer.completions)) == 1
        assert answer.completion_tokens % 3 == 0

    async def test_stop_strings_end_a_text_and_are_not_in_it(self, model: Model) -> None:
        whole = (await model.generate(ask(2))).completions[0].text
        # From the middle of one token to the middle of another.
        middle = len(whole) // 2
        stop = whole[middle : middle + 7]
        (cut,) = (await model.generate(ask(2, stop=("not there", stop)))).completions
        assert cut.text == whole[: whole.index(stop)]
        assert cut.finish_reason == "stop"
        (uncut,) = (await model.generate(ask(2, stop=("not there",)))).completions
        assert uncut.text == whole

    async def test_max_tokens_cuts_and_says_so(self, model: Model) -> None:
        answer = await model.generate(ask(2, max_tokens=3))
        assert answer.completions[0].finish_reason == "length"
        assert answer.completion_tokens == 3

    async def test_logprobs_are_probabilities(self, model: Model) -> None:
        answer = await model.generate(
            ask(3, n=2, temperature=0.7, seed=0, logprobs=5, max_tokens=8)
        )
        for one in answer.completions:
            assert 0 < len(one.logprobs) <= 8
            for position in one.logprobs:
                assert 1 <= len(position) <= 5
                assert sum(map(math.exp, position.values())) <= 1 + 1e-4
                assert all(value <= 1e-6 for value in position.values())
        (greedy,) = (await model.generate(ask(3, logprobs=1, max_tokens=4))).completions
        likeliest = "".join(next(iter(position)) for position in greedy.logprobs)
        assert likeliest.startswith(greedy.text)

    async def test_a_prompt_as_long_as_the_context_is_refused(self, model: Model) -> None:
        with pytest.raises(RequestRefused, match=r"request long: .* 512"):
            await model.generate(ask(0, id="long", prompt="def f(x):\n" * 300))

    async def test_the_context_ends_a_text_too(self, model: Model) -> None:
        prompt = "#" + "a" * 480
        answer = await model.generate(ask(0, prompt=prompt, max_tokens=4000, temperature=2.0, n=3))
        assert answer.completion_tokens <= 3 * (512 - answer.prompt_tokens)
        for one in answer.completions:
            assert one.finish_reason in ("length", "stop")

    async def test_messages_go_through_the_chat_template(self, model: Model) -> None:
        instruction = TASKS[4].instruction
        user = Message(role="user", content=instruction)
        chat = await model.generate(GenerationRequest(id="c", messages=(user,), max_tokens=40))
        raw = await model.generate(
            ask(4, prompt=prompts.solution_prompt(instruction), max_tokens=40)
        )
        assert chat.completions == raw.completions
        assert chat.prompt_tokens == raw.prompt_tokens

    async def test_unicode_goes_in_and_comes_out(self, model: Model) -> None:
        answer = await model.generate(
            ask(
                0,
                prompt="# naïve \N{PILE OF POO} \N{CJK UNIFIED IDEOGRAPH-4E2D}\n",
                temperature=2.0,
            )
        )
        answer.completions[0].text.encode()

    async def test_the_loop_goes_on_meanwhile(self, model: Model) -> None:
        longest = 0.0
        loop = asyncio.get_running_loop()

        async def watch() -> None:
            nonlocal longest
            while True:
                began = loop.time()
                await asyncio.sleep(0.005)
                longest = max(longest, loop.time() - began)

        watching = asyncio.create_task(watch())
        began = loop.time()
        await asyncio.gather(*(model.generate(ask(n, n=4, temperature=0.8)) for n in range(16)))
        took = loop.time() - began
        watching.cancel()
        assert longest < max(0.5, 0.5 * took)

    async def test_a_cancelled_request_leaves_the_others_alone(self, model: Model) -> None:
        tasks = [
            asyncio.create_task(model.generate(ask(n, n=8, temperature=0.8, seed=n)))
            for n in range(8)
        ]
        await asyncio.sleep(0.05)
        for task in tasks[::2]:
            task.cancel()
        done: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(len(answer.completions) == 8 for answer in done[1::2])
        again = await model.generate(ask(1, n=8, temperature=0.8, seed=1))
        assert again.completions == done[1].completions
