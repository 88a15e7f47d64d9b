"""What the warden does to its memory before the first sample: forks are to copy little."""

import subprocess
import sys
from pathlib import Path

import pytest

_DENSE = """
from veristone.sandbox_images.warden import holes

kept = [bytes(100) for _ in range(10_000)]
del kept[::2]
holes.fill()
new = sorted(id(each) for each in [bytes(100) for _ in range(20)])
print(new[-1] - new[0])
"""
_UNCHANGED = """
import dis, gc, os, sys, threading
from veristone.sandbox_images.warden import python_main, rehearsal

def state():
    names = {name: id(module) for name, module in sys.modules.items()}
    hooks = threading.excepthook, threading.__excepthook__, sys.excepthook
    return names, hooks, os.listdir("/proc/self/fd"), gc.get_freeze_count(), gc.isenabled()

before = state()
rehearsal.rehearse(os.getcwd())
print(state() == before)
ran = {each.opname for each in dis.get_instructions(python_main.source_of, adaptive=True)}
print("LOAD_GLOBAL" not in ran)
"""


def _said_by(script: str, folder: Path) -> list[str]:
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_what_comes_behind_filled_holes_lies_together(tmp_path: Path) -> None:
    [spread] = _said_by(_DENSE, tmp_path)
    assert int(spread) <= 20 * 144


@pytest.mark.skipif(sys.version_info < (3, 11), reason="it shows no code as it has become")
def test_a_rehearsal_leaves_nothing_but_code_that_has_run(tmp_path: Path) -> None:
    assert _said_by(_UNCHANGED, tmp_path) == ["True", "True"]
