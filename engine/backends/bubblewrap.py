"""Sandboxes made of namespaces by bubblewrap: no daemon, no image, no root needed.

The root is empty but for the host's interpreter and what programs need (`root`). An ordinary user
gets a user namespace with one id, shared by warden and sample. Root gets no user namespace; there
the sample runs as a user of its own, as under Docker. A control group holds each sandbox where
this process may make one (`cgroup`); else memory and processes are watched by the warden and
bounded by the kernel's per-process limits.
"""

import asyncio
import contextlib
import functools
import itertools
import logging
import os
import random
import shutil
import signal
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from veristone import BackendUnavailable, SandboxFailure
from veristone.engine.backends import cgroup
from veristone.engine.backends.base import GUEST_PREAMBLES, MAKE_S, ceilings_of
from veristone.engine.backends.devices import Devices
from veristone.engine.backends.root import GUEST_PLACES, GUEST_WARDEN, Roots, base_interpreter
from veristone.engine.backends.shown import Shown
from veristone.engine.config import EngineConfig
from veristone.engine.languages import Language
from veristone.engine.sandbox import Connection, Sandbox

__all__ = ["Bubblewrap"]

_log = logging.getLogger(__name__)
INSTALL_HINT = "install it with: apt-get install bubblewrap (or your system's package manager)"
_FIRST_UID, _UIDS = 200_000, 1 << 20
_CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_DAC_OVERRIDE")
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/work",
    "TMPDIR": "/tmp",
    "USER": "sandbox",
    "LOGNAME": "sandbox",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class Bubblewrap:
    """Starts sandboxes with `bwrap`."""

    name = "bubblewrap"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._program = shutil.which("bwrap")
        self._as_root = os.geteuid() == 0
        self._numbers = itertools.count(1)
        self._roots: Roots | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None
        self._shown: Shown | None = None

    async def open(self) -> None:
        """See `Backend.open`."""
        if self._program is None:
            raise BackendUnavailable(f"bubblewrap: the program bwrap is missing; {INSTALL_HINT}")
        await asyncio.to_thread(remove_leftovers)
        await asyncio.to_thread(cgroup.remove_leftovers)
        self._files = tempfile.TemporaryDirectory(prefix="veristone-")
        try:
            self._roots = await asyncio.to_thread(
                Roots, Path(self._files.name), self._config.python or base_interpreter()
            )
            self._shown = await asyncio.to_thread(Shown)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `Backend.close`."""
        if self._files is not None:
            self._files.cleanup()
            self._files = self._roots = None
        if self._shown is not None:
            await asyncio.to_thread(self._shown.remove)
            self._shown = None

    @property
    def preambles(self) -> Path | None:
        """See `Backend.preambles`."""
        return self._shown.path if self._shown is not None else None

    async def start(self, language: Language, *, background: bool = False) -> Sandbox:
        """See `Backend.start`."""
        if self._program is None or self._roots is None or self._files is None:
            raise BackendUnavailable("bubblewrap: the back end is not open")
        root = await asyncio.to_thread(self._roots.words, language)
        uid = _FIRST_UID + random.randrange(_UIDS) if self._as_root else None
        shown = uid if uid is not None else os.geteuid()
        passwd = _readable(
            f"root:x:0:0:root:/:/bin/sh\nsandbox:x:{shown}:{shown}:sandbox:/work:/bin/sh\n"
        )
        group = self._group(language, background)
        devices = Devices(Path(self._files.name))
        command = [self._program, *self._walls(uid), *root, *self._places(passwd, devices)]
        command += group.binds()
        if language.preamble is not None:
            command += ["--ro-bind", str(self.preambles), GUEST_PREAMBLES]
        command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", GUEST_WARDEN]
        command += self._warden(self._roots.interpreter.executable, uid, devices, language)
        ours, theirs = socket.socketpair()
        log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the sandbox
        try:
            process = await asyncio.create_subprocess_exec(
                *group.starting(command),
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=log,
                env=_ENVIRONMENT,
                start_new_session=True,
                pass_fds=(passwd,),
            )
        except BaseException as error:  # a cancellation too: the engine is closed while one starts
            ours.close()
            log.close()
            devices.remove()
            await asyncio.shield(group.remove())
            if isinstance(error, OSError):
                raise BackendUnavailable(f"bubblewrap: cannot start bwrap: {error}") from error
            raise
        finally:
            theirs.close()
            os.close(passwd)
        _, connection = await asyncio.get_running_loop().create_connection(Connection, sock=ours)
        sandbox = Sandbox(
            f"bubblewrap-{process.pid}",
            connection,
            ceilings_of(self._config),
            functools.partial(_destroy, process, log, group, devices),
        )
        try:
            await sandbox.greet(self._config.start_timeout_s, self.name, "", self._config.require)
        except SandboxFailure as error:
            said = _tail(log)
            await sandbox.destroy()
            raise BackendUnavailable(f"bubblewrap: no sandbox started: {said or error}") from error
        except BaseException:
            await asyncio.shield(sandbox.destroy())
            raise
        return sandbox

    async def make(self, language: Language, command: Sequence[str], folder: Path) -> None:
        """See `Backend.make`."""
        if self._program is None or self._roots is None:
            raise BackendUnavailable("bubblewrap: the back end is not open")
        root = await asyncio.to_thread(self._roots.words, language)
        words = [self._program, *self._walls(None), *root]
        words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        words += ["--bind", str(folder), GUEST_PREAMBLES, "--chdir", GUEST_PREAMBLES]
        process = await asyncio.create_subprocess_exec(
            *words,
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=_ENVIRONMENT | language.env,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(MAKE_S):
                _, said = await process.communicate()
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            if isinstance(error, TimeoutError):
                raise BackendUnavailable(f"bubblewrap: {command[0]} took too long") from error
            raise
        if process.returncode != 0:
            why = said[-500:].decode("utf-8", "replace").strip()
            raise BackendUnavailable(f"bubblewrap: {command[0]} failed: {why}")

    def _group(self, language: Language, background: bool) -> cgroup.Group:
        # Beside the samples and what is ours in there is bwrap itself.
        processes = self._config.max_processes + language.own_processes + 1
        memory_mib = self._config.sandbox_mib
        return cgroup.Group(next(self._numbers), memory_mib, processes, background)

    def _walls(self, uid: int | None) -> list[str]:
        command = ["--die-with-parent", "--as-pid-1", "--new-session"]
        if uid is None:
            command += ["--unshare-all"]
        else:
            command += [f"--unshare-{what}" for what in ("ipc", "pid", "net", "uts")]
            command += ["--unshare-cgroup-try", "--cap-drop", "ALL"]
            for capability in _CAPABILITIES:
                command += ["--cap-add", capability]
        return [*command, "--hostname", "sandbox"]

    def _places(self, passwd: int, devices: Devices) -> list[str]:
        disk = str(self._config.max_disk_mib * 1024 * 1024)
        command = ["--perms", "0644", "--file", str(passwd), "/etc/passwd"]
        # Settings of the kernel are files that their owner can write, capabilities or none; in a
        # user namespace the sample is the owner of some.
        command += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
        command += devices.binds()
        # Queues outlive processes. The filter refuses them; what is there is seen and removed.
        command += ["--mqueue", "/dev/mqueue"]
        for place in GUEST_PLACES:
            command += ["--perms", "1777", "--size", disk, "--tmpfs", place]
        return command

    def _warden(
        self, python: str, uid: int | None, devices: Devices, language: Language
    ) -> list[str]:
        command = [python, "-m", "warden"]
        if uid is not None:
            command += ["--uid", str(uid)]
        if not devices.own:
            command.append("--shared-devices")
        return command + language.warden_words(self._config.preload)


def _readable(text: str) -> int:
    """Return the end of a pipe from which `text` can be read."""
    reader, writer = os.pipe()
    with open(writer, "w") as file:
        file.write(text)
    return reader


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read()[-500:].decode("utf-8", "replace").strip()


async def _destroy(
    process: asyncio.subprocess.Process,
    log: IO[bytes],
    group: cgroup.Group,
    devices: Devices,
) -> None:
    # The whole process group: bwrap is two processes, and the inner one does not know yet, while
    # it starts, that it is to die with the outer one.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    if said := _tail(log):
        _log.info("sandbox %d ended: %s", process.pid, said)
    log.close()
    devices.remove()
    await group.remove()


def remove_leftovers() -> int:
    """End sandboxes that were about to start when their engine was killed; return how many.

    Such a one is bwrap's inner process, waiting for an outer process that is gone.
    """
    ended = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_orphan(entry):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(entry.name), signal.SIGKILL)
                ended += 1
    return ended


def _is_orphan(process: Path) -> bool:
    marker = f"{GUEST_WARDEN}/warden".encode()
    try:
        command = (process / "cmdline").read_bytes().split(b"\0")
        if not command[0].endswith(b"bwrap") or marker not in command:
            return False
        parent = Path("/proc", _status(process)["PPid"].strip())
        # In a namespace below ours, under a process of ours: the outer process was in ours, and
        # who took over its child is. Below a container everything is another engine's.
        ours = _depth(Path("/proc/self"))
        inner = _depth(process) > ours == _depth(parent)
        return inner and not (parent / "cmdline").read_bytes().split(b"\0")[0].endswith(b"bwrap")
    except (OSError, KeyError, IndexError, ValueError):
        return False


def _depth(process: Path) -> int:
    """How many PID namespaces deep a process is, seen from here."""
    return len(_status(process)["NSpid"].split())


def _status(process: Path) -> dict[str, str]:
    return dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
