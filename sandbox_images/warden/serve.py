"""The warden's loop: take a job, run it, report, wipe, take the next.

    python -m warden [--work DIR] [--uid N] [--socket PATH] [--shared-devices] [--shared-kernel]
                     [--preload MODULE ...] [--libraries MODULE ...] [--fork-server JSON]
                     [--prestart JSON]

Frames come on standard input and go to standard output, or both ways over one connection to a
Unix socket at PATH. With ``--uid`` the warden is root and each sample runs as that user; without
it the sample shares the warden's user (a user namespace with one id), and seccomp,
no-new-privileges and the rules for PID 1 keep the two apart. ``--shared-devices`` says that the
files under /dev are the host's own, ``--shared-kernel`` that the kernel shows other containers'
sockets too (a pod under gVisor). Modules of ``--preload`` must be there; of those of
``--libraries`` what is there is imported. ``--fork-server`` holds the arguments of a `ForkServer`,
``--prestart`` those of each `prestart.Command`.
"""

from __future__ import annotations

import argparse
import functools
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from typing import Any, Callable, NamedTuple, NoReturn, Optional

from . import (
    c_recursion,
    fetch,
    frames,
    holes,
    kernel,
    live,
    probe,
    python_asserts,
    python_calls,
    python_main,
    seccomp,
    spawn,
)
from .child import (
    Descriptors,
    Identity,
    Job,
    confine,
    drop_privileges,
    execute,
    prepare,
    read_job,
    write_files,
)
from .fork_server import ForkServer, ServerGone
from .immortal import make_immortal
from .pipes import Pipes, connect
from .prestart import Command, Prestart
from .python_end import RECORD, Witness
from .record import Recorder
from .rehearsal import rehearse
from .residue import Residue
from .session import Session
from .split import driver as split_driver
from .supervise import Run, Stream, Supervisor, wake_pipe
from .usage import Usage, Watched
from .wipe import NotClean, Wiper, devices, writable_places

# What programs import most, and what the interpreter itself loads to compile or to show an error.
# Each module makes every fork a little dearer, most of all one with libraries of its own: what is
# not here costs only the samples that import it, and the usual time.
PRELOAD = (
    *("abc", "array", "ast", "bisect", "cmath", "collections", "contextlib", "copy", "datetime"),
    *("enum", "functools", "heapq", "io", "itertools", "json", "math", "numbers", "operator"),
    *("os", "random", "re", "string", "struct", "sys", "threading", "time", "traceback"),
    *("typing", "warnings"),
)

_NEVER_STARTED = 254 << 8
"""What waitpid(2) would say of a child that exited with 254."""


class _Way(NamedTuple):
    """How a job is started."""

    pipes: Pipes
    start: Optional[Callable[[], int]] = None
    """Starts it and returns its process; None: it is forked from the warden."""
    usage: Optional[Usage] = None
    """Its account, where that is open already."""


class Warden:
    """Everything that lives as long as the sandbox."""

    def __init__(self, options: argparse.Namespace, source: int, sink: int) -> None:
        self.source, self.sink = source, sink
        self.work: str = options.work
        self.identity = Identity(options.uid, options.uid)
        prepare(self.identity, self.work)
        self.arena = frames.Arena()
        self._cgroup = kernel.Cgroup()
        self._filter = None if self._cgroup.memory_limit else seccomp.without_uncounted_memory()
        self._knows_words = False
        self._shared_devices: bool = options.shared_devices
        own_devices = [] if self._shared_devices else devices()
        places = writable_places(options.uid or os.getuid())
        self._wiper = Wiper(places, options.uid, own_devices)
        self._wiper.wipe()
        server = self._started(options.fork_server)
        self._residue = Residue(self._wiper, sockets=not options.shared_kernel)
        watched = Watched(self._cgroup, options.uid, lambda: self._wiper.used_bytes() // 1024)
        self.supervisor = Supervisor(
            self._cgroup, self._wiper, watched, wake_pipe(), _resident_kib(), server
        )
        self._prestart = self._starting_ahead(options.prestart)

    def _started(self, words: Optional[str]) -> Optional[ForkServer]:
        """Start the fork server that was asked for, where the sample has a user of its own."""
        if words is None or self.identity.uid is None or self._filter is not None:
            return None
        try:
            return ForkServer(self.identity.uid, **json.loads(words))
        except (OSError, ServerGone) as error:
            os.write(2, f"warden: without a fork server: {error}\n".encode())
            return None

    def _starting_ahead(self, words: Optional[str]) -> Optional[Prestart]:
        """Return what starts programs ahead, where the sample has a user of its own."""
        if words is None or self.identity.uid is None or self._filter is not None:
            return None
        commands = [Command(**each) for each in json.loads(words)]
        return Prestart(self.identity.uid, commands, self.supervisor.usage, self._wiper.wipe)

    def greet(self) -> None:
        """Try the walls, and tell the engine that this sandbox is ready."""
        found = probe.probe(self.identity, self._cgroup)
        found.layers["own-devices"] = not self._shared_devices
        found.layers["counted-sockets"] = self._residue.counts_sockets
        self._residue.watch(found.sysctls)
        self._residue.check()
        hello = {
            "op": "hello",
            "protocol": frames.PROTOCOL,
            "python": sys.version.split()[0],
            "places": self._wiper.places,
            "layers": found.layers,
            "namespaces": found.namespaces,
            "memory_limit": self._cgroup.memory_limit,
        }
        frames.send(self.sink, hello)

    def run(self, header: dict[str, Any], parts: list[memoryview]) -> Optional[python_main.Program]:
        """Run one job and report it; in the forked child return the program to execute."""
        started = time.monotonic()
        limits = header["limits"]
        token = os.urandom(8).hex()
        talks = header.get("live", False)
        job = read_job(parts, self.work) if self._may_spawn(limits, parts[0]) else None
        way = self._way(job, parts[1], limits, talks)
        pipes = way.pipes
        record = self.stream(pipes.record, limits["record_bytes"], 1)
        if talks:
            run: Run = live.expect(self, pipes, record, limits, started)
        else:
            streams = [self.stream(fd, *limits["keep"]) for fd in (pipes.stdout, pipes.stderr)]
            run = self.supervisor.expect(streams, record, limits, started, way.usage)
        if way.start is not None:
            _start_program(run, way.start, Recorder(pipes.theirs.record, token))
        else:
            run.pid = kernel.fork()
            if run.pid == 0:
                return self._child(pipes.theirs, limits, parts, token)
        pipes.close_theirs()
        facts = self.supervisor.watch(run)
        kept = {"stdout": run.streams[0], "stderr": run.streams[1], "record": record}
        if limits["fetch_bytes"]:
            kept["fetched"] = self.fetch(parts, limits["fetch_bytes"])
        self.report(header["id"], facts, kept, token, started)
        pipes.close_ours()
        return None

    def _may_spawn(self, limits: dict[str, Any], words: memoryview) -> bool:
        """True for a program that need not be forked from this process.

        Raises:
            NotClean: it must be, and may not any more.
        """
        spawned = self._filter is None and spawn.possible(limits, words)
        if self._knows_words and not spawn.is_program(words):
            raise NotClean("it has read words of a sample that no fork of it may know")
        self._knows_words = self._knows_words or spawned
        return spawned

    def _way(
        self, job: Optional[Job], stdin: memoryview, limits: dict[str, Any], talks: bool
    ) -> _Way:
        """Return how a job is started; without a `job` it is one that is forked from here."""
        usual = None if talks else job
        if self._prestart is not None:
            waiting = self._prestart.take(usual, limits)
            if waiting is not None and job is not None:
                start = functools.partial(self._prestart.open_gate, waiting, job, stdin)
                return _Way(waiting.pipes, start, waiting.usage)
        server = self.supervisor.fork_server
        if server is not None and usual is not None and server.serves(usual, stdin, limits):
            return _Way(server.connect(stdin), functools.partial(server.fork, usual, limits))
        pipes = connect(stdin, live=talks)
        if job is None:
            return _Way(pipes)
        return _Way(pipes, functools.partial(spawn.spawn, job, pipes.theirs, limits, self.identity))

    def clean(self) -> None:
        """Leave nothing of the job behind, or raise `NotClean`."""
        self.arena.wipe()
        self._wiper.wipe()
        self._residue.check()

    def retire(self, error: NotClean) -> NoReturn:
        """Say that no further job will be run here, and end.

        The engine may have sent one already: this is its answer, and no fault of that sample.
        """
        os.write(2, f"warden: {error}\n".encode())
        frames.send(self.sink, {"op": "retired", "why": str(error)})
        os._exit(0)

    def receive(self) -> tuple[dict[str, Any], list[memoryview]]:
        """Wait for the next frame; while none comes, start ahead what it may ask for."""
        if self._prestart is not None and not _readable(self.source, self._prestart.idle_ms):
            try:
                self._prestart.begin()
            except OSError as error:
                self._prestart = None
                os.write(2, f"warden: nothing is started ahead: {error}\n".encode())
        return frames.receive(self.source, self.arena)

    def start_nothing_ahead(self) -> None:
        """End what was started ahead, and start no other."""
        if self._prestart is not None:
            self._prestart.take(None, {})
            self._prestart = None

    def stream(self, fd: int, head: int, tail: int) -> Stream:
        """Return a stream that keeps so many bytes of its head and of its tail."""
        return Stream(fd, self.arena.take(head), self.arena.take(max(1, tail)))

    def report(
        self,
        job_id: int,
        facts: dict[str, Any],
        streams: dict[str, Stream],
        token: str,
        started: float,
    ) -> None:
        """Send the facts of a run and what was kept of its streams."""
        pieces: list[frames.Buffer] = []
        for name, stream in streams.items():
            kept, facts[name] = stream.parts()
            pieces += kept
        facts.update(
            op="report",
            id=job_id,
            token=token,
            inside_s=round(time.monotonic() - started, 6),
        )
        frames.send(self.sink, facts, pieces)

    def fetch(self, parts: list[memoryview], most_bytes: int) -> Stream:
        """Return what the files are that the engine asked for; every process of the run is gone."""
        reader, writer = os.pipe2(os.O_CLOEXEC)
        pid = kernel.fork()
        if pid == 0:
            try:
                drop_privileges(self.identity)
                names = read_job(parts, self.work).meta["fetch"]
                fetch.send(self.work, names, most_bytes, writer)
            finally:
                os._exit(0)  # the engine sees a stream that is no whole one
        os.close(writer)
        stream = self.stream(reader, most_bytes, 1)
        poller = select.poll()
        poller.register(reader, select.POLLIN)
        while stream.read():
            poller.poll()
        os.close(reader)
        os.waitpid(pid, 0)
        return stream

    def _child(
        self, fds: Descriptors, limits: dict[str, Any], parts: list[memoryview], token: str
    ) -> python_main.Program:
        """Become the sample. Only a Python program comes back from here."""
        recorder = None
        try:
            recorder = Recorder(fds.record, token)
            confine(fds, limits, self.identity)
            job = read_job(parts, self.work)
            if job.meta["driver"] != "split":  # it has something to do before
                self.seal()
            write_files(job)
            # Exit code 254 means "never started" only as long as this line is missing.
            recorder.write({"ready": True})
        except BaseException as error:
            # Without a recorder there is no way to say more; the engine sees exit 254.
            if recorder is not None:
                recorder.write({"fault": f"{type(error).__name__}: {error}"})
            os._exit(254)
        return self._start(job, recorder, fds.record, token)

    def seal(self) -> None:
        """Refuse what a sandbox without a control group cannot count."""
        if self._filter is not None:
            self._filter.apply()

    def _start(
        self, job: Job, recorder: Recorder, record_fd: int, token: str
    ) -> python_main.Program:
        driver = job.meta["driver"]
        if driver == "exec":
            execute(job, recorder)
        if driver == "calls":
            python_calls.drive(job, python_main.become_main(job, "solution"), recorder)
        if driver == "split":
            split_driver.drive(job, recorder, record_fd, self.arena.wipe, self.seal)
        if driver == "asserts":
            python_asserts.drive(job, python_main.become_main(job, "solution"), recorder)
        space = python_main.become_main(job)
        try:
            code = python_main.compile_main(job, space)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            recorder.write({"compile": python_calls.describe(error)})
            python_main.refuse(job, recorder, error)
        if python_main.needs_new_interpreter(job):
            python_main.start_anew(job, recorder)
        # From here on the sample has three descriptors and no more, as any program has.
        if driver != "whole":
            os.closerange(3, 1024)
            return python_main.Program(code, space)
        witness = Witness(python_main.source_of(job), record_fd, token)
        os.closerange(3, RECORD)
        os.closerange(RECORD + 1, 1024)
        return python_main.Program(witness.without_exit(code), space, witness)


def _start_program(run: Run, start: Callable[[], int], recorder: Recorder) -> None:
    """Start what is no fork of this process; a failure is recorded as one of ours."""
    try:
        run.pid = start()
        recorder.write({"ready": True})
    except (OSError, ValueError, ServerGone) as error:
        recorder.write({"fault": f"{type(error).__name__}: {error}"})
        run.status = _NEVER_STARTED


def _readable(fd: int, within_ms: int) -> bool:
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    return bool(poller.poll(within_ms))


def listen() -> python_main.Program:
    """Serve jobs until the engine hangs up; return only in a child, with its program."""
    options = _options()
    source, sink = _connect(options.socket)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.drop_inheritable_capabilities()
    if os.getpid() != 1:
        # It ends a sample with kill(-1): anywhere else that would be everybody's end.
        raise SystemExit("warden: only runs as the first process of a PID namespace")
    # The kernel keeps signals without a handler from the first process of a namespace.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for module in (*PRELOAD, *options.preload):
        importlib.import_module(module)
    for module in options.libraries:
        try:
            importlib.import_module(module)
        except ImportError:
            continue
    try:
        seccomp.install()
    except (KeyError, OSError) as error:
        # Said, not hidden: the probe reports the layer as missing and the engine decides.
        os.write(2, f"warden: no seccomp filter of our own: {error}\n".encode())
    warden = Warden(options, source, sink)
    c_recursion.widen(resource.getrlimit(resource.RLIMIT_STACK)[0])
    python_main.prepare(options.work)
    warden.greet()
    python_main.remember_modules()
    rehearse(options.work)
    warden.clean()
    gc.collect()
    make_immortal()
    holes.fill()
    kernel.trim()
    gc.disable()
    gc.freeze()
    try:
        while True:
            header, parts = warden.receive()
            if "session_cpu_s" in header:
                Session(warden).serve(header, parts)
            if header.get("op") == "run":
                program = warden.run(header, parts)
                if program is not None:
                    return program
            warden.clean()
    except frames.EndOfStream:
        os._exit(0)
    except NotClean as error:
        warden.retire(error)
    except (frames.BadFrame, BrokenPipeError, ConnectionError) as error:
        os.write(2, f"warden: {error}\n".encode())
        os._exit(70)


def _resident_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _connect(path: Optional[str]) -> tuple[int, int]:
    """Return the descriptors to read frames from and to write them to."""
    if path is None:
        source, sink = os.dup(0), os.dup(1)
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 0)
        # Whatever a library prints by accident must not end up between two frames.
        os.dup2(2, 1)
        os.close(null)
        return source, sink
    if os.path.exists(path):  # left by a warden that was killed before somebody came
        os.unlink(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(path)
        os.chmod(path, 0o666)
        server.listen(1)
        connection, _ = server.accept()
    os.unlink(path)
    fd = connection.detach()
    os.set_inheritable(fd, False)
    return fd, fd


def _options() -> argparse.Namespace:
    # Without a width it asks the terminal, by modules that every fork would have to copy.
    wide = functools.partial(argparse.HelpFormatter, width=100)
    parser = argparse.ArgumentParser(prog="warden", formatter_class=wide)
    parser.add_argument("--work", default="/work")
    parser.add_argument("--uid", type=int)
    parser.add_argument("--socket")
    parser.add_argument("--shared-devices", action="store_true")
    parser.add_argument("--shared-kernel", action="store_true")
    parser.add_argument("--preload", nargs="*", default=[])
    parser.add_argument("--libraries", nargs="*", default=[])
    parser.add_argument("--fork-server")
    parser.add_argument("--prestart")
    return parser.parse_args()
