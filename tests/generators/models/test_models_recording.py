"""A run that is recorded can be replayed byte for byte, also after a kill."""

import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fake_model import FakeModel

from veristone import (
    Completion,
    ConfigError,
    GenerationRequest,
    Message,
    Model,
    ModelUnavailable,
    RequestRefused,
)
from veristone.generators.models.config import ReplayConfig
from veristone.generators.models.recording import RecordingModel, ReplayModel

ROOT = Path(__file__).parents[3]


def lines(path: Path) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(path)) as base:
        return [json.loads(line) for (line,) in base.execute("SELECT line FROM recorded")]


def ask(id: str = "r", prompt: str = "p", **more: Any) -> GenerationRequest:
    return GenerationRequest(id=id, prompt=prompt, **more)


def odd(request: GenerationRequest) -> list[Completion | str]:
    """Answers with everything that a line has to hold."""
    full = Completion(
        text=f"{request.id}: é\0\u2028\n",
        finish_reason="length",
        logprobs=({"a": -0.5, "\n": float("-inf")}, {}),
    )
    return [full, "", "plain"][: request.n] + ["more"] * (request.n - 3)


REQUESTS = [
    ask("a", n=3, seed=4, temperature=0.7, stop=("never",)),
    ask("b", "\n", n=5, logprobs=0, max_tokens=1),
    GenerationRequest(id="c/3", messages=(Message(role="user", content="u"),)),
    ask("", "no id"),
]


async def test_a_replay_is_the_run_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "run.sqlite"
    async with RecordingModel(FakeModel(odd, name="m"), path) as recorder:
        assert isinstance(recorder, Model)
        assert recorder.name == "m"
        run = await asyncio.gather(*map(recorder.generate, REQUESTS))
    async with ReplayModel(ReplayConfig(path=str(path))) as model:
        assert model.name == "m"
        again = [await model.generate(request) for request in REQUESTS]
    assert msgspec.json.encode(again) == msgspec.json.encode(run)
    assert again == run
    first = lines(path)[0]
    assert (first["n"], first["seed"], first["temperature"]) == (3, 4, 0.7)


async def test_many_coroutines_write(tmp_path: Path) -> None:
    async def late(request: GenerationRequest) -> str:
        await asyncio.sleep(random.random() / 500)
        return request.id * 1000

    async with RecordingModel(FakeModel(late), tmp_path / "r.sqlite") as recorder:
        await asyncio.gather(*(recorder.generate(ask(str(i))) for i in range(300)))
    assert {line["id"] for line in lines(tmp_path / "r.sqlite")} == {str(i) for i in range(300)}


async def test_what_failed_is_not_recorded(tmp_path: Path) -> None:
    def fails(request: GenerationRequest) -> str:
        raise ModelUnavailable("gone")

    async with RecordingModel(FakeModel(fails), tmp_path / "r.sqlite") as recorder:
        with pytest.raises(ModelUnavailable, match="gone"):
            await recorder.generate(ask())
    assert lines(tmp_path / "r.sqlite") == []


async def test_a_text_that_is_no_unicode(tmp_path: Path) -> None:
    async with RecordingModel(FakeModel(lambda _: "\ud800"), tmp_path / "r.sqlite") as recorder:
        with pytest.raises(RequestRefused, match="cannot be recorded"):
            await recorder.generate(ask())


@pytest.mark.parametrize("before", [b"notes of mine, without an end" * 9, b"PK\3\4" * 99])
async def test_somebody_elses_file_is_left_alone(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / "r.sqlite"
    path.write_bytes(before)
    with pytest.raises(ConfigError, match="cannot be a recording"):
        await RecordingModel(FakeModel(lambda _: "x"), path).__aenter__()
    assert path.read_bytes() == before


async def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "file" / "r.sqlite", tmp_path / "pipe"):
        with pytest.raises(ConfigError, match=place.name):
            await RecordingModel(FakeModel(lambda _: "x"), place).__aenter__()


async def test_two_writers_and_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    async with (
        RecordingModel(FakeModel(lambda _: "x"), path) as one,
        RecordingModel(FakeModel(lambda _: "y"), path) as other,
    ):
        await one.generate(ask("a"))
        await other.generate(ask("b"))
    async with RecordingModel(FakeModel(lambda _: "z"), path) as third:
        await third.generate(ask("c"))
    assert [line["completions"][0]["text"] for line in lines(path)] == ["x", "y", "z"]
    assert [one.name for one in tmp_path.iterdir()] == ["r.sqlite"]


async def test_lines_of_the_table_are_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    async with RecordingModel(FakeModel(odd, name="m"), path) as recorder:
        run = [await recorder.generate(request) for request in REQUESTS]
    text = tmp_path / "r.jsonl"
    text.write_text("".join(json.dumps(line) + "\n" for line in lines(path)))
    async with ReplayModel(ReplayConfig(path=str(text))) as model:
        assert [await model.generate(request) for request in REQUESTS] == run


async def test_open_and_closed(tmp_path: Path) -> None:
    recorder = RecordingModel(FakeModel(lambda _: "x"), tmp_path / "r.sqlite")
    with pytest.raises(ConfigError, match="not open"):
        await recorder.generate(ask())
    async with recorder:
        pass
    with pytest.raises(ConfigError, match="not open"):
        await recorder.generate(ask())


WRITER = """
import asyncio, sys
from fake_model import FakeModel
from veristone.generators.models.recording import RecordingModel
from veristone import GenerationRequest

async def main(path, start):
    model = FakeModel(lambda request: request.id + "x" * 3000)
    async with RecordingModel(model, path) as recorder:
        async def worker(first):
            for number in range(first, 10**9, 8):
                await recorder.generate(GenerationRequest(id=f"{start}/{number}", prompt="p"))
                print(f"{start}/{number}", flush=True)
        await asyncio.gather(*map(worker, range(8)))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.slow
async def test_a_kill_loses_nothing_that_was_returned(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    returned: list[str] = []
    for start in range(2):
        command = [sys.executable, "-c", WRITER, str(path), str(start)]
        env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, cwd=ROOT, env=env, text=True
        ) as process:
            assert process.stdout is not None
            returned.append(process.stdout.readline().strip())
            time.sleep(random.random() / 5)
            process.send_signal(signal.SIGKILL)
            # A last line that the kill tore is no id.
            returned += [line[:-1] for line in process.stdout if line.endswith("\n")]
    async with ReplayModel(ReplayConfig(path=str(path))) as model:
        assert len(returned) > 4
        for name in returned:
            answer = await model.generate(ask(name))
            assert answer.completions[0].text == name + "x" * 3000
