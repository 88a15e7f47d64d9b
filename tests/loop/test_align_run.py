"""Steps as processes: done once, resumed, ended with the parent. The commands are small scripts."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from veristone import ConfigError
from veristone.loop.plan import Step
from veristone.loop.run import Progress, StepFailed, done, run_steps, stale

SCRIPT = """
import pathlib, sys, time
out = pathlib.Path(sys.argv[1])
(out / "started").open("a").write("x")
print("working on", out, flush=True)
wait = out / "wait"
while wait.exists():
    time.sleep(0.02)
if (out / "fail").exists():
    print("no luck", file=sys.stderr)
    sys.exit(3)
(out / "result").write_text("done")
"""


def step(name: str, digest: str = "d1", after: tuple[str, ...] = ()) -> Step:
    """A step whose launcher runs the script above in place of `veristone`."""
    launcher = (sys.executable, "-c", SCRIPT, name)
    return Step(
        kind="seeds", name=name, variant="main", launcher=launcher, after=after, digest=digest
    )


STEPS = [step("one"), step("two", after=("one",))]


def starts(folder: Path, name: str) -> int:
    return len((folder / name / "started").read_text())


async def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    seen: list[Progress] = []
    await run_steps(tmp_path, STEPS, seen.append)
    await run_steps(tmp_path, STEPS, seen.append)
    assert [starts(tmp_path, name) for name in ("one", "two")] == [1, 1]
    assert all(done(tmp_path, each) for each in STEPS)
    assert {progress.step.name for progress in seen} == {"one", "two"}
    assert any(progress.line == "working on one" for progress in seen)
    assert json.loads((tmp_path / "one/step.json").read_text())["wall_s"] > 0


async def test_a_failed_step_stops_the_run_and_shows_its_log(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/fail").touch()
    with pytest.raises(StepFailed, match=r"status 3(.|\n)*no luck"):
        await run_steps(tmp_path, STEPS, lambda _: None)
    assert not (tmp_path / "two").exists()
    (tmp_path / "one/fail").unlink()
    await run_steps(tmp_path, STEPS, lambda _: None)
    assert starts(tmp_path, "one") == 2


async def test_a_step_of_other_settings_is_noticed(tmp_path: Path) -> None:
    await run_steps(tmp_path, STEPS, lambda _: None)
    changed = [STEPS[0], msgspec.structs.replace(STEPS[1], digest="d2")]
    assert stale(tmp_path, changed) == [changed[1]]
    shutil.rmtree(tmp_path / "two")
    await run_steps(tmp_path, changed, lambda _: None)
    assert [starts(tmp_path, name) for name in ("one", "two")] == [1, 1]


async def test_a_damaged_mark_is_named(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/step.json").write_text("{")
    with pytest.raises(ConfigError, match=r"step\.json is damaged"):
        await run_steps(tmp_path, STEPS, lambda _: None)


async def test_cancelling_ends_the_process_and_the_run_goes_on_later(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one/wait").touch()
    running = asyncio.ensure_future(run_steps(tmp_path, STEPS, lambda _: None))
    await until(lambda: (tmp_path / "one/started").exists())
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert not alive("one")
    (tmp_path / "one/wait").unlink()
    await run_steps(tmp_path, STEPS, lambda _: None)
    assert starts(tmp_path, "one") == 2


async def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "one").mkdir(parents=True)
    (folder / "one/wait").touch()
    code = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from test_align_run import STEPS\n"
        "from veristone.loop.run import run_steps\n"
        "asyncio.run(run_steps(Path(sys.argv[2]), STEPS, lambda _: None))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(Path(__file__).parent), str(folder)])
    await until(lambda: (folder / "one/started").exists())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    await until(lambda: not alive(str(folder)))


def alive(word: str) -> bool:
    """Whether a process of the script still works in the folder."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes()
            where = str((path / "cwd").resolve())
        except OSError:
            continue
        if b"working on" in command and (word in where or word.encode() in command.split(b"\0")):
            return True
    return False


async def until(true: object, seconds: float = 20) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
