"""Control groups around bubblewrap's sandboxes, where this user may make any."""

import os
from pathlib import Path

import pytest
from backends import open_engine, story

from veristone import Limits, Reason, Sample
from veristone.engine.backends import cgroup

pytestmark = pytest.mark.bubblewrap


def groups() -> list[Path]:
    return [
        folder
        for parent in cgroup._parents().values()
        for folder in parent.glob(f"{cgroup._PREFIX}{os.getpid()}-*")
    ]


def need_groups() -> None:
    """Skip where none can be made."""
    group = cgroup.Group(0, 64, 8)
    made = groups()
    for folder in made:
        folder.rmdir()
    if not made or group.starting(["x"]) == ["x"]:
        pytest.skip("no control groups can be made here")


async def test_each_sandbox_has_its_own_and_leaves_none_behind() -> None:
    need_groups()
    async with open_engine("bubblewrap", sandboxes=2) as engine:
        isolation = await engine.isolation()
        assert isolation is not None
        assert "cpu-cgroup" in isolation.enforced
        assert len({folder.name for folder in groups()}) == 2
        verdict = await engine.verify(Sample(code="open('/sys/fs/cgroup/x', 'w')"))
        assert verdict.reason is Reason.RUNTIME_ERROR, story(verdict)
    assert groups() == []


async def test_groups_of_a_killed_engine_are_removed() -> None:
    need_groups()
    parents = list(cgroup._parents().values())
    # No process has ever started at tick 1 with this id.
    left = [parent / f"{cgroup._PREFIX}{os.getpid()}-1-7" for parent in parents]
    for folder in left:
        folder.mkdir()
    cgroup.remove_leftovers()
    assert not any(folder.exists() for folder in left)


async def test_hidden_cpu_time_is_counted_to_the_millisecond_where_there_is_one() -> None:
    """Twenty children that nobody waits for, too short to be looked at."""
    need_groups()
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "for _ in range(20):\n"
        "    if os.fork() == 0:\n"
        "        while time.process_time() < 0.01: pass\n"
        "        os._exit(0)\n"
        "try:\n"
        "    os.wait()\n"
        "except ChildProcessError:\n"
        "    pass\n"
    )
    async with open_engine("bubblewrap") as engine:
        verdict = await engine.verify(Sample(code=code, limits=Limits(cpu_s=5.0, wall_s=60.0)))
    assert verdict.reason is Reason.PASSED, story(verdict)
    assert 0.2 <= verdict.usage.cpu_s < 1.0, story(verdict)


async def test_sessions_get_a_quarter_of_a_share_of_the_cpus() -> None:
    need_groups()
    async with open_engine("bubblewrap") as engine, engine.session():
        files = [
            folder / name
            for parent in cgroup._parents(background=True).values()
            for folder in parent.glob(f"{cgroup._PREFIX}{os.getpid()}-*")
            for name in ("cpu.shares", "cpu.weight")
        ]
        weights = [int(file.read_text()) for file in files if file.exists()]
    assert min(weights, default=25) in (25, cgroup.BACKGROUND_SHARES)
