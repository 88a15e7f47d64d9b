"""The loop on a tiny model: its arithmetic here, and the whole of it for real where torch is."""

import importlib.util
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from veristone.loop.plan import folder_name
from veristone.loop.toy_results import (
    CONTROL,
    EVALUATIONS,
    MODELS,
    ToyResults,
    interval,
    read_repetition,
)
from veristone.training.tiny.files import HELD_OUT, OVERLAP

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


TASKS = [
    {"instruction": f"Write a function f(x) that returns '{letter}' if x is 5 and 'z' otherwise.",
     "code": f"def f(x):\n    return '{letter}' if x == 5 else 'z'"}
    for letter in "abcd"
]  # fmt: skip


PASSED = {"id": "a", "decision": "pass", "reason": "passed"}
STRENGTHS = [{"vacuous": False, "stubs": 4}, {"vacuous": True, "stubs": 2}]


def rows(path: Path, found: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in found))


def finished(folder: Path, main: list[dict[str, str]], control: list[dict[str, str]]) -> Path:
    """A repetition that judges by the last two of the tasks and was tuned on those given."""
    for split, task in zip(HELD_OUT, TASKS[2:], strict=True):
        rows(folder / "files" / f"{split}.jsonl", [task])
    (folder / "files" / OVERLAP).write_text('{"instructions":0,"solutions":0,"constants":0}')
    for number, (place, label) in enumerate(itertools.product(MODELS.values(), EVALUATIONS)):
        path = folder / "run" / place / folder_name(label) / "results.json"
        rows(path, [{"pass_at_k": {"base": {"pass@1": number / 10}}}])
    for variant, tasks in (("main", main), (CONTROL, control)):
        learnt = [
            {**task, "record": {"code": task["code"], "verdict": {**PASSED, "strength": strength}}}
            for task, strength in zip(tasks, STRENGTHS, strict=False)
        ]
        rows(folder / "run/round-1/selection" / variant / "selected.jsonl", learnt)
    return folder


def test_a_repetition_is_read_with_what_it_rests_on(tmp_path: Path) -> None:
    assert read_repetition(tmp_path) is None
    wrong = {**TASKS[0], "code": "def f(x):\n    return 'z'"}
    found = read_repetition(finished(tmp_path, TASKS[:2], [wrong, TASKS[1]]))
    assert found is not None
    assert found.fault() == ""
    assert found.scores["held out, T 0.8"] == {"base": 0.0, "passing": 0.3, "no filter": 0.6}
    assert ToyResults({0: found}).evidence() == [
        f"held-out tasks that {where} shows, over all seeds: 0 by instructions, 0 by solutions,"
        " 0 by constants"
        for where in ("pre-training", "tuning")
    ] + [
        "rows by seed: [2]; of the control, for the same instructions: [2]",
        "of 2 rows 2 were judged split, and the tests of 1 are vacuous",
    ]


@pytest.mark.parametrize(
    ("main", "control", "fault"),
    [
        ([TASKS[0], TASKS[3]], TASKS[:2], "in tuning held-out tasks are shown: 1 by their instr"),
        # What the control wrote by mistake for another instruction is shown all the same.
        (TASKS[:2], [TASKS[0], {**TASKS[1], "code": TASKS[2]["code"]}], "in tuning held-out tasks"),
        (TASKS[:2], TASKS[:1], "the control learnt from other instructions"),
    ],
)
def test_a_repetition_that_was_shown_a_held_out_task_has_no_result(
    main: list[dict[str, str]], control: list[dict[str, str]], fault: str, tmp_path: Path
) -> None:
    found = read_repetition(finished(tmp_path, main, control))
    assert found is not None
    assert found.fault().startswith(fault)


@pytest.mark.models
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed: make test-models"
)
def test_the_whole_loop_killed_and_started_again(tmp_path: Path) -> None:
    """A model that has learned half as long; every step is real, and done once."""
    from veristone.training.tiny.files import write_loop_files
    from veristone.training.tiny.model import LOOP

    seed = tmp_path / "seed-0"
    (seed / "files").mkdir(parents=True)
    little = replace(LOOP, documents=8000, steps=LOOP.steps // 2)
    write_loop_files(seed / "files", seed=0, instructions=80, held_out=6, preset=little)
    command = [
        *(sys.executable, "-m", "veristone", "loop", "-o", str(tmp_path), "--repetitions", "1"),
        *("--instructions", "80", "--held-out", "6"),
    ]
    run = seed / "run"
    first = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 300
    while not (run / "round-1/selection/main/step.json").exists():
        assert first.poll() is None, "the run ended early"
        assert time.monotonic() < end
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    done = {path: path.read_text() for path in run.rglob("step.json")}
    second = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr[-3000:]
    assert "tuning shows, over all seeds: 0 by instructions, 0 by solutions" in second.stdout
    marks = {path: json.loads(path.read_text()) for path in run.rglob("step.json")}
    assert len(marks) == 16
    assert all(mark["done"] for mark in marks.values())
    for path, text in done.items():
        if json.loads(text).get("done"):
            assert path.read_text() == text, "a step that was done was done again"
    assert (run / "report.html").exists()
    results = sorted(run.rglob("results.json"))
    assert len(results) == 9
    for path in results:
        assert json.loads(path.read_text())["veristone"]["undecided"] == 0
    training = json.loads((run / "round-1/training/no-filter/training.json").read_text())
    assert training["state"] == "finished"
    (found,) = json.loads((tmp_path / "loop.json").read_text())["seeds"].values()
    assert found["rows"]["main"] == found["rows"]["no-filter"] > 0
    assert found["same_instructions"]
