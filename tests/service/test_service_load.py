"""The load test in small: clients that vanish, sandboxes and the service killed, nothing lost."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.bubblewrap, pytest.mark.slow]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_lost(workers: int) -> None:
    """The long run is `make soak ARGS=service`; docs/benchmarks.md has its numbers."""
    options = ["--samples", "600", "--workers", str(workers), "--seed", str(workers)]
    words = [sys.executable, "-m", "benchmarks.soak", "service", *options]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every promise held" in done.stdout
    for what in ("ended by SIGTERM", "ended by SIGKILL"):
        assert what in done.stdout, done.stdout
