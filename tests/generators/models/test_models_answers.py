"""OpenAI's protocol as pure functions: pieces, answers, faults."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import ConfigError, GenerationRequest, Message, RequestRefused
from veristone.generators.models.answers import fault, read_answer, read_models, said
from veristone.generators.models.openai import pieces
from veristone.generators.models.pressure import Again, BadAnswer

PROMPT = GenerationRequest(id="r", prompt="p")
CHAT = GenerationRequest(id="r", messages=(Message(role="user", content="p"),))


def changed(request: GenerationRequest, **fields: Any) -> GenerationRequest:
    return msgspec.structs.replace(request, **fields)


def choice(**fields: Any) -> bytes:
    return json.dumps({"choices": [{"text": "ab", "finish_reason": "stop"} | fields]}).encode()


# ---- requests


@given(st.integers(1, 50), st.integers(1, 60), st.integers(-(2**63), 2**63 - 1))
def test_pieces_are_the_same_whenever_the_limit_became_known(n: int, most: int, seed: int) -> None:
    whole = pieces(seed, 0, n, most)
    assert [piece.first for piece in whole] == list(range(0, n, most))
    assert sum(piece.n for piece in whole) == n
    assert whole[0].seed == seed
    assert [whole[0], *pieces(seed, whole[0].n, n, most)] == whole
    assert len({piece.seed for piece in whole}) == len(whole)


def test_without_a_seed_there_is_none() -> None:
    assert {piece.seed for piece in pieces(None, 0, 5, 2)} == {None}


# ---- answers


def test_logprobs_of_completions() -> None:
    logprobs = {
        "tokens": ["a", "b"],
        "token_logprobs": [-0.1, -0.2],
        "top_logprobs": [{"x": -3.0, "a": -0.1}, {"b": -0.2, "y": None}],
        "text_offset": [0, 1],
    }
    answer = read_answer(choice(logprobs=logprobs), changed(PROMPT, logprobs=2))
    first, second = answer.completions[0].logprobs
    assert list(first.items()) == [("a", -0.1), ("x", -3.0)]
    assert second == {"b": -0.2, "y": -math.inf}


def test_logprobs_of_chats() -> None:
    content = [
        {"token": "a", "logprob": -0.1, "top_logprobs": [{"token": "a", "logprob": -0.1}]},
        {"token": "b", "logprob": -0.2, "top_logprobs": [{"token": "b", "logprob": -0.2}]},
    ]
    data = choice(message={"content": "ab"}, logprobs={"content": content})
    answer = read_answer(data, changed(CHAT, logprobs=1))
    assert answer.completions[0].logprobs == ({"a": -0.1}, {"b": -0.2})


def test_of_tokens_that_look_alike_the_likeliest_counts() -> None:
    tops = [{"token": "?", "logprob": -0.1}, {"token": "?", "logprob": -5.0}]
    content = [{"token": "?", "top_logprobs": tops}]
    data = choice(message={"content": "?"}, logprobs={"content": content})
    assert read_answer(data, changed(CHAT, logprobs=2)).completions[0].logprobs == ({"?": -0.1},)


@pytest.mark.parametrize("found", [None, {}, {"tokens": ["a"]}, {"content": []}])
def test_missing_logprobs_are_refused(found: object) -> None:
    with pytest.raises(RequestRefused, match="no log-probabilities"):
        read_answer(choice(logprobs=found), changed(PROMPT, logprobs=1))
    assert read_answer(choice(logprobs=found, text=""), changed(PROMPT, logprobs=1))
    assert read_answer(choice(logprobs=found), PROMPT)


STOPS = [
    ("abc", (), "abc", "length"),
    ("abc", ("x",), "abc", "length"),
    ("abc", ("c", "b"), "a", "stop"),
    ("abc", ("abc",), "", "stop"),
    ("a\n\nb", ("\n\n",), "a", "stop"),
]


@pytest.mark.parametrize(("text", "stop", "kept", "reason"), STOPS)
def test_stop_strings_end_a_text_that_the_server_did_not_end(
    text: str, stop: tuple[str, ...], kept: str, reason: str
) -> None:
    answer = read_answer(choice(text=text, finish_reason="length"), changed(PROMPT, stop=stop))
    assert (answer.completions[0].text, answer.completions[0].finish_reason) == (kept, reason)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("STOP", "stop"),
        ("end_turn", "stop"),
        ("MAX_TOKENS", "length"),
        ("max_tokens", "length"),
        ("", "stop"),
        (None, "stop"),
        ("content_filter", "content_filter"),
    ],
)
def test_servers_have_words_of_their_own_for_an_end(word: str | None, reason: str) -> None:
    answer = read_answer(choice(text="abc", finish_reason=word), PROMPT)
    assert answer.completions[0].finish_reason == reason


def test_what_python_writes_is_read() -> None:
    logprobs = b'{"top_logprobs": [{"a": NaN}]}'
    text = b'"\\ud83d\\ude00 \\ud800"'
    data = b'{"choices": [{"text": %b, "logprobs": %b}]}' % (text, logprobs)
    answer = read_answer(data, changed(PROMPT, logprobs=1))
    assert answer.completions[0].text == "\N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"
    assert answer.completions[0].logprobs == ({"a": -math.inf},)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, ""),
        ("ab", "ab"),
        ("", ""),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "ab"),
        ([{"type": "output_text", "text": "ab", "annotations": []}], "ab"),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "x"}]}, "ab"], "ab"),
        ([{"type": "reasoning", "text": "x"}, {"text": "ab"}], "ab"),
        ([], ""),
    ],
)
def test_contents_of_chats(content: object, text: str) -> None:
    answer = read_answer(choice(message={"content": content}), CHAT)
    assert answer.completions[0].text == text


@pytest.mark.parametrize(
    ("message", "note"),
    [
        ({"content": None, "reasoning_content": "hmm"}, "reasoning only, 3 characters"),
        ({"content": "", "reasoning": "hmm"}, "reasoning only"),
        ({"content": [{"type": "thinking", "thinking": "hmm"}]}, "reasoning only"),
        ({"content": None, "refusal": "I cannot do that"}, "refused: I cannot do that"),
        ({"content": None, "tool_calls": [{"id": "1"}]}, "called tools"),
        ({"content": None}, "no text"),
    ],
)
def test_what_comes_in_place_of_a_text_is_said(message: object, note: str) -> None:
    answer = read_answer(choice(message=message, finish_reason="length"), CHAT)
    assert answer.completions[0].text == ""
    assert answer.completions[0].finish_reason == "length"
    assert note in answer.completions[0].note
    assert read_answer(choice(message={"content": "ab"}), CHAT).completions[0].note == ""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "words", "code": 502}}, BadAnswer),
        ({"error": "words"}, BadAnswer),
        ({"error": {"message": "words"}, "choices": []}, BadAnswer),
        ({"choices": [{"error": {"message": "words"}, "finish_reason": "error"}]}, BadAnswer),
        ({"error": {"message": "words", "code": "rate"}}, BadAnswer),
        ({"error": {"message": "words", "code": 429}}, Again),
        ({"error": {"message": "words: context length", "code": 400}}, RequestRefused),
        ({"error": {"message": "words", "code": "413"}}, RequestRefused),
        ({"object": "error", "message": "words"}, BadAnswer),
        ({"detail": "words"}, BadAnswer),
    ],
)
def test_an_error_that_comes_as_an_answer(body: object, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="words"):
        read_answer(json.dumps(body).encode(), CHAT)


@pytest.mark.parametrize(
    ("prompt", "completion", "read"), [(-5, None, (0, 0)), ("3", {}, (0, 0)), (3.0, 4.0, (3, 4))]
)
def test_usage_that_cannot_be_is_none(
    prompt: object, completion: object, read: tuple[int, int]
) -> None:
    usage = {"prompt_tokens": prompt, "completion_tokens": completion}
    body = {"choices": [{"text": "", "index": None}], "usage": usage}
    answer = read_answer(json.dumps(body).encode(), PROMPT)
    assert (answer.prompt_tokens, answer.completion_tokens) == read


KEYS = st.sampled_from(
    ["choices", "text", "message", "content", "logprobs", "top_logprobs", "tokens", "usage"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS | st.text(), inner),
    max_leaves=12,
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()), st.booleans())
def test_any_bytes_are_an_answer_or_a_bad_one(data: bytes, chat: bool) -> None:
    request = changed(CHAT if chat else PROMPT, logprobs=1, stop=("a",))
    try:
        answer = read_answer(data, request)
    except (BadAnswer, RequestRefused):
        return
    msgspec.json.encode(answer.completions)


@given(st.binary() | JSON.map(lambda value: json.dumps({"data": value}).encode()))
def test_any_bytes_are_a_list_of_models_or_a_bad_answer(data: bytes) -> None:
    try:
        read_models(data)
    except BadAnswer:
        return


# ---- faults


WAITS = [
    ("", None),
    ("3", 3.0),
    (" 0.5 ", 0.5),
    ("-4", 0.0),
    ("nan", None),
    ("inf", None),
    ("1e999", None),
    ("Sun, 06 Nov 1994 08:49:47 GMT", None),
    ("soon", None),
]


@pytest.mark.parametrize(("value", "seconds"), WAITS)
def test_retry_after(value: str, seconds: float | None) -> None:
    found = fault(429, value, "", what="x")
    assert isinstance(found, Again)
    assert found.retry_after_s == seconds


@given(st.text())
def test_any_retry_after_is_a_time_or_none(value: str) -> None:
    found = fault(503, value, "", what="x")
    assert isinstance(found, Again)
    seconds = found.retry_after_s
    assert seconds is None or 0 <= seconds < math.inf


STATUSES = [
    (408, Again, False),
    (409, Again, False),
    (425, Again, False),
    (429, Again, True),
    (500, Again, False),
    (503, Again, True),
    (529, Again, True),
    (599, Again, False),
    (400, RequestRefused, False),
    (413, RequestRefused, False),
    (422, RequestRefused, False),
    (401, ConfigError, False),
    (418, ConfigError, False),
    (301, ConfigError, False),
]


@pytest.mark.parametrize(("status", "kind", "overloaded"), STATUSES)
def test_statuses(status: int, kind: type[Exception], overloaded: bool) -> None:
    found = fault(status, "2", "", what="x")
    assert type(found) is kind
    if isinstance(found, Again):
        assert (found.overloaded, found.retry_after_s) == (overloaded, 2.0)


def parsed(body: bytes) -> object:
    """As OpenAI's client hands it on."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


MESSAGES = [
    (b'{"message": "too long", "code": 400}', '{"message": "too long", "code": 400}'),
    (b'"plain"', "plain"),
    (b'[{"loc": ["body", "n"]}]', '[{"loc": ["body", "n"]}]'),
    (b"<html>\n bad\x1b[31m gateway", "<html> bad⟨U+001B⟩[31m gateway"),
    (b"", ""),
    (b"null", ""),
]


@pytest.mark.parametrize(("body", "message"), MESSAGES)
def test_messages(body: bytes, message: str) -> None:
    assert said(parsed(body)) == message


@given(st.binary() | JSON.map(lambda value: json.dumps({"error": value}).encode()))
def test_any_message_is_one_short_line(body: bytes) -> None:
    message = said(parsed(body))
    assert len(message) <= 600
    assert "\n" not in message
