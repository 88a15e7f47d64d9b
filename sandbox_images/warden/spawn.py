"""Programs that are started straight from the warden, by posix_spawn(3), and not forked first.

A fork copies the page tables of an interpreter, and every line of Python between it and the exec
copies pages: together more than a small program takes. A spawned child shares the warden's memory
until it is the program, and runs nothing in between but a few calls of libc. So what makes it the
sample's is there before: files are written by the warden, as the sample's user; real and
effective user are the sample's while the child is made, and the exec makes the effective user the
saved one, so the program has no way back (credentials(7)). While its own saved user is root the
warden cannot be traced, read or limited by anybody with the sample's id, and the first process of
a namespace takes no signal that it has no handler for.

Not given this way are limits that a process has to have before its first instruction: whoever
lowers them for a child has lowered them for good. So a program is spawned only where control
groups hold memory and processes at what the job asks for. The largest file is a soft limit; the
file systems have sizes of their own.

The job's words become strings of the warden's. No sample ever sees its memory, if only no Python
program is forked from it afterwards.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from typing import Any, Iterator, Optional

from . import kernel
from .child import Descriptors, Identity, Job, write_files

_EXEC = b"exec\0"
# Python ignores these; a program that is no Python expects the defaults.
DEFAULTS = (int(signal.SIGPIPE), int(signal.SIGXFSZ))
_KILLED_FIRST = b"1000"
_environment = dict(os.environ)


def is_program(words: memoryview) -> bool:
    """True for a job that is a program of its own: its words begin with that."""
    return words[: len(_EXEC)] == _EXEC


def possible(limits: dict[str, Any], words: memoryview) -> bool:
    """True for such a job where nothing but control groups has to bound it."""
    return is_program(words) and limits["nproc"] is None and limits["data_bytes"] is None


def spawn(job: Job, fds: Descriptors, limits: dict[str, Any], identity: Identity) -> int:
    """Write the job's files and start its program; return its process.

    Raises:
        OSError: it cannot be started.
        ValueError: a word of the job is no word that a program could be given.
    """
    argv = job.meta["argv"]
    with as_the_sample(identity.uid), largest_file(limits["file_bytes"]):
        write_files(job)
        if argv[0].startswith("./"):
            os.chmod(argv[0], 0o755)
        pid = start(argv, job.meta["env"], fds)
    expendable(pid)
    return pid


def start(argv: list[str], variables: dict[str, str], fds: Descriptors) -> int:
    """Start a program as whoever the warden is at this moment; return its process.

    Raises:
        OSError, ValueError: as `spawn` does.
    """
    environment = {**_environment, **variables}
    return os.posix_spawn(
        _found(argv[0], environment),
        argv,
        environment,
        file_actions=[(os.POSIX_SPAWN_DUP2, fd, at) for at, fd in enumerate(fds[:3])],
        setsid=True,
        setsigdef=DEFAULTS,
    )


def expendable(pid: int) -> None:
    """Have the kernel end this process before others of the sandbox where memory runs out."""
    with contextlib.suppress(OSError):  # it has ended already
        score = os.open(f"/proc/{pid}/oom_score_adj", os.O_WRONLY)
        os.write(score, _KILLED_FIRST)
        os.close(score)


@contextlib.contextmanager
def as_the_sample(uid: Optional[int]) -> Iterator[None]:
    """Have the sample's real and effective user for a while."""
    if uid is None:
        yield
        return
    # Of its own accord the kernel would forget that this process is to die with bwrap.
    at_parents_death = kernel.death_signal()
    os.setresuid(uid, uid, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, at_parents_death)


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let files grow to `size` bytes alone, in what is started meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    hard = before[1]
    soft = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _found(program: str, environment: dict[str, str]) -> str:
    """Return where a program is, as a shell looks for it; where it is nowhere, its name."""
    if "/" in program:
        return program
    paths = (f"{folder}/{program}" for folder in os.get_exec_path(environment))
    return next((path for path in paths if os.access(path, os.X_OK)), program)
