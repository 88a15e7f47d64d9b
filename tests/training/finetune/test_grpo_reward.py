"""Our reward under TRL's own GRPOTrainer, at the version that is locked."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from served import served

from veristone import Client
from veristone.integrations.trl import reward

pytestmark = pytest.mark.models


def answering(request: httpx.Request) -> httpx.Response:
    """Every other sample has no verdict."""
    answering.asked += 1  # pyright: ignore[reportFunctionMemberAccess]
    if answering.asked % 2:  # pyright: ignore[reportFunctionMemberAccess]
        return httpx.Response(503, json={"error": "no sandbox"})
    sample = json.loads(request.content)
    assert sample["check"] == {"kind": "asserts", "tests": "assert f() == 1"}
    return httpx.Response(200, json={"id": sample["id"], "decision": "fail", "reason": "no_tests"})


answering.asked = 0  # pyright: ignore[reportFunctionMemberAccess]


def test_a_step_of_grpo(tmp_path: Path, base: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed: make test-models")
    trl = pytest.importorskip("trl", reason="trl is not installed: make test-models")
    rows = [{"prompt": f"Write f, {number}.", "tests": "assert f() == 1"} for number in range(4)]
    asked = Client("http://service", transport=httpx.MockTransport(answering))
    settings = trl.GRPOConfig(
        output_dir=str(tmp_path),
        per_device_train_batch_size=4,
        num_generations=2,
        max_completion_length=8,
        max_steps=2,
        logging_steps=1,
        report_to=[],
        use_cpu=True,
        bf16=False,
        save_strategy="no",
    )
    trainer = trl.GRPOTrainer(
        model=str(base),
        args=settings,
        train_dataset=datasets.Dataset.from_list(rows),
        reward_funcs=reward(column="tests", client=asked, deadline_s=0.05),
    )
    trainer.train()
    logged: list[dict[str, Any]] = trainer.state.log_history
    assert any("undecided" in name for each in logged for name in each)


@pytest.mark.bubblewrap
@pytest.mark.timeout(400)
def test_the_example(tmp_path: Path, base: Path) -> None:
    pytest.importorskip("trl", reason="trl is not installed: make test-models")
    example = Path(__file__).parents[3] / "examples" / "trl_grpo.py"
    with served("--sandboxes", "1") as (url, _):
        command = [sys.executable, str(example), str(base), "--url", url, "--output", str(tmp_path)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "step 1: reward 0.00" in done.stdout
