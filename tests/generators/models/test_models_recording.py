"""A run that is recorded can be replayed byte for byte, also after a kill."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

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
from veristone.generators.models.fake import FakeModel
from veristone.generators.models.recording import RecordingModel
from veristone.generators.models.replay import ReplayModel

ROOT = Path(__file__).parents[3]


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
    path = tmp_path / "folder" / "run.jsonl"
    async with RecordingModel(FakeModel(odd, name="m"), path) as recorder:
        assert isinstance(recorder, Model)
        assert recorder.name == "m"
        run = await asyncio.gather(*map(recorder.generate, REQUESTS))
    async with ReplayModel(ReplayConfig(path=str(path))) as model:
        assert model.name == "m"
        again = [await model.generate(request) for request in REQUESTS]
    assert msgspec.json.encode(again) == msgspec.json.encode(run)
    assert again == run
    first = json.loads(path.read_bytes().splitlines()[0])
    assert (first["n"], first["seed"], first["temperature"]) == (3, 4, 0.7)


async def test_many_coroutines_write_whole_lines(tmp_path: Path) -> None:
    async def late(request: GenerationRequest) -> str:
        await asyncio.sleep(random.random() / 50)
        return request.id * 1000

    async with RecordingModel(FakeModel(late), tmp_path / "r.jsonl") as recorder:
        await asyncio.gather(*(recorder.generate(ask(str(i))) for i in range(300)))
    lines = (tmp_path / "r.jsonl").read_bytes().splitlines()
    assert {json.loads(line)["id"] for line in lines} == {str(i) for i in range(300)}


async def test_what_failed_is_not_recorded(tmp_path: Path) -> None:
    def fails(request: GenerationRequest) -> str:
        raise ModelUnavailable("gone")

    async with RecordingModel(FakeModel(fails), tmp_path / "r.jsonl") as recorder:
        with pytest.raises(ModelUnavailable, match="gone"):
            await recorder.generate(ask())
    assert (tmp_path / "r.jsonl").read_bytes() == b""


async def test_a_text_that_is_no_unicode(tmp_path: Path) -> None:
    async with RecordingModel(FakeModel(lambda _: "\ud800"), tmp_path / "r.jsonl") as recorder:
        with pytest.raises(RequestRefused, match="cannot be recorded"):
            await recorder.generate(ask())


LINE = b'{"id":"a","prompt":"p","completions":["1"]}'


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (b"", b""),
        (LINE + b"\n", LINE + b"\n"),
        (LINE, LINE + b"\n"),
        (LINE + b"\n" + LINE[:-1], LINE + b"\n"),
        (LINE + b"\n" + b"\0" * 200_000, LINE + b"\n"),
        (LINE[:9], b""),
        (LINE[:3], b""),
    ],
)
async def test_a_torn_line_is_removed_before_more_is_written(
    tmp_path: Path, before: bytes, kept: bytes
) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(before)
    async with RecordingModel(FakeModel(lambda _: "x"), path) as recorder:
        await recorder.generate(ask("b"))
    data = path.read_bytes()
    assert data.startswith(kept)
    assert json.loads(data[len(kept) :])["id"] == "b"


@pytest.mark.parametrize("before", [b"notes of mine, without an end", b"\n", b"PK\3\4"])
async def test_somebody_elses_file_is_left_alone(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(before)
    with pytest.raises(ConfigError, match="something else"):
        await RecordingModel(FakeModel(lambda _: "x"), path).__aenter__()
    assert path.read_bytes() == before


async def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "file" / "r.jsonl", tmp_path / "pipe", tmp_path / "r.gz"):
        with pytest.raises(ConfigError, match=place.name):
            await RecordingModel(FakeModel(lambda _: "x"), place).__aenter__()


async def test_one_writer_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    async with RecordingModel(FakeModel(lambda _: "x"), path):
        with pytest.raises(ConfigError, match="another process writes it"):
            await RecordingModel(FakeModel(lambda _: "x"), path).__aenter__()
    async with RecordingModel(FakeModel(lambda _: "x"), path):
        pass


async def test_a_full_disk_leaves_no_torn_line(tmp_path: Path) -> None:
    recorder = RecordingModel(FakeModel(lambda _: "x" * 100), tmp_path / "r.jsonl")
    write, writes = os.write, 0

    def full(file: int, data: bytes) -> int:
        nonlocal writes
        writes += 1
        if writes > 1:
            raise OSError(28, "No space left on device")
        return write(file, data[:20])

    async with recorder:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("veristone.generators.models.recording.os.write", full)
            with pytest.raises(ConfigError, match="No space left"):
                await recorder.generate(ask())
        assert (tmp_path / "r.jsonl").read_bytes() == b""
        await recorder.generate(ask())


async def test_open_and_closed(tmp_path: Path) -> None:
    recorder = RecordingModel(FakeModel(lambda _: "x"), tmp_path / "r.jsonl")
    with pytest.raises(ConfigError, match="not open"):
        await recorder.generate(ask())
    async with recorder:
        pass
    await recorder.close()
    with pytest.raises(ConfigError, match="not open"):
        await recorder.generate(ask())


WRITER = """
import asyncio, sys
from veristone.generators.models.fake import FakeModel
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
    path = tmp_path / "r.jsonl"
    returned: list[str] = []
    for start in range(4):
        command = [sys.executable, "-c", WRITER, str(path), str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
            assert process.stdout is not None
            returned.append(process.stdout.readline().strip())
            time.sleep(random.random() / 5)
            process.send_signal(signal.SIGKILL)
            # A last line that the kill tore is no id.
            returned += [line[:-1] for line in process.stdout if line.endswith("\n")]
    async with ReplayModel(ReplayConfig(path=str(path))) as model:
        assert len(model) >= len(returned) > 4
        for name in returned:
            answer = await model.generate(ask(name))
            assert answer.completions[0].text == name + "x" * 3000
