"""Every example does what it says.

That of TRL is run by tests/training/finetune/test_grpo_reward.py, where TRL is.
"""

import asyncio
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyarrow import parquet
from served import served

EXAMPLES = Path(__file__).parents[1] / "examples"

pytestmark = pytest.mark.bubblewrap


def _run(*command: str) -> str:
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def test_the_samples_of_every_kind() -> None:
    output = _run(
        sys.executable,
        "-m",
        "veristone",
        "verify",
        str(EXAMPLES / "samples.jsonl"),
        "--backend",
        "bubblewrap",
        "--quiet",
    )
    reasons = {verdict["id"]: verdict["reason"] for verdict in map(json.loads, output.splitlines())}
    assert reasons.pop("reward hack") == "early_exit"
    assert set(reasons.values()) == {"passed"}
    assert len(reasons) == 6


def test_in_a_program() -> None:
    lines = _run(sys.executable, str(EXAMPLES / "in_a_program.py")).splitlines()
    assert lines[0] == "right: pass (passed) "
    assert lines[1].startswith("wrong: fail (assertion_failed)")
    assert lines[2].startswith("hack: fail (early_exit)")
    assert lines[3] == "1 of 3 passed"


@pytest.mark.slow
def test_over_http() -> None:
    output = _run(sys.executable, str(EXAMPLES / "over_http.py"), "--backend", "bubblewrap")
    assert output.splitlines() == [
        "POST /v1/verify: right: pass (passed)",
        "POST /v1/verify: wrong: fail (assertion_failed)",
    ]


@pytest.mark.slow
def test_curl() -> None:
    with served("--sandboxes", "2") as (url, _):
        blocks = _run("bash", str(EXAMPLES / "curl.sh"), url).split("\n\n")
    one, many, fusion, slime = (block.splitlines()[1:] for block in blocks)
    assert json.loads(one[0])["decision"] == "pass"
    verdicts = [json.loads(line) for line in many]
    assert {each["id"]: each["decision"] for each in verdicts} == {"right": "pass", "wrong": "fail"}
    assert json.loads(fusion[0])["run_result"]["stdout"] == "42\n"
    assert slime == ["1.0"]


@pytest.mark.slow
def test_verl(tmp_path: Path) -> None:
    """Its rows and keys, as verl uses them; verl itself, which wants GPUs, is a stand-in."""
    said = tmp_path / "said"
    python = tmp_path / "python3"
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -m ] && {{ printf "%s\\n" "$@" > {said}; exit; }}\n'
        f'exec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    with served("--sandboxes", "1") as (url, _):
        command = ["bash", str(EXAMPLES / "verl_grpo.sh"), "model", url, "trainer.total_epochs=1"]
        subprocess.run(command, check=True, cwd=tmp_path, env=os.environ | {"PATH": path})
        words = said.read_text().splitlines()
        assert words[:2] == ["-m", "verl.trainer.main_ppo"]
        assert words[-1] == "trainer.total_epochs=1"
        keys = dict(word.lstrip("+").split("=", 1) for word in words[2:])
        ours = "reward.custom_reward_function."
        module = importlib.import_module(keys[f"{ours}path"].removeprefix("pkg://"))
        score = getattr(module, keys[f"{ours}name"])
        rows = parquet.read_table(tmp_path / keys["data.train_files"]).to_pylist()
        answers = ["def double(x): return 2 * x", "print(input())"]

        async def scores() -> list[float]:
            found: list[float] = []
            for row, answer in zip(rows, answers, strict=True):
                truth = row["reward_model"]["ground_truth"]
                reward = await score(
                    data_source=row["data_source"],
                    solution_str=answer,
                    ground_truth=truth,
                    extra_info=row["extra_info"],
                    url=keys[f"{ours}reward_kwargs.url"],
                )
                found.append(reward["score"])
            return found

        assert asyncio.run(scores()) == [1.0, 0.0]


README = (EXAMPLES.parent / "README.md").read_text()


@pytest.mark.slow
def test_readmes_ways_over_http() -> None:
    lines = re.findall(r"^\$ (curl .*)$", README, re.M)
    with served("--sandboxes", "1") as (url, _):
        native, fusion = (
            json.loads(_run("bash", "-c", line.replace("http://127.0.0.1:8080", url)))
            for line in lines
        )
    assert native["decision"] == "pass"
    assert fusion["run_result"]["stdout"] == "1\n"


def test_readmes_command(tmp_path: Path) -> None:
    found = re.search(r"\$ cat (samples\.jsonl)\n(.*?)\n\$ (veristone verify) \1", README, re.S)
    assert found is not None
    (tmp_path / found[1]).write_text(found[2] + "\n")
    words = [sys.executable, "-m", *found[3].split(), str(tmp_path / found[1])]
    verdicts = map(json.loads, _run(*words, "--backend", "bubblewrap", "--quiet").splitlines())
    assert [each["reason"] for each in verdicts] == ["passed", "early_exit"]


def test_readmes_program_and_reward(tmp_path: Path) -> None:
    program, imported = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)
    (tmp_path / "program.py").write_text(program)
    assert _run(sys.executable, str(tmp_path / "program.py")) == "pass passed\n"
    trainer: dict[str, object] = {}
    exec(imported, {"GRPOTrainer": trainer.update})
    assert callable(trainer["reward_funcs"])
