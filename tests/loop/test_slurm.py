"""The job for Slurm is a right script, calls commands that exist, and goes on after its time."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from veristone.cli.main import main

JOB = Path(__file__).parents[2] / "examples/slurm/align.sbatch"
VERISTONE = """#!/bin/bash
echo "$@" >> "$CALLS"
[[ $1 == doctor ]] && exit 0
trap 'exit 143' TERM
touch "$CALLS.running"
for _ in $(seq 200); do sleep 0.05; [[ -e "$CALLS.end" ]] && exit "$(cat "$CALLS.end")"; done
"""


@pytest.fixture
def job(tmp_path: Path) -> dict[str, str]:
    """An environment in which `veristone` and `scontrol` only write down what they are told."""
    for name, text in (
        ("veristone", VERISTONE),
        ("scontrol", '#!/bin/bash\necho "$@" >> "$CALLS"'),
    ):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    more = {"CALLS": str(tmp_path / "calls"), "SLURM_JOB_ID": "7", "SLURM_SUBMIT_DIR": "/data"}
    return {**os.environ, "PATH": path, **more}


def start(job: dict[str, str], tmp_path: Path) -> "subprocess.Popen[bytes]":
    words = ["bash", str(JOB), "starcoder2-instruct", str(tmp_path / "run"), "--gpus", "8"]
    running = subprocess.Popen(words, env=job)
    while not (tmp_path / "calls.running").exists():
        assert running.poll() is None
        time.sleep(0.02)
    return running


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines()


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_the_job_is_a_right_script() -> None:
    subprocess.run(["shellcheck", str(JOB)], check=True)


def test_bash_can_read_the_job() -> None:
    subprocess.run(["bash", "-n", str(JOB)], check=True)


def test_what_the_job_calls_is_there(
    job: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "calls.end").write_text("0")
    assert start(job, tmp_path).wait() == 0
    doctor, align = calls(tmp_path)
    assert doctor.startswith("doctor")
    assert align.split()[:2] == ["align", "starcoder2-instruct"]
    monkeypatch.chdir(tmp_path)
    assert main([*align.split(), "--dry-run"]) == 0


def test_a_failure_is_the_jobs(job: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "calls.end").write_text("1")
    assert start(job, tmp_path).wait() == 1
    assert not any("requeue" in line for line in calls(tmp_path))


def test_a_job_whose_time_is_up_goes_back_into_the_queue(
    job: dict[str, str], tmp_path: Path
) -> None:
    running = start(job, tmp_path)
    running.send_signal(signal.SIGTERM)
    assert running.wait() == 0
    assert calls(tmp_path)[-1] == "requeue 7"
