"""A worker in a process of its own, to be killed: pipeline_child.py FOLDER (stages|verify)."""

import asyncio
import random
import sys
from pathlib import Path

from pipeline_parts import STAGES, answer, verify, work

from engine import Engine, EngineConfig
from generators.models.fake import FakeModel
from generators.synthesis.pipeline.folder import find
from veristone import GenerationRequest

LEASE_S = 1.0


async def slowly(request: GenerationRequest) -> str | list[str]:
    await asyncio.sleep(random.random() / 20)
    return answer(request)


async def main(path: str, role: str) -> None:
    folder = find(Path(path))
    if role == "verify":
        async with Engine(EngineConfig(backend="bubblewrap", sandboxes=1)) as engine:
            await verify(folder, engine, concurrency=2, lease_s=LEASE_S)
        return
    async with asyncio.TaskGroup() as group:
        for stage in STAGES:
            group.create_task(work(folder, stage, FakeModel(slowly), lease_s=LEASE_S))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
