"""Does in the warden, before the first sample, what each child does around its program.

Code that runs for the first time is written to by the interpreter, and so is its cache of
attributes. What the warden has run often enough no child needs to write to, so none has to copy
the pages that it lies on. Left out is what a process cannot take back: descriptors, limits, user.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading

from .child import read_job, write_files
from .python_end import RECORD, Witness
from .python_main import Program, become_main, compile_main, needs_new_interpreter, source_of
from .record import Recorder

_ROUNDS = 32
"""More than any CPython needs to take a piece of code for one that is run often."""
_WORDS = b"whole\0main.py\x001\0main.py\x000\x000"
_PROGRAM = b"""
from typing import List

class Total:
    def __init__(self, numbers: List[int]) -> None:
        self.numbers = sorted(numbers)

    def of(self) -> str:
        return ", ".join(str(number) for number in self.numbers if number % 2)

assert Total([3, 1, 2]).of() == "1, 3"
"""


def rehearse(work: str) -> None:
    """Leave everything as it was, but for files in the work area, which are still to be wiped."""
    main, hooks = sys.modules["__main__"], (threading.excepthook, threading.__excepthook__)
    reader, writer = socket.socketpair()
    for _ in range(_ROUNDS):
        _run_once(work, writer.fileno())
    reader.close()
    writer.close()
    sys.modules["__main__"] = main
    threading.excepthook, threading.__excepthook__ = hooks
    gc.unfreeze()


def _run_once(work: str, record_fd: int) -> None:
    token = os.urandom(8).hex()
    recorder = Recorder(record_fd, token)
    nothing = memoryview(b"")
    job = read_job([memoryview(_WORDS), nothing, nothing, memoryview(_PROGRAM)], work)
    write_files(job)
    recorder.write({"ready": True})
    space = become_main(job)
    code = compile_main(job, space)
    needs_new_interpreter(job)
    witness = Witness(source_of(job), record_fd, token)
    program = Program(witness.without_exit(code), space, witness)
    for number in program.tokens():
        if number:
            exec(program.code, program.namespace)
            witness.tell(None, code.co_filename, number)
    program.may_show()
    os.close(RECORD)


__all__ = ["rehearse"]
