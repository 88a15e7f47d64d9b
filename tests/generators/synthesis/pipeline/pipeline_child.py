"""A worker in a process of its own, to be killed: pipeline_child.py FOLDER (stages|verify) MARK.

The file MARK appears when it has begun with its first record, so that it is killed at work and not
while it still imports.
"""

import asyncio
import random
import sys
from pathlib import Path

from fake_model import FakeModel
from pipeline_parts import STAGES, answer, verify, work

from veristone import GenerationRequest, Sample, Verdict
from veristone.engine import Engine, EngineConfig
from veristone.generators.synthesis.pipeline.folder import find

LEASE_S = 1.0


async def main(path: str, role: str, mark: str) -> None:
    async def slowly(request: GenerationRequest) -> str | list[str]:
        Path(mark).touch()
        await asyncio.sleep(random.random() / 4)
        return answer(request)

    class Marking(Engine):
        async def verify(self, sample: Sample) -> Verdict:
            Path(mark).touch()
            return await super().verify(sample)

    folder = find(Path(path))
    if role == "verify":
        async with Marking(EngineConfig(backend="bubblewrap", sandboxes=1)) as engine:
            await verify(folder, engine, concurrency=2, lease_s=LEASE_S)
        return
    async with asyncio.TaskGroup() as group:
        for stage in STAGES:
            group.create_task(work(folder, stage, FakeModel(slowly), lease_s=LEASE_S))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
