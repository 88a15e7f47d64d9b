"""Recorded generations: what is found, what is refused, and files as they come."""

import asyncio
import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veristone import (
    DatasetError,
    Generation,
    GenerationRequest,
    Message,
    Model,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.models.config import ReplayConfig
from veristone.generators.models.recorded import read_line
from veristone.generators.models.recording import ReplayModel

SHARED = Path(__file__).parents[4] / "shared" / "data"


def ask(id: str = "r", prompt: str = "p", **more: Any) -> GenerationRequest:
    return GenerationRequest(id=id, prompt=prompt, **more)


def written(path: Path, *lines: Mapping[str, Any] | str | bytes) -> ReplayConfig:
    """A file of lines: objects as JSON, everything else as it is."""
    data = b""
    for line in lines:
        raw = line.encode() if isinstance(line, str) else line
        data += raw if isinstance(raw, bytes) else json.dumps(raw).encode() + b"\n"
    path.write_bytes(data)
    return ReplayConfig(path=str(path))


async def replayed(config: ReplayConfig, request: GenerationRequest) -> Generation:
    async with ReplayModel(config) as model:
        return await model.generate(request)


async def texts(config: ReplayConfig, request: GenerationRequest) -> list[str]:
    return [one.text for one in (await replayed(config, request)).completions]


# ---- what is found


async def test_by_id_then_by_prompt(tmp_path: Path) -> None:
    config = written(
        tmp_path / "r.jsonl",
        {"id": "a", "completions": ["by id"]},
        {"prompt": "p", "completions": ["by prompt"]},
    )
    assert isinstance(ReplayModel(config), Model)
    assert await texts(config, ask("a")) == ["by id"]
    assert await texts(config, ask("b")) == ["by prompt"]
    with pytest.raises(
        RequestRefused, match="request c: it is not recorded, by its id or by its prompt"
    ):
        await texts(config, ask("c", "q"))


async def test_by_messages(tmp_path: Path) -> None:
    turns = (Message(role="system", content="s"), Message(role="user", content="ü\n"))
    listed = [{"role": turn.role, "content": turn.content} for turn in turns]
    config = written(tmp_path / "r.jsonl", {"messages": listed, "completions": ["x"]})
    assert await texts(config, GenerationRequest(id="r", messages=turns)) == ["x"]
    with pytest.raises(RequestRefused):
        await texts(config, GenerationRequest(id="r", messages=turns[1:]))


async def test_everything_that_is_recorded_comes_back(tmp_path: Path) -> None:
    line = {
        "id": "r",
        "prompt": "p",
        "completions": [
            {"text": "a", "finish_reason": "length", "logprobs": [{"a": -0.5, "b": None}]},
            "plain",
        ],
        "model": "m",
        "prompt_tokens": 4,
        "completion_tokens": 9,
        "something": {"else": [1]},
    }
    config = written(tmp_path / "r.jsonl", line)
    answer = await replayed(config, ask(n=2))
    assert answer.completions[0].finish_reason == "length"
    assert answer.completions[0].logprobs == ({"a": -0.5, "b": float("-inf")},)
    assert (answer.completions[1].text, answer.completions[1].finish_reason) == ("plain", "stop")
    assert (answer.model, answer.prompt_tokens, answer.completion_tokens) == ("m", 4, 9)
    fewer = await replayed(config, ask(n=1))
    assert (fewer.prompt_tokens, fewer.completion_tokens) == (4, 0)


async def test_more_than_was_recorded(tmp_path: Path) -> None:
    config = written(tmp_path / "r.jsonl", {"id": "r", "completions": ["x", "y"]})
    with pytest.raises(RequestRefused, match="3 completions are asked for, and 2 are recorded"):
        await texts(config, ask(n=3))


async def test_log_probabilities_that_were_not_recorded(tmp_path: Path) -> None:
    config = written(tmp_path / "r.jsonl", {"id": "r", "completions": ["x"]})
    with pytest.raises(RequestRefused, match="no log-probabilities"):
        await texts(config, ask(logprobs=1))


async def test_the_name_is_the_models(tmp_path: Path) -> None:
    named = {"id": "a", "completions": ["x"], "model": "m"}
    async with ReplayModel(written(tmp_path / "r.jsonl", named)) as model:
        assert model.name == "m"
    async with ReplayModel(ReplayConfig(path=str(tmp_path / "r.jsonl"), model="o")) as model:
        assert model.name == "o"
        assert (await model.generate(ask("a"))).model == "m"
    nameless = {"id": "a", "completions": ["x"]}
    async with ReplayModel(written(tmp_path / "r.jsonl", nameless)) as model:
        assert model.name == "replay:r.jsonl"


async def test_stop_strings_end_what_was_recorded_without(tmp_path: Path) -> None:
    line = {"id": "r", "completions": [{"text": "a\nclass B", "finish_reason": "length"}]}
    config = written(tmp_path / "r.jsonl", line)
    answer = await replayed(config, ask(stop=("\nclass", "\ndef")))
    assert (answer.completions[0].text, answer.completions[0].finish_reason) == ("a", "stop")


@pytest.mark.parametrize("field", ["completions", "samples", "responses"])
async def test_the_fields_names(tmp_path: Path, field: str) -> None:
    config = written(tmp_path / "r.jsonl", {"prompt": "p", field: ["x", "y"], "task_id": 3})
    assert await texts(config, ask(n=2)) == ["x", "y"]


# ---- several lines for one request


async def test_of_two_lines_with_an_id_the_later_counts(tmp_path: Path) -> None:
    first, second = ({"id": "r", "prompt": "p", "completions": [text]} for text in "xy")
    config = written(tmp_path / "r.jsonl", first, second)
    assert await texts(config, ask()) == ["y"]
    assert await texts(config, ask("other")) == ["y"]


async def test_a_prompt_under_several_ids_is_found_by_none(tmp_path: Path) -> None:
    lines = ({"id": name, "prompt": "p", "completions": [name]} for name in "abc")
    config = written(tmp_path / "r.jsonl", *lines)
    assert await texts(config, ask("b")) == ["b"]
    with pytest.raises(RequestRefused, match="several ids"):
        await texts(config, ask("d"))


async def test_an_id_with_another_prompt_answers_another_question(tmp_path: Path) -> None:
    config = written(tmp_path / "r.jsonl", {"id": "r", "prompt": "q", "completions": ["x"]})
    with pytest.raises(RequestRefused, match="another prompt"):
        await texts(config, ask())


async def test_of_two_lines_without_an_id_the_later_counts(tmp_path: Path) -> None:
    lines = ({"prompt": "p", "samples": [text]} for text in "xy")
    assert await texts(written(tmp_path / "r.jsonl", *lines), ask()) == ["y"]


# ---- files as they come


async def test_real_recordings() -> None:
    path = SHARED / "codegen16b_humaneval_solutions.jsonl.gz"
    if not path.exists():
        pytest.skip(f"needs {path.name} in ../shared/data")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    async with ReplayModel(ReplayConfig(path=str(path), model="codegen-16b")) as model:
        for number, row in enumerate(rows):
            answer = await model.generate(ask(f"r{number}", row["prompt"], n=100))
            assert [one.text for one in answer.completions] == row["samples"]
            assert answer.model == "codegen-16b"


LINES = b'{"id": "a", "completions": ["1"]}\n\n  \n{"id": "b", "completions": ["2"]}'


@pytest.mark.parametrize(
    "data",
    [
        LINES,
        LINES + b"\n",
        b"\xef\xbb\xbf" + LINES,
        LINES.replace(b"\n", b"\r\n"),
        gzip.compress(LINES),
        gzip.compress(LINES[:20]) + gzip.compress(LINES[20:]),
        LINES + b'\n{"id": "c", "comple',
        LINES + b"\n" + b"\0" * 100,
        gzip.compress(LINES + b'\n{"id": "c", "comple'),
    ],
    ids=range(9),
)
async def test_files_that_are_read(tmp_path: Path, data: bytes) -> None:
    config = written(tmp_path / "any-name", data)
    assert await texts(config, ask("a")) == ["1"]
    assert await texts(config, ask("b")) == ["2"]


GOOD = '{"id": "a", "completions": ["1"]}\n'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (GOOD + '{"id": "c", "comple\n' + GOOD, "line 2"),
        (GOOD + "\n5\n" + GOOD, "line 3"),
        (GOOD + '{"id": "a"}\n', "line 2: it needs one of completions, samples and responses"),
        (GOOD + '{"id": "a", "samples": [], "responses": []}\n', "line 2: .* samples and resp"),
        (GOOD + '{"completions": ["x"]}\n', "line 2: it has no id, no prompt and no messages"),
        (GOOD + '{"id": "a", "completions": [7]}\n', r"line 2: .*completions\[0\]"),
        (GOOD + '{"id": "a", "completions": [{}]}\n', "line 2: .*text"),
        (GOOD + '{"id": 5, "completions": ["x"]}\n', r"line 2: .*\$.id"),
        (
            '{"prompt": "p", "messages": [{"role": "user", "content": ""}], "samples": []}\n',
            "line 1: it has both",
        ),
        ('{"messages": [{"role": "robot", "content": ""}], "samples": []}\n', "line 1: .*robot"),
        ('{"id": ' + "[" * 100_000 + "\n", "line 1"),
        ("", "there is no recording in it"),
        ("\n\n", "there is no recording in it"),
        ('{"id": "torn', "there is no recording in it"),
    ],
)
async def test_files_that_are_not(tmp_path: Path, data: str, words: str) -> None:
    with pytest.raises(DatasetError, match=f"r.jsonl: {words}"):
        await texts(written(tmp_path / "r.jsonl", data), ask("a"))


async def test_damaged_and_missing_files(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(50_000).hex().encode())
    with pytest.raises(DatasetError, match=r"r.jsonl: .*end"):
        await texts(written(tmp_path / "r.jsonl", whole[:-20_000]), ask())
    with pytest.raises(DatasetError, match="No such file"):
        await texts(ReplayConfig(path=str(tmp_path / "nothing")), ask())
    with pytest.raises(DatasetError, match="no file"):
        await texts(ReplayConfig(path=str(tmp_path)), ask())
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DatasetError, match="no file"):
        await texts(ReplayConfig(path=str(tmp_path / "pipe")), ask())


async def test_a_link_is_followed(tmp_path: Path) -> None:
    written(tmp_path / "r.jsonl", GOOD)
    (tmp_path / "link").symlink_to(tmp_path / "r.jsonl")
    assert await texts(ReplayConfig(path=str(tmp_path / "link")), ask("a")) == ["1"]


async def test_opening_can_be_cancelled(tmp_path: Path) -> None:
    model = ReplayModel(written(tmp_path / "r.jsonl", GOOD * 20_000))
    opening = asyncio.create_task(model.__aenter__())
    await asyncio.sleep(0.01)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    with pytest.raises(ModelUnavailable, match="not open"):
        await model.generate(ask("a"))


async def test_open_and_closed(tmp_path: Path) -> None:
    model = ReplayModel(written(tmp_path / "r.jsonl", GOOD))
    with pytest.raises(ModelUnavailable, match="not open"):
        await model.generate(ask("a"))
    async with model:
        assert (await model.generate(ask("a"))).completions[0].text == "1"
    with pytest.raises(ModelUnavailable, match="not open"):
        await model.generate(ask("a"))


# ---- any file

LINE = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b", ""]) | st.none(),
        "prompt": st.sampled_from(["p", "q", ""]) | st.none(),
        "messages": st.just([{"role": "user", "content": "p"}]) | st.just([]),
        "completions": st.lists(st.text() | st.just({"text": "x"}), max_size=3),
        "samples": st.lists(st.text(), max_size=3),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(LINE.map(lambda line: json.dumps(line).encode()) | st.binary(max_size=30)))
def test_any_file_is_replayed_or_refused(tmp_path: Path, lines: list[bytes]) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"\n".join(lines))

    async def answers() -> None:
        async with ReplayModel(ReplayConfig(path=str(path))) as model:
            for name in "abc":
                try:
                    answer = await model.generate(ask(name))
                except RequestRefused:
                    continue
                assert len(answer.completions) == 1

    try:
        asyncio.run(answers())
    except DatasetError:
        return


@given(st.binary() | LINE.map(lambda line: json.dumps(line).encode()))
def test_any_line_is_read_or_bad(data: bytes) -> None:
    try:
        line = read_line(data)
    except ValueError:
        return
    assert line.id or line.prompt or line.messages
