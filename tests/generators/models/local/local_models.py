"""What the tests of local models share. Torch is imported inside, so that the tests without it can
import this file too."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from veristone import Generation, GenerationRequest, Model
from veristone.generators.models.config import ModelConfig, VLLMConfig
from veristone.generators.models.registry import open_model
from veristone.training.tiny import prompts
from veristone.training.tiny.tasks import sample_tasks

__all__ = ["TASKS", "References", "ask", "need", "opened", "serving", "vllm_settings"]

TASKS = sample_tasks(0, 40, "align")
_START_S = 400
"""A busy machine imports vLLM three times in this; a quiet one is ready after 30 s."""


@dataclass(frozen=True)
class References:
    """What transformers answers."""

    greedy: list[Generation]
    """To each task."""
    with_logprobs: Generation
    """To the first task: 8 tokens, 3 log-probabilities each."""


def need(*packages: str) -> None:
    """Skip the test where a package is missing."""
    for name in packages:
        pytest.importorskip(name, reason=f"{name} is not installed: make test-models")


def opened(config: ModelConfig) -> AbstractAsyncContextManager[Model]:
    """Open a model; its module is imported now, under the test's own filters of warnings."""
    need("torch", config.kind)
    return open_model(config)


def ask(which: int, **changes: Any) -> GenerationRequest:
    """A request for a solution and tests of one of the tasks."""
    values: dict[str, Any] = {
        "id": f"ask {which}",
        "prompt": prompts.answer_prompt(TASKS[which].instruction),
        "max_tokens": 60,
    }
    return GenerationRequest(**{**values, **changes})


def vllm_settings(folder: Path) -> VLLMConfig:
    """Settings that let vLLM start fast and leave the machine's memory to others."""
    return VLLMConfig(
        model=str(folder),
        dtype="float32",
        enforce_eager=True,
        extra={"kv_cache_memory_bytes": 1 << 28},
    )


@contextlib.contextmanager
def serving(arguments: Sequence[str], log: Path, **environment: str) -> Generator[str]:
    """Run a Python module as a server on a free port; its address, once it answers.

    The server and everything it started are gone afterwards.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, *arguments, "--host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    try:
        _wait_for(server, f"http://127.0.0.1:{port}/v1/models", log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        _end(server)


def _wait_for(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the server did not come up:\n{log.read_text(errors='replace')[-3000:]}")


def _end(server: "subprocess.Popen[bytes]") -> None:
    group = server.pid  # of a session of its own
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(30)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    server.wait(10)
    deadline = time.monotonic() + 10
    while _alive(group) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(group), "processes of the server are left"


def _alive(group: int) -> bool:
    return any(_group_of(process) == group for process in Path("/proc").glob("[0-9]*"))


def _group_of(process: Path) -> int:
    """The process group of a process that still runs; 0 for others."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[2])
