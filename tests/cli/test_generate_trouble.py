"""`veristone generate run` interrupted, killed and robbed of its workers."""

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import pytest
from generate_recordings import RECIPE, alive, begin, descendants, files, generate, make

pytestmark = [pytest.mark.bubblewrap, pytest.mark.slow]
COUNT = 12


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """Options of a run whose verification takes some seconds."""
    seeds, recording = make(tmp_path_factory.mktemp("slow"), COUNT, slow=True)
    model = f"replay:{recording}"
    return [RECIPE, "--input", seeds, "--model", model, "--backend", "bubblewrap", "--quiet"]


@pytest.fixture(scope="module")
def reference(common: list[object], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("reference") / "run"
    result = generate("run", *common, "-o", folder)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return files(folder)


def gone(processes: dict[int, str], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while alive(processes):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_interrupted_at_odd_moments(
    common: list[object], reference: dict[str, bytes], tmp_path: Path
) -> None:
    """No process and no sandbox is left, and the next start goes on."""
    folder = tmp_path / "run"
    chance = random.Random()
    for attempt in range(4):
        number = (signal.SIGINT, signal.SIGTERM)[attempt % 2]
        process = begin("run", *common, "-o", folder)
        # The first times while it starts, later while it works.
        time.sleep(0.3 + attempt / 2 + chance.random())
        below = descendants(process.pid)
        process.send_signal(number)
        _, errors = process.communicate(timeout=40)
        if process.returncode == 0:
            break
        assert process.returncode in (128 + number, -number), errors
        assert b"Traceback" not in errors
        assert gone(below, 5)
    assert generate("run", *common, "-o", folder).returncode == 0
    assert files(folder) == reference


def test_nobody_works_on_when_the_parent_is_killed(
    common: list[object], reference: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = begin("run", *common, "-o", folder)
    workers = wait_for_workers(process.pid, folder)
    below = descendants(process.pid)
    assert workers.keys() & below.keys()
    process.kill()
    process.communicate(timeout=10)
    assert gone(below, 30)
    assert generate("run", *common, "-o", folder).returncode == 0
    assert files(folder) == reference


def test_workers_that_are_killed_are_started_again(
    common: list[object], reference: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = begin("run", *common, "-o", folder)
    killed = 0
    for pid in wait_for_workers(process.pid, folder):
        # The one that asks the recording may be done already where the machine is fast.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    _, errors = process.communicate(timeout=110)
    assert process.returncode == 0, errors
    assert 1 <= errors.count(b"started again") <= killed
    assert files(folder) == reference


def test_two_runs_in_one_folder(common: list[object], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = begin("run", *common, "-o", folder)
    try:
        wait_for_workers(process.pid, folder)
        second = generate("run", *common, "-o", folder)
        assert second.returncode == 2
        assert "another process works on this run" in second.stderr
        assert generate("status", folder).returncode == 0
    finally:
        process.terminate()
        process.communicate(timeout=40)


def wait_for_workers(pid: int, folder: Path) -> dict[int, str]:
    """The two processes below a run, once there are both."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = {
            child: start
            for child, start in descendants(pid).items()
            if f"generate\0work\0{folder}" in words(child)
            or f"generate\0verify\0{folder}" in words(child)
        }
        if len(found) == 2:
            time.sleep(0.6)
            return found
        time.sleep(0.02)
    raise AssertionError("the workers did not start")


def words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
