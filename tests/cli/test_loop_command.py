"""The loop on a tiny model: its arithmetic here, and the whole of it for real where torch is."""

import importlib.util
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from veristone.loop.toy import interval

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def test_the_interval_of_a_mean_is_students() -> None:
    """Values 1, 2, 3, 4: mean 2.5, s = 1.29099, t(3) = 3.182."""
    found = interval([1.0, 2.0, 3.0, 4.0])
    assert found.mean == 2.5
    assert found.half_width_95 == pytest.approx(3.1824463 * 1.2909944 / 2, rel=1e-6)
    assert interval([0.5]).half_width_95 is None
    assert interval([0.5]).text() == "50.0"
    assert interval([0.1, 0.1]).text() == "10.0 ± 0.0"


def test_many_seeds_have_an_interval_near_the_normal_one() -> None:
    values = [0.0, 1.0] * 50
    spread = math.sqrt(100 * 0.25 / 99)
    assert interval(values).half_width_95 == pytest.approx(1.984 * spread / 10, rel=1e-3)


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="torch is installed here")
def test_without_torch_it_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "veristone", "loop", "-o", str(tmp_path / "loop")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "torch is not installed" in result.stderr
    assert not (tmp_path / "loop").exists()


def align(folder: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "veristone", "align", "tiny-loop", "-o", str(folder / "run")),
        *("--data", str(folder / "files")),
    ]


@pytest.mark.models
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed: make test-models"
)
def test_the_whole_loop_killed_and_started_again(tmp_path: Path) -> None:
    """A model that has learned half as long; every step is real, and done once."""
    from veristone.training.tiny.files import write_loop_files
    from veristone.training.tiny.model import Preset

    (tmp_path / "files").mkdir()
    little = Preset(hidden=96, layers=2, heads=3, documents=8000, steps=450)
    write_loop_files(tmp_path / "files", seed=0, instructions=80, held_out=6, preset=little)
    run = tmp_path / "run"
    first = subprocess.Popen(align(tmp_path), env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 300
    while not (run / "round-1/selection/main/step.json").exists():
        assert first.poll() is None, "the run ended early"
        assert time.monotonic() < end
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    done = {path: path.read_text() for path in run.rglob("step.json")}
    second = subprocess.run(
        align(tmp_path), env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert second.returncode == 0, second.stderr[-3000:]
    marks = {path: json.loads(path.read_text()) for path in run.rglob("step.json")}
    assert len(marks) == 13
    assert all(mark["done"] for mark in marks.values())
    for path, text in done.items():
        if json.loads(text).get("done"):
            assert path.read_text() == text, "a step that was done was done again"
    assert (run / "report.html").exists()
    results = sorted(run.rglob("results.json"))
    assert len(results) == 6
    for path in results:
        assert json.loads(path.read_text())["veristone"]["undecided"] == 0
    rows = json.loads((run / "round-1/training/no-filter/training.json").read_text())
    assert rows["state"] == "finished"
