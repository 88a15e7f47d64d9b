"""The loop with a real server and real training: vLLM is started and stopped by the run itself."""

import json
import sys
from pathlib import Path

import pytest

from veristone.cli.main import main

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]
# `vllm serve` does not work in the CPU build, which is a distribution of another name.
COMMAND = (
    *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", "MODEL"),
    *("--host", "127.0.0.1", "--port", "PORT"),
    *("--tensor-parallel-size", "TENSOR", "--data-parallel-size", "DATA"),
)
MORE = (
    *("--dtype", "float32", "--enforce-eager", "--kv-cache-memory-bytes", str(1 << 28)),
    # A seed and a prompt in pieces are its death on a CPU: see `local/vllm_model.py`.
    "--no-enable-chunked-prefill",
)


def test_base_and_tuned_model_are_served_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("vllm")
    from veristone.training.tiny.files import write_loop_files
    from veristone.training.tiny.model import Preset

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    files = tmp_path / "files"
    files.mkdir()
    little = Preset(hidden=96, layers=2, heads=3, documents=8000, steps=450)
    write_loop_files(files, seed=0, instructions=80, held_out=6, preset=little)
    folder = tmp_path / "run"
    changes = (
        f"server.command={json.dumps(COMMAND)}",
        f"server.more={json.dumps(MORE)}",
        "server.ready_s=300",
        'model.serve="server:MODEL"',
        "variants=[]",
    )
    words = [word for change in changes for word in ("--set", change)]
    assert main(["align", "tiny-loop", "-o", str(folder), "--data", str(files), *words]) == 0
    asked = {
        json.loads(path.read_text())["address"].partition("#")[2]
        for path in folder.rglob("evaluation/**/step.json")
    }
    assert asked == {str(files / "base"), "round-1/training/main/model"}
    assert len(list((folder / "servers").iterdir())) == 2
