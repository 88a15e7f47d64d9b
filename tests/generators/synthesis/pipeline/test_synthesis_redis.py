"""A run whose queues and results are on a Redis server ends as one in files."""

import asyncio
from pathlib import Path

import pytest
from pipeline_parts import (
    STAGES,
    FakeVerifier,
    exported,
    fake_model,
    inputs,
    started,
    verify,
    work,
)

from veristone import ConfigError
from veristone.generators.synthesis.pipeline.folder import begin, find


async def test_workers_on_several_hosts(tmp_path: Path, redis_url: str) -> None:
    """Each has a copy of the folder's two files, and nothing else in common but the server."""
    folder, _ = await started(tmp_path / "files", inputs(60))
    for stage in STAGES:
        await work(folder, stage, fake_model())
    await verify(folder, FakeVerifier())
    reference = await exported(folder)

    first, fed = await started(tmp_path / "redis", inputs(60), redis=redis_url)
    assert fed.new == 60
    hosts = [first]
    for number in range(2):
        path = tmp_path / f"host-{number}"
        path.mkdir()
        for name in ("generation.json", "recipe.json"):
            (path / name).write_bytes((first.path / name).read_bytes())
        hosts.append(find(path))
    async with asyncio.TaskGroup() as group:
        for host in hosts:
            group.create_task(verify(host, FakeVerifier()))
            for stage in STAGES:
                group.create_task(work(host, stage, fake_model()))
    assert await exported(first) == reference
    assert not list(first.path.glob("*.sqlite"))
    # Another run on the same server has nothing to do with it.
    other, fed = await started(tmp_path / "other", inputs(3), redis=redis_url)
    assert fed.new == 3
    with pytest.raises(ConfigError, match="elsewhere"):
        begin(other.path, b'{"recipe": "of the tests"}\n', ["x"], redis="redis://nowhere")
