"""From the fork to the sample's first instruction.

Everything here runs in the forked child. Until `drop_privileges` it is as trusted as the warden;
after that it is the sample. A failure before the sample starts is a fault of ours and is
recorded as such, never as the sample's.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import sys
from typing import Any, NamedTuple, NoReturn, Optional, Sequence

from . import kernel
from .record import Recorder

LOWEST_RECORD_FD = 200
_MAX_FD = 1024


class Identity(NamedTuple):
    """Whom the sample runs as; None where it shares the warden's user."""

    uid: Optional[int]
    gid: Optional[int]


class Descriptors(NamedTuple):
    """What becomes the child's 0, 1, 2 and its record."""

    stdin: int
    stdout: int
    stderr: int
    record: int


class Job(NamedTuple):
    """A job as the child sees it: the body of the frame, still in the arena."""

    meta: dict[str, Any]
    contents: Sequence[memoryview]
    payload: memoryview
    work: str


def read_job(parts: Sequence[memoryview], work: str) -> Job:
    """Cut the body of a run frame: meta data, standard input, payload, then the files."""
    return Job(json.loads(bytes(parts[0])), parts[3:], parts[2], work)


def confine(fds: Descriptors, limits: dict[str, Any], identity: Identity, work: str) -> int:
    """Give up everything but three descriptors; return the one for the record."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    os.dup2(fds.stdin, 0)
    os.dup2(fds.stdout, 1)
    os.dup2(fds.stderr, 2)
    record = fcntl.fcntl(fds.record, fcntl.F_DUPFD_CLOEXEC, LOWEST_RECORD_FD)
    os.closerange(3, record)
    os.closerange(record + 1, _MAX_FD)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")
    _set_limits(limits)
    drop_privileges(identity)
    os.chdir(work)
    os.umask(0o022)
    return record


def drop_privileges(identity: Identity) -> None:
    """Become the sample's user, with no way back and no capability left."""
    if identity.uid is None or identity.gid is None:
        return
    os.setgroups([])
    os.setresgid(identity.gid, identity.gid, identity.gid)
    os.setresuid(identity.uid, identity.uid, identity.uid)
    # Changing user made this process non-dumpable; without this it could not read /proc/self.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def _set_limits(limits: dict[str, Any]) -> None:
    """Backstops of the kernel; the supervisor's own checks come first and are finer."""
    cpu = int(limits["cpu_kill_s"]) + 2
    mib = 1024 * 1024
    wanted = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_FSIZE: (limits["file_bytes"], limits["file_bytes"]),
        resource.RLIMIT_NOFILE: (1024, 1024),
        # Deep recursion in C is no fault of a right program; 8 MiB is a shell's habit.
        resource.RLIMIT_STACK: (64 * mib, 64 * mib),
        resource.RLIMIT_MEMLOCK: (64 * 1024, 64 * 1024),
        resource.RLIMIT_MSGQUEUE: (0, 0),
    }
    if limits.get("nproc") is not None:
        wanted[resource.RLIMIT_NPROC] = (limits["nproc"], limits["nproc"])
    if limits.get("data_bytes") is not None:
        wanted[resource.RLIMIT_DATA] = (limits["data_bytes"], limits["data_bytes"])
    for what, pair in wanted.items():
        hard = resource.getrlimit(what)[1]
        if hard != resource.RLIM_INFINITY:
            pair = (min(pair[0], hard), min(pair[1], hard))
        resource.setrlimit(what, pair)


def write_files(job: Job) -> None:
    """Write the job's files as the sample's user, so they are its own."""
    for name, content in zip(job.meta["files"], job.contents):
        folder = os.path.dirname(name)
        if folder:
            os.makedirs(folder, exist_ok=True)
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
        try:
            done = 0
            while done < len(content):
                done += os.write(fd, content[done:])
        finally:
            os.close(fd)


def execute(job: Job, recorder: Recorder) -> NoReturn:
    """Replace this process by the program of the job."""
    os.environ.update(job.meta["env"])
    argv = job.meta["argv"]
    try:
        # Python ignores SIGPIPE and SIGXFSZ; a program that is no Python expects the defaults.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        os.execvpe(argv[0], argv, os.environ)
    except OSError as error:
        recorder.write({"fault": f"cannot start {argv[0]}: {error.strerror}"})
    os._exit(254)


def reseed() -> None:
    """Undo what a fork copies: generators that would give every sample the same numbers.

    `random` reseeds itself after a fork; numpy's global generator does not.
    """
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
