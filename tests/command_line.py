"""The command as a person types it, run in this process.

A process of its own costs its imports, half a second and more. Only what is told by a process takes
one: signals, a closed descriptor, a module that is hidden.
"""

import contextlib
import io
import subprocess

from veristone.cli.main import main

__all__ = ["veristone"]


def veristone(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Return the exit status of `veristone ARGUMENTS`, and what it printed where."""
    words = [str(argument) for argument in arguments]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(words)
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())
