"""The host's OOM killer: what it ends is no sample's failure."""

import time
from pathlib import Path
from typing import Any

import pytest

from veristone import Limits, Reason, Sample
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import Answer, FakeBackend, report
from veristone.engine.host import HostMemory
from veristone.engine.jobs import Job


def vmstat(path: Path, kills: int) -> None:
    # Behind more text than one page holds, as on machines with many counters.
    path.write_text("nr_free_pages 1\n" * 500 + f"oom_kill {kills}\nnr_last 3\n")


def test_a_kill_is_seen_by_everybody_who_was_at_work(tmp_path: Path) -> None:
    path = tmp_path / "vmstat"
    vmstat(path, 7)
    host = HostMemory(path)
    begun = time.monotonic()
    assert not host.killed_since(begun)
    vmstat(path, 8)
    assert host.killed_since(begun)
    assert host.killed_since(begun)
    assert not host.killed_since(time.monotonic())


@pytest.mark.parametrize("text", ["", "oom_kill\n", "oom_kill x\n", "oom_killer 3\n", None])
def test_a_kernel_that_does_not_say(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "vmstat"
    if text is not None:
        path.write_text(text)
    assert not HostMemory(path).killed_since(0.0)


def test_this_kernel_says() -> None:
    assert not HostMemory().killed_since(time.monotonic() + 1)
    assert "\noom_kill " in Path("/proc/vmstat").read_text()


KILLED: dict[str, Any] = {"exit_code": None, "signal": 9}


@pytest.mark.parametrize(
    ("facts", "kills", "reason", "attempts"),
    [
        (KILLED, 1, Reason.PASSED, 2),
        (KILLED, 5, Reason.SANDBOX_ERROR, 3),
        (KILLED, 0, Reason.SIGNALLED, 1),
        ({**KILLED, "signal": 11}, 1, Reason.SIGNALLED, 1),
        ({**KILLED, "killed": "wall"}, 1, Reason.WALL_TIMEOUT, 1),
        ({**KILLED, "oom": True}, 1, Reason.MEMORY_LIMIT, 1),
        ({**KILLED, "peak_kib": 65 * 1024}, 1, Reason.SIGNALLED, 1),
        ({"exit_code": 1}, 1, Reason.RUNTIME_ERROR, 1),
    ],
)
async def test_what_the_host_killed_is_run_again(
    facts: dict[str, Any],
    kills: int,
    reason: Reason,
    attempts: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "vmstat"
    vmstat(path, 7)
    monkeypatch.setattr("veristone.engine.host._VMSTAT", path)
    met = 0

    def script(job: Job) -> Answer:
        nonlocal met
        met += 1
        if kills == 0:
            return report(**facts)
        if met > kills:
            return report()
        vmstat(path, 7 + met)
        return report(**facts)

    async with Engine(EngineConfig(sandboxes=1), backend=FakeBackend(script)) as engine:
        verdict = await engine.verify(Sample(code="", limits=Limits(memory_mib=64)))
    assert (verdict.reason, verdict.attempts) == (reason, attempts)


async def test_a_kill_that_was_another_samples_costs_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever knows when others run out of memory could have itself left out."""
    path = tmp_path / "vmstat"
    vmstat(path, 7)
    monkeypatch.setattr("veristone.engine.host._VMSTAT", path)
    backend = FakeBackend(lambda job: report(**KILLED))
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        vmstat(path, 8)
        verdict = await engine.verify(Sample(code=""))
    assert (verdict.reason, verdict.attempts) == (Reason.SIGNALLED, 2)


@pytest.mark.parametrize("kills", [0, 1, 2])
async def test_a_kill_that_nobody_knows_of_must_come_twice(kills: int) -> None:
    """Once it may be a person's, and no failure; and no program can have itself left out by it."""
    met = 0

    def script(job: Job) -> Answer:
        nonlocal met
        met += 1
        return report(**KILLED) if met <= kills else report()

    async with Engine(EngineConfig(sandboxes=1), backend=FakeBackend(script)) as engine:
        verdict = await engine.verify(Sample(code=""))
    wanted = Reason.SIGNALLED if kills == 2 else Reason.PASSED
    assert (verdict.reason, verdict.attempts) == (wanted, 1)
    assert met == 1 + (kills > 0)
