"""From the fork to the sample's first instruction.

All but `prepare` runs in the forked child. Until `drop_privileges` it is as trusted as the warden;
after that it is the sample. A failure before the sample starts is a fault of ours and is
recorded as such, never as the sample's.
"""

from __future__ import annotations

import _random
import _signal
import contextlib
import functools
import os
import random
import resource
import signal
import sys
from typing import Any, NamedTuple, NoReturn, Optional, Sequence

from . import kernel
from .frames import Buffer
from .record import Recorder

_MAX_FD = 1024
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
# The generator behind `random`, without the wrapper around its seed.
_seed = functools.partial(_random.Random.seed, random._inst)
_set_wakeup_fd = _signal.set_wakeup_fd
_set_signal = _signal.signal
_interrupt = _signal.default_int_handler
SIGCHLD, SIGINT, SIG_DFL = int(signal.SIGCHLD), int(signal.SIGINT), int(signal.SIG_DFL)


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
    """Cut the body of a run frame: meta data, standard input, payload, then the files.

    The meta data are words behind one another, with a zero byte between: driver (and behind it
    `measured`, where test code is to be), entry, number of files, their names, number of
    arguments, the arguments, number of files to be sent back, their names, and then NAME=VALUE as
    often as there are variables. JSON would say the same and cost each child a decoder's pages.
    """
    words = bytes(parts[0]).decode("utf-8", "surrogatepass").split("\0")
    files = 3 + int(words[2])
    argv = files + 1 + int(words[files])
    fetch = argv + 1 + int(words[argv])
    driver, _, measured = words[0].partition(" ")
    meta = {
        "driver": driver,
        "measured": bool(measured),
        "entry": words[1],
        "files": words[3:files],
        "argv": words[files + 1 : argv],
        "fetch": words[argv + 1 : fetch],
        "env": dict(word.split("=", 1) for word in words[fetch:]),
    }
    return Job(meta, parts[3:], parts[2], work)


def prepare(identity: Identity, work: str) -> None:
    """Do once, in the warden, what every child inherits: a fork copies it for nothing."""
    mib = 1024 * 1024
    for what, value in (
        # Not 0: where core_pattern is a pipe, 0 still starts the host's handler and 1 does not.
        (resource.RLIMIT_CORE, 1),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_MEMLOCK, 64 * 1024),
    ):
        _set_limit(what, value)
    # Deep recursion in C is no fault of a right program; 8 MiB is a shell's habit. Programs that
    # ask for more, as is usual where they compete, may have it: it is memory as any other.
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    soft = 64 * mib if hard == resource.RLIM_INFINITY else min(64 * mib, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    # gVisor has no such limit, nor such queues; elsewhere the filter refuses them too.
    with contextlib.suppress(ValueError):
        _set_limit(resource.RLIMIT_MSGQUEUE, 0)
    if identity.gid is not None:
        # With the group the kernel would forget that this process is to die with bwrap.
        at_parents_death = kernel.death_signal()
        os.setgroups([])
        os.setresgid(identity.gid, identity.gid, identity.gid)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, at_parents_death)
    os.umask(0o022)
    os.chdir(work)


def confine(fds: Descriptors, limits: dict[str, Any], identity: Identity) -> None:
    """Give up everything but the standard descriptors and the one for the record."""
    _set_wakeup_fd(-1)
    # The functions of `signal` wrap each number into an enumeration, which costs pages.
    _set_signal(SIGCHLD, SIG_DFL)
    _set_signal(SIGINT, _interrupt)
    os.setsid()
    os.dup2(fds.stdin, 0)
    os.dup2(fds.stdout, 1)
    os.dup2(fds.stderr, 2)
    os.closerange(3, fds.record)
    os.closerange(fds.record + 1, _MAX_FD)
    if identity.uid is None:
        kernel.become_dumpable()
    score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.write(score, b"1000")
    os.close(score)
    # Backstops of the kernel; the supervisor's own checks come first and are finer.
    _set_limit(resource.RLIMIT_CPU, int(limits["cpu_kill_s"]) + 2)
    _set_limit(resource.RLIMIT_FSIZE, limits["file_bytes"])
    if limits["nproc"] is not None:
        # Where they share a user the kernel counts the warden too.
        others = 1 if identity.uid is None else 0
        _set_limit(resource.RLIMIT_NPROC, limits["nproc"] + others)
    if limits["data_bytes"] is not None:
        _set_limit(resource.RLIMIT_DATA, limits["data_bytes"])
    drop_privileges(identity)


def _set_limit(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, value))


def drop_privileges(identity: Identity) -> None:
    """Become the sample's user, with no way back and no capability left."""
    if identity.uid is None:
        return
    os.setresuid(identity.uid, identity.uid, identity.uid)
    # Changing user made this process non-dumpable; without this it could not read /proc/self.
    kernel.become_dumpable()


def write_files(job: Job, but: str = "") -> None:
    """Write the job's files as the sample's user, so they are its own; `but` one of them."""
    for name, content in zip(job.meta["files"], job.contents):
        if name == but:
            continue
        if "/" in name:
            os.makedirs(os.path.dirname(name), exist_ok=True)
        fd = os.open(name, _NEW_FILE, 0o644)
        try:
            write_all(fd, content)
        finally:
            os.close(fd)


def write_all(fd: int, content: Buffer) -> None:
    """Write all of this to a file."""
    done = 0
    while done < len(content):
        done += os.write(fd, content[done:])


def execute(job: Job, recorder: Recorder) -> NoReturn:
    """Replace this process by the program of the job; `./NAME` is one of its files."""
    os.environ.update(job.meta["env"])
    argv = job.meta["argv"]
    try:
        if argv[0].startswith("./"):
            os.chmod(argv[0], 0o755)
        # Python ignores SIGPIPE and SIGXFSZ; a program that is no Python expects the defaults.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        os.execvpe(argv[0], argv, os.environ)
    except OSError as error:
        recorder.write({"fault": f"cannot start {argv[0]}: {error.strerror}"})
    os._exit(254)


def reseed() -> None:
    """Undo what a fork copies: generators that would give every sample the same numbers."""
    # From few bytes: filling the generator from as many as `random` takes by itself costs pages.
    _seed(int.from_bytes(os.urandom(16), "little"))
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    sympy_random = sys.modules.get("sympy.core.random")
    if sympy_random is not None:
        sympy_random.rng.seed()
