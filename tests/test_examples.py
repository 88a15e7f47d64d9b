"""Every example does what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
    assert len(reasons) == 5


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
