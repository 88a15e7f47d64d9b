"""A service as people run it: the command, in a process of its own."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

COMMAND = str(Path(sys.executable).parent / "veristone")


@contextlib.contextmanager
def served(*options: str) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """Start a service on a free port and yield its address."""
    words = [COMMAND, "serve", "--port", "0", "--backend", "bubblewrap", *options]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "listening on " in said, said + process.stderr.read()
            yield said.split("listening on ")[1].split(";")[0], process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
