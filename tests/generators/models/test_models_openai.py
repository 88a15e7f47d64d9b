"""`OpenAIModel` against a real server that does what servers do."""

import asyncio
import logging
import socket
import time
from typing import Any

import pytest
from model_server import Asked, ModelServer, Says, choices, obedient, refusal, said

from veristone import (
    ConfigError,
    GenerationRequest,
    Message,
    Model,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.models.config import OpenAIConfig
from veristone.generators.models.openai import OpenAIModel
from veristone.generators.models.pressure import Pressure


def pressure(model: OpenAIModel) -> Pressure:
    assert model._gate is not None
    return model._gate.pressure


def ask(prompt: str = "p", **settings: Any) -> GenerationRequest:
    return GenerationRequest(id="r", prompt=prompt, **settings)


async def texts(server: ModelServer, request: GenerationRequest, **settings: Any) -> list[str]:
    async with server.model(**settings) as model:
        return [one.text for one in (await model.generate(request)).completions]


async def test_sends_what_the_request_says() -> None:
    request = ask("é\0", n=2, max_tokens=7, temperature=0.5, top_p=0.9, stop=("\n",), seed=5)
    async with ModelServer() as server:
        assert isinstance(server.model(), Model)
        async with server.model() as model:
            assert model.name == "tiny"
            answer = await model.generate(request)
        assert server.asked[0].path == "/v1/completions"
        assert server.asked[0].body == {
            "model": "tiny",
            "prompt": "é\0",
            "n": 2,
            "max_tokens": 7,
            "temperature": 0.5,
            "top_p": 0.9,
            "stop": ["\n"],
            "seed": 5,
        }
    assert [one.text for one in answer.completions] == ["5/0", "5/1"]
    assert (answer.id, answer.model) == ("r", "tiny")
    assert (answer.prompt_tokens, answer.completion_tokens) == (3, 4)


async def test_messages_go_to_the_chat() -> None:
    messages = (Message(role="system", content="s"), Message(role="user", content="u"))
    async with ModelServer() as server:
        assert await texts(server, GenerationRequest(id="r", messages=messages)) == ["None/0"]
        assert server.asked[0].path == "/v1/chat/completions"
        assert server.asked[0].body["messages"] == [
            {"role": "system", "content": "s"},
            {"role": "user", "content": "u"},
        ]
        assert "prompt" not in server.asked[0].body


async def test_one_connection_is_used_again() -> None:
    async with ModelServer() as server, server.model() as model:
        for _ in range(5):
            await model.generate(ask())
        assert server.connections == 1


# ---- how many choices


def one_only(asked: Asked) -> Says:
    """As `transformers serve`: one choice, whatever n says."""
    return choices(asked, f"{asked.body.get('seed')}")


async def test_fewer_choices_are_topped_up_with_seeds_of_their_own() -> None:
    async with ModelServer(one_only) as server, server.model() as model:
        first = await model.generate(ask(n=4, seed=7, temperature=1))
        sent = [asked.body.get("n", 1) for asked in server.asked]
        assert sorted(sent) == [1, 1, 1, 4]
        server.asked.clear()
        second = await model.generate(ask(n=4, seed=7, temperature=1))
        assert [asked.body.get("n", 1) for asked in server.asked] == [1, 1, 1, 1]
    assert len({one.text for one in first.completions}) == 4
    assert first.completions[0].text == "7"
    assert first.completions == second.completions
    assert (first.prompt_tokens, first.completion_tokens) == (12, 8)


async def test_single_requests_run_side_by_side() -> None:
    async def slow(asked: Asked) -> Says:
        await asyncio.sleep(0.05)
        return one_only(asked)

    async with ModelServer(slow) as server:
        await texts(server, ask(n=9, temperature=1))
        assert server.most_in_flight == 8


@pytest.mark.parametrize("n", [1, 3, 4, 11])
async def test_a_server_that_gives_three_at_most(n: int) -> None:
    def three(asked: Asked) -> Says:
        several = min(asked.body.get("n", 1), 3)
        return choices(asked, *(f"{asked.body['seed']}/{index}" for index in range(several)))

    async with ModelServer(three) as server, server.model() as model:
        first = await model.generate(ask(n=n, seed=1, temperature=1))
        again = await model.generate(ask(n=n, seed=1, temperature=1))
    assert len({one.text for one in first.completions}) == n
    assert first == again


async def test_more_choices_are_cut_and_their_order_is_by_index() -> None:
    def more(asked: Asked) -> Says:
        listed = [{"text": str(index), "index": index} for index in (2, 0, 1)]
        return said({"choices": listed})

    async with ModelServer(more) as server:
        assert await texts(server, ask(n=2, temperature=1)) == ["0", "1"]


async def test_a_server_that_refuses_n() -> None:
    def strict(asked: Asked) -> Says:
        if asked.body.get("n", 1) > 1:
            return refusal(400, "Only one completion choice is allowed")
        return one_only(asked)

    async with ModelServer(strict) as server, server.model() as model:
        answer = await model.generate(ask(n=3, seed=1, temperature=1))
        assert len({one.text for one in answer.completions}) == 3
        server.asked.clear()
        await model.generate(ask(n=3, seed=1, temperature=1))
        assert len(server.asked) == 3


async def test_what_is_refused_either_way_is_refused() -> None:
    async with ModelServer(lambda _: refusal(400, "n is odd, and so are you")) as server:
        with pytest.raises(RequestRefused, match="n is odd"):
            await texts(server, ask(n=3, temperature=1))
        assert len(server.asked) == 2


async def test_no_choices_are_no_answer() -> None:
    async with ModelServer(lambda _: said({"choices": []})) as server:
        with pytest.raises(ModelUnavailable, match="no choices"):
            await texts(server, ask())
        assert len(server.asked) == 3


# ---- vLLM


VLLM = said({"data": [{"id": "m", "owned_by": "vllm", "max_model_len": 64}]})


async def test_vllm_samples_as_the_request_says() -> None:
    async with ModelServer(models=VLLM) as server:
        await texts(server, ask(), extra_body={"top_k": 5, "priority": 1})
        body = server.asked[0].body
    assert (body["top_k"], body["min_p"], body["repetition_penalty"]) == (5, 0.0, 1.0)
    assert body["priority"] == 1


async def test_at_temperature_0_all_choices_are_one() -> None:
    async with ModelServer(models=VLLM) as server:
        assert len(await texts(server, ask(n=3))) == 3
        assert [asked.body.get("n", 1) for asked in server.asked] == [1]
        assert len(await texts(server, ask(n=3, temperature=1))) == 3
        assert server.asked[-1].body["n"] == 3


async def test_a_text_that_vllm_broke_off_is_asked_for_again() -> None:
    def aborts_first(asked: Asked) -> Says:
        return choices(asked, "half", finish_reason="abort" if len(server.asked) == 1 else "length")

    async with ModelServer(aborts_first) as server, server.model() as model:
        answer = await model.generate(ask())
    assert answer.completions[0].finish_reason == "length"


# ---- which model


async def test_several_models_are_named() -> None:
    many = said({"data": [{"id": f"m{i}"} for i in range(30)]})
    async with ModelServer(models=many) as server:
        with pytest.raises(ConfigError, match=r"30 models: set `model` to .*\(m0, m1, "):
            await texts(server, ask())
        assert await texts(server, ask(), model="m3") == ["None/0"]
        assert server.asked[0].body["model"] == "m3"


async def test_a_list_of_no_models() -> None:
    async with ModelServer(models=said({"data": []})) as server:
        with pytest.raises(ConfigError, match="0 models"):
            await texts(server, ask())


async def test_a_server_without_a_list_needs_a_model() -> None:
    async with ModelServer(models=refusal(404, "Not Found")) as server:
        with pytest.raises(ConfigError, match=r"404.*base_url"):
            await texts(server, ask())


@pytest.mark.parametrize(
    "models", [refusal(404, ""), refusal(500, ""), Says(b"<html>")], ids=range(3)
)
async def test_with_a_model_no_list_is_needed(models: Says) -> None:
    # `transformers serve` 5.19 fails with 500 where the hub's cache is not there.
    async with ModelServer(models=models) as server:
        assert await texts(server, ask(), model="m") == ["None/0"]


# ---- what is refused


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_refusal_has_the_servers_words_and_is_not_repeated(status: int) -> None:
    words = "This model's maximum context length is 64 tokens"
    async with ModelServer(lambda _: refusal(status, words)) as server:
        with pytest.raises(RequestRefused, match="maximum context length is 64"):
            await texts(server, ask())
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "advice"),
    [(401, "api_key_env"), (403, "not allowed"), (404, "base_url"), (402, "")],
)
async def test_a_wrong_setting_says_what_to_do(status: int, advice: str) -> None:
    async with ModelServer(lambda _: refusal(status, "no")) as server:
        with pytest.raises(ConfigError, match=f"{status}.*{advice}"):
            await texts(server, ask())
        assert len(server.asked) == 1


async def test_an_empty_quota_is_not_waited_for() -> None:
    def poor(_: Asked) -> Says:
        return said({"error": {"message": "pay", "code": "insufficient_quota"}}, 429)

    async with ModelServer(poor) as server:
        with pytest.raises(ConfigError, match="quota"):
            await texts(server, ask())


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": 0},
        {"temperature": float("nan")},
        {"prompt": "\ud800"},
        {"prompt": ""},
    ],
)
async def test_what_nobody_can_answer_is_not_sent(wrong: dict[str, Any]) -> None:
    async with ModelServer() as server:
        with pytest.raises(RequestRefused, match="request r"):
            await texts(server, ask(**wrong))
        assert server.asked == []


async def test_a_limit_that_is_taken_under_another_name_only() -> None:
    def new(asked: Asked) -> Says:
        if "max_tokens" in asked.body:
            return refusal(400, "max_tokens is not supported. Use 'max_completion_tokens' instead.")
        return obedient(asked)

    async with ModelServer(new) as server:
        async with server.model() as model:
            for _ in range(2):
                await model.generate(ask(max_tokens=7))
        assert [asked.body.get("max_completion_tokens") for asked in server.asked] == [None, 7, 7]


async def test_parameters_have_other_names_or_none() -> None:
    parameters = {"max_tokens": "max_new_tokens", "seed": "", "temperature": ""}
    async with ModelServer() as server:
        await texts(server, ask(seed=3, max_tokens=7, temperature=0.5), parameters=parameters)
        body = server.asked[0].body
    assert body["max_new_tokens"] == 7
    assert body.keys().isdisjoint({"max_tokens", "seed", "temperature"})
    with pytest.raises(ValueError, match="messages: none of max_tokens"):
        OpenAIConfig(base_url="http://h", parameters={"messages": ""})


# ---- what is tried again


@pytest.mark.parametrize(
    "trouble",
    [refusal(status, "later") for status in (408, 409, 425, 429, 500, 502, 503, 504, 529)]
    + [
        Says(b'{"choices": [{"text": "x"}]}', cut_at=9),
        Says(b'{"choices": [{"text": "x"}]}', cut_at=0),
        Says(b"<html>Bad gateway</html>"),
        Says(b"\xff\xfe{}"),
        Says(b"[" * 100_000),
        Says(b'{"choices": [{"text": 5}]}'),
        Says(b'{"choices": {"text": "x"}}'),
        Says(b'{"choices": [{"message": {"content": "x"}}]}'),
        Says(b"", 503, {"Content-Length": "0"}),
    ],
    ids=range(18),
)
async def test_trouble_passes(trouble: Says) -> None:
    def troubled(asked: Asked) -> Says:
        return obedient(asked) if len(server.asked) > 1 else trouble

    async with ModelServer(troubled) as server:
        assert await texts(server, ask()) == ["None/0"]
        assert len(server.asked) == 2


async def test_patience_ends() -> None:
    async with ModelServer(lambda _: refusal(500, "worker died")) as server:
        started = time.monotonic()
        with pytest.raises(ModelUnavailable, match=r"request r .* in [34] tries.*500.*worker died"):
            await texts(server, ask(), patience_s=1)
        assert time.monotonic() - started < 3


@pytest.mark.parametrize("junk", [b"junk", b'{"error": "no such thing"}', b"null", b"[]", b'"x"'])
async def test_junk_is_not_asked_for_as_long_as_patience_lasts(junk: bytes) -> None:
    async with ModelServer(lambda _: Says(junk)) as server:
        with pytest.raises(ModelUnavailable):
            await texts(server, ask(), patience_s=600)
        assert len(server.asked) == 3


async def test_an_error_without_end_is_cut_short() -> None:
    async with ModelServer(lambda _: Says(b"x" * (3 << 20), 400)) as server:
        with pytest.raises(RequestRefused) as caught:
            await texts(server, ask())
    assert len(str(caught.value)) < 1000


async def test_an_error_in_place_of_an_answer_is_passed_on_in_the_servers_words() -> None:
    error = {"error": {"message": "Provider returned error", "code": 502}}
    async with ModelServer(lambda _: said(error)) as server:
        with pytest.raises(ModelUnavailable, match="Provider returned error"):
            await texts(server, ask())


async def test_a_slow_drip_meets_the_deadline() -> None:
    async with ModelServer(lambda _: Says(b" " * 1000, drip_s=0.02)) as server:
        started = time.monotonic()
        with pytest.raises(ModelUnavailable, match=r"no answer in 0.2 s"):
            await texts(server, ask(), timeout_s=0.2, patience_s=0)
        assert time.monotonic() - started < 2


async def test_silence_meets_the_deadline() -> None:
    async def silent(_: Asked) -> Says:
        await asyncio.sleep(60)
        raise AssertionError

    async with ModelServer(silent) as server:
        with pytest.raises(ModelUnavailable, match=r"no answer in 0.2 s"):
            await texts(server, ask(), timeout_s=0.2, patience_s=0)


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        server = ModelServer()
        server.port = port
        with pytest.raises(ModelUnavailable, match=f"list of models from .*:{port}.*connection"):
            await texts(server, ask(), open_patience_s=0)


async def test_a_server_that_comes_late_is_waited_for() -> None:
    server = ModelServer()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server.port = taken.getsockname()[1]
    model = server.model(open_patience_s=10)

    async def late() -> None:
        await asyncio.sleep(0.3)
        server._server = await asyncio.start_server(server._serve, "127.0.0.1", server.port)

    opening = asyncio.create_task(late())
    async with model:
        assert (await model.generate(ask())).completions[0].text == "None/0"
    await opening
    await server.__aexit__()


# ---- back-pressure


async def test_retry_after_is_kept_to_by_everybody() -> None:
    moments: list[float] = []

    def limited(asked: Asked) -> Says:
        moments.append(time.monotonic())
        return refusal(429, "slowly", Retry_After="1") if len(moments) == 1 else obedient(asked)

    async with ModelServer(limited) as server, server.model() as model:
        first = asyncio.create_task(model.generate(ask()))
        while not moments:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        await asyncio.gather(first, *(model.generate(ask()) for _ in range(5)))
    assert len(moments) == 7
    assert min(moments[1:]) - moments[0] >= 0.95


async def test_a_longer_wait_than_patience_ends_at_once() -> None:
    async with ModelServer(lambda _: refusal(429, "wait", Retry_After="86400")) as server:
        started = time.monotonic()
        async with server.model() as model:
            jobs = [model.generate(ask()) for _ in range(20)]
            found = await asyncio.gather(*jobs, return_exceptions=True)
        assert {type(one) for one in found} == {ModelUnavailable}
        assert time.monotonic() - started < 10


async def test_a_queue_of_four_is_filled_and_nothing_is_lost() -> None:
    async def four(asked: Asked) -> Says:
        if server.in_flight > 4:
            return refusal(503, "queue is full")
        await asyncio.sleep(0.01)
        return obedient(asked)

    async with ModelServer(four) as server, server.model(patience_s=60) as model:
        answers = await asyncio.gather(*(model.generate(ask(seed=i)) for i in range(60)))
        assert [one.completions[0].text for one in answers] == [f"{i}/0" for i in range(60)]
        assert pressure(model).limit < 32
        assert pressure(model).in_flight == 0


async def test_never_more_under_way_than_allowed() -> None:
    async def slow(asked: Asked) -> Says:
        await asyncio.sleep(0.01)
        return obedient(asked)

    async with ModelServer(slow) as server, server.model(max_in_flight=5) as model:
        await asyncio.gather(*(model.generate(ask()) for _ in range(50)))
        assert server.most_in_flight == 5
        assert server.connections <= 6


async def test_a_dead_server_is_not_tried_by_each_who_waits() -> None:
    async with ModelServer(lambda _: refusal(503, "dead")) as server:
        async with server.model(max_in_flight=2, patience_s=1) as model:
            started = time.monotonic()
            jobs = [model.generate(ask()) for _ in range(100)]
            found = await asyncio.gather(*jobs, return_exceptions=True)
            assert time.monotonic() - started < 5
        assert {type(one) for one in found} == {ModelUnavailable}
        assert len(server.asked) < 400


# ---- cancelled, closed


async def test_a_cancelled_caller_closes_its_connection_and_leaves_its_place() -> None:
    async def slow(asked: Asked) -> Says:
        if asked.body["prompt"] == "slow":
            await asyncio.sleep(60)
        return obedient(asked)

    async with ModelServer(slow) as server, server.model(max_in_flight=1) as model:
        task = asyncio.create_task(model.generate(ask("slow")))
        waiting = asyncio.create_task(model.generate(ask("slow too")))
        while not server.in_flight:
            await asyncio.sleep(0.01)
        waiting.cancel()
        task.cancel()
        found = await asyncio.gather(task, waiting, return_exceptions=True)
        assert {type(one) for one in found} == {asyncio.CancelledError}
        async with asyncio.timeout(5):
            assert (await model.generate(ask())).completions[0].text == "None/0"
        assert pressure(model).in_flight == 0


async def test_cancelled_while_it_is_topped_up() -> None:
    async def first_only(asked: Asked) -> Says:
        if len(server.asked) > 1:
            await asyncio.sleep(60)
        return one_only(asked)

    async with ModelServer(first_only) as server, server.model() as model:
        task = asyncio.create_task(model.generate(ask(n=5, temperature=1)))
        while len(server.asked) < 5:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pressure(model).in_flight == 0


async def test_an_error_in_one_piece_ends_the_others() -> None:
    async def bad_third(asked: Asked) -> Says:
        number = len(server.asked)
        if number == 3:
            return refusal(400, "no more")
        if number > 1:
            await asyncio.sleep(60)
        return one_only(asked)

    async with ModelServer(bad_third) as server:
        with pytest.raises(RequestRefused, match="no more"):
            await texts(server, ask(n=5, temperature=1))


async def test_a_closed_model_answers_nobody() -> None:
    async with ModelServer() as server:
        model = server.model()
        with pytest.raises(ModelUnavailable, match="not open"):
            await model.generate(ask())
        async with model:
            pass
        await model.close()
        with pytest.raises(ModelUnavailable, match="not open"):
            await model.generate(ask())
        with pytest.raises(ConfigError, match="opened once"):
            await model.__aenter__()


async def test_closing_ends_those_who_wait() -> None:
    async def silent(_: Asked) -> Says:
        await asyncio.sleep(60)
        raise AssertionError

    async with ModelServer(silent) as server:
        async with server.model(max_in_flight=1) as model:
            tasks = [asyncio.create_task(model.generate(ask())) for _ in range(3)]
            while not server.in_flight:
                await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            found = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(one) for one in found} == {ModelUnavailable}


# ---- the key


async def test_the_key_is_sent_and_shown_nowhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TEST_MODEL_KEY", "sk-secret\n")

    def wrong_key(asked: Asked) -> Says:
        return refusal(401, f"Incorrect API key: {asked.headers['authorization']}")

    async with ModelServer(wrong_key) as server:
        with pytest.raises(ConfigError, match=r"Incorrect API key: Bearer \*\*\*") as caught:
            await texts(server, ask(), api_key_env="TEST_MODEL_KEY")
        assert server.asked[0].headers["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in str(caught.value) + caplog.text


async def test_no_key_is_sent_unasked() -> None:
    async with ModelServer() as server:
        await texts(server, ask())
        assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize(("value", "words"), [("", "is not set"), ("a\x07b", "odd characters")])
async def test_a_key_that_is_none(monkeypatch: pytest.MonkeyPatch, value: str, words: str) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", value)
    async with ModelServer() as server:
        with pytest.raises(ConfigError, match=f"TEST_MODEL_KEY.*{words}"):
            await texts(server, ask(), api_key_env="TEST_MODEL_KEY")


async def test_a_proxy_is_not_asked_for_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with ModelServer() as server:
        assert await texts(server, ask()) == ["None/0"]
