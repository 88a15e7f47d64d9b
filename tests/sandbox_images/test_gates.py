"""What waits for its program finds all that is its own as soon as the program is there."""

import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from veristone.sandbox_images.warden import prestart

PROGRAM, INPUT = b"read the input", b"20 40"


def test_a_program_that_is_read_from_a_pipe_has_its_input_and_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stdin = os.memfd_create("stdin")
    command = prestart.Command(["run"], ["run"], {}, 1 << 20, "main.R", True)
    gate = prestart._Piped("main.R")  # pyright: ignore[reportPrivateUsage]
    found: list[bytes] = []

    def program() -> None:
        with open("main.R", "rb", buffering=0) as file:
            found.append(file.read(100))
        found.append(os.pread(stdin, 100, 0))
        found.append(Path("main.R").read_bytes())

    reader = threading.Thread(target=program)
    reader.start()
    time.sleep(0.05)  # until it waits
    write_all = prestart.write_all

    def written(fd: int, content: Any) -> None:
        write_all(fd, content)
        time.sleep(0.05)  # the warden is not the next to run

    monkeypatch.setattr(prestart, "write_all", written)
    ahead = prestart.Prestart(None, [command], SimpleNamespace, lambda: None)  # pyright: ignore[reportArgumentType]
    waiting = SimpleNamespace(
        command=command,
        pid=1,
        gate=gate,
        pipes=SimpleNamespace(theirs=SimpleNamespace(stdin=stdin)),
    )
    job = SimpleNamespace(meta={"files": ["main.R"]}, contents=[memoryview(PROGRAM)])
    ahead.open_gate(waiting, job, memoryview(INPUT))  # pyright: ignore[reportArgumentType]
    reader.join(5)
    os.close(stdin)
    assert found == [PROGRAM, INPUT, PROGRAM]
