"""Workers in processes of their own, killed at random; real sandboxes judge."""

import asyncio
import random
import shutil
import sys
from pathlib import Path

import pytest
from backends import give_up
from pipeline_parts import STAGES, exported, fake_model, inputs, read, started, verify, work

from engine import Engine, EngineConfig
from generators.synthesis.pipeline.status import Watch, finished

pytestmark = pytest.mark.bubblewrap
CHILD = Path(__file__).with_name("pipeline_child.py")
KILLS = 20


async def child(path: Path, role: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, str(CHILD), str(path), role)


async def undisturbed(path: Path, count: int) -> dict[str, bytes]:
    folder, _ = await started(path, inputs(count))
    for stage in STAGES:
        await work(folder, stage, fake_model())
    async with Engine(EngineConfig(backend="bubblewrap", sandboxes=1)) as engine:
        await verify(folder, engine)
    return await exported(folder)


@pytest.mark.slow
async def test_killed_twenty_times_nothing_changes(tmp_path: Path) -> None:
    if shutil.which("bwrap") is None:
        give_up("bubblewrap: the program bwrap is missing")
    count = 150
    reference = await undisturbed(tmp_path / "reference", count)
    folder, _ = await started(tmp_path / "run", inputs(count))
    chance = random.Random()
    workers = [(role, await child(folder.path, role)) for role in ("stages", "verify", "verify")]
    kills = 0
    try:
        async with Watch(folder) as watch:
            while not finished(await watch.look()):
                await asyncio.sleep(chance.random())
                number = chance.randrange(len(workers))
                role, process = workers[number]
                if kills < KILLS:
                    if process.returncode is None:
                        process.kill()
                        kills += 1
                    await process.wait()
                if process.returncode is not None:
                    workers[number] = (role, await child(folder.path, role))
        for _, process in workers:
            assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        for _, process in workers:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert kills >= KILLS // 2, "the run was over before it was disturbed"
    assert await exported(folder) == reference
    verdicts = {str(r.verdict.reason) for r in read(folder, "responses") if r.verdict}
    assert verdicts == {"passed", "assertion_failed"}
