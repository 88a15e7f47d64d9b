"""Workers in processes of their own, killed at random; real sandboxes judge."""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest
from pipeline_parts import STAGES, exported, fake_model, inputs, read, started, verify, work

from veristone.engine import Engine, EngineConfig
from veristone.generators.synthesis.pipeline.chain import finished

pytestmark = pytest.mark.bubblewrap
CHILD = Path(__file__).with_name("pipeline_child.py")
ROOT = Path(__file__).parents[4]
KILLS = 20


class Worker:
    """A process at work on a role, started anew when it is gone."""

    def __init__(self, path: Path, role: str, marks: Path) -> None:
        self.role = role
        self._path = path
        self._marks = marks
        self._number = 0
        self.process: asyncio.subprocess.Process | None = None

    @property
    def mark(self) -> Path:
        return self._marks / f"{id(self)}-{self._number}"

    @property
    def at_work(self) -> bool:
        return self.running and self.mark.exists()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    async def start(self) -> None:
        self._number += 1
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(CHILD), str(self._path), self.role, str(self.mark)),
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        )

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


async def undisturbed(path: Path, count: int) -> dict[str, bytes]:
    folder, _ = await started(path, inputs(count))
    for stage in STAGES:
        await work(folder, stage, fake_model())
    async with Engine(EngineConfig(backend="bubblewrap", sandboxes=1)) as engine:
        await verify(folder, engine)
    return await exported(folder)


@pytest.mark.slow
async def test_killed_twenty_times_nothing_changes(tmp_path: Path) -> None:
    count = 250
    reference = await undisturbed(tmp_path / "reference", count)
    folder, _ = await started(tmp_path / "run", inputs(count))
    chance = random.Random()
    marks = tmp_path / "marks"
    marks.mkdir()
    workers = [Worker(folder.path, role, marks) for role in ("stages", "verify", "verify")]
    kills = {"stages": 0, "verify": 0}
    try:
        async with folder.open() as chain:
            while not finished(await chain.look()):
                for worker in workers:
                    if not worker.running:
                        await worker.start()
                await asyncio.sleep(chance.random() / 5)
                victims = [worker for worker in workers if worker.at_work]
                if victims and sum(kills.values()) < KILLS:
                    victim = chance.choice(victims)
                    await victim.kill()
                    kills[victim.role] += 1
    finally:
        for worker in workers:
            await worker.kill()
    # In the middle of their work, and both kinds of them.
    assert sum(kills.values()) == KILLS, kills
    assert min(kills.values()) > 0, kills
    assert await exported(folder) == reference
    verdicts = {str(r.verdict.reason) for r in read(folder, "responses") if r.verdict}
    assert verdicts == {"passed", "assertion_failed"}
