"""Sandboxes made of namespaces by bubblewrap: no daemon, no image, no root needed.

The host's own interpreter is bound read-only. An ordinary user gets a user namespace with one
id, shared by warden and sample. Root gets no user namespace; there the sample runs as a user of
its own, as under Docker. There is no cgroup: memory, processes and disk are watched by the
warden and bounded by the kernel's per-process limits.
"""

import asyncio
import contextlib
import functools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, NamedTuple

from veristone import BackendUnavailable, ConfigError, SandboxFailure
from veristone.engine.config import EngineConfig
from veristone.engine.languages import IMAGES, Language
from veristone.engine.sandbox import Connection, Sandbox
from veristone.engine.wire import Ceilings

__all__ = ["Bubblewrap"]

INSTALL_HINT = "install it with: apt-get install bubblewrap (or your system's package manager)"
_GUEST_WARDEN = "/opt/veristone"
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
# Bound where the host has them; nothing else of the host's /etc is visible.
_ETC = ("ld.so.cache", "localtime", "alternatives", "mime.types")


class Interpreter(NamedTuple):
    """A Python of the host: its executable and the folders that it needs to see."""

    executable: str
    folders: tuple[str, ...]


class Bubblewrap:
    """Starts sandboxes with `bwrap`."""

    name = "bubblewrap"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._program = shutil.which("bwrap")
        self._as_root = os.geteuid() == 0
        self._interpreter: Interpreter | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None

    async def open(self) -> None:
        """See `Backend.open`."""
        if self._program is None:
            raise BackendUnavailable(f"bubblewrap: the program bwrap is missing; {INSTALL_HINT}")
        self._interpreter = await asyncio.to_thread(
            find_interpreter, self._config.python or base_interpreter()
        )
        await asyncio.to_thread(remove_leftovers)
        self._files = tempfile.TemporaryDirectory(prefix="veristone-")

    async def close(self) -> None:
        """See `Backend.close`."""
        if self._files is not None:
            self._files.cleanup()
            self._files = None

    async def start(self, language: Language) -> Sandbox:
        """See `Backend.start`."""
        if self._program is None or self._interpreter is None or self._files is None:
            raise BackendUnavailable("bubblewrap: the back end is not open")
        uid = _FIRST_UID + random.randrange(_UIDS) if self._as_root else None
        passwd = Path(self._files.name) / f"passwd-{uid or 'user'}"
        shown = uid if uid is not None else os.geteuid()
        passwd.write_text(
            f"root:x:0:0:root:/:/bin/sh\nsandbox:x:{shown}:{shown}:sandbox:/work:/bin/sh\n"
        )
        passwd.chmod(0o644)
        command = self._command(self._program, self._interpreter, uid, passwd)
        ours, theirs = socket.socketpair()
        log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the sandbox
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=log,
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            log.close()
            raise BackendUnavailable(f"bubblewrap: cannot start bwrap: {error}") from error
        finally:
            theirs.close()
        _, connection = await asyncio.get_running_loop().create_connection(Connection, sock=ours)
        sandbox = Sandbox(
            f"bubblewrap-{process.pid}",
            connection,
            Ceilings(
                self._config.max_processes,
                self._config.max_disk_mib,
                self._config.max_memory_mib,
                has_cgroup=False,
            ),
            functools.partial(_destroy, process, log),
        )
        try:
            await sandbox.greet(self._config.start_timeout_s, self.name, "")
        except SandboxFailure as error:
            said = _tail(log)
            await sandbox.destroy()
            raise BackendUnavailable(f"bubblewrap: no sandbox started: {said or error}") from error
        except BaseException:
            await asyncio.shield(sandbox.destroy())
            raise
        return sandbox

    def _command(
        self, program: str, interpreter: Interpreter, uid: int | None, passwd: Path
    ) -> list[str]:
        disk = str(self._config.max_disk_mib * 1024 * 1024)
        command = [program, "--die-with-parent", "--as-pid-1", "--new-session"]
        if uid is None:
            command += ["--unshare-all"]
        else:
            command += [f"--unshare-{what}" for what in ("ipc", "pid", "net", "uts")]
            command += ["--unshare-cgroup-try", "--cap-drop", "ALL"]
            for capability in _CAPABILITIES:
                command += ["--cap-add", capability]
        command += ["--hostname", "sandbox"]
        command += _host_folders(interpreter)
        command += ["--ro-bind", str(passwd), "/etc/passwd"]
        command += ["--ro-bind", str(IMAGES / "warden"), f"{_GUEST_WARDEN}/warden"]
        command += ["--proc", "/proc", "--dev", "/dev"]
        for place in ("/work", "/tmp", "/dev/shm"):
            command += ["--perms", "1777", "--size", disk, "--tmpfs", place]
        command += ["--remount-ro", "/dev", "--remount-ro", "/"]
        command += ["--chdir", _GUEST_WARDEN, interpreter.executable, "-m", "warden"]
        if uid is not None:
            command += ["--uid", str(uid)]
        if self._config.preload:
            command += ["--preload", *self._config.preload]
        return command


def base_interpreter() -> str:
    """Return the interpreter that runs this process, without its virtual environment."""
    return getattr(sys, "_base_executable", None) or sys.executable


def find_interpreter(executable: str) -> Interpreter:
    """Ask a Python where its files are.

    Raises:
        ConfigError: it is no Python that a warden can run on.
    """
    question = (
        "import json, sys; print(json.dumps([sys.executable, sys.version_info[:2],"
        " sorted({sys.prefix, sys.base_prefix, sys.exec_prefix})]))"
    )
    try:
        answer = subprocess.run(
            [executable, "-I", "-c", question], capture_output=True, timeout=30, check=True
        )
        path, version, folders = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ConfigError(f"python: {executable!r} does not run: {error}") from error
    if tuple(version) < (3, 9):
        raise ConfigError(f"python: {executable!r} is too old, sandboxes need 3.9 or newer")
    return Interpreter(path, tuple(folders))


def _host_folders(interpreter: Interpreter) -> list[str]:
    arguments: list[str] = ["--ro-bind", "/usr", "/usr", "--dir", "/etc"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for name in _ETC:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    executable = Path(interpreter.executable)
    for folder in {*interpreter.folders, str(executable.resolve().parent.parent)}:
        if folder.startswith("/usr/") or folder in ("/usr", "/"):
            continue
        # bwrap makes missing parents for root alone; the sample's user must pass through them.
        for parent in reversed(Path(folder).parents[:-1]):
            arguments += ["--perms", "0755", "--dir", str(parent)]
        arguments += ["--ro-bind", folder, folder]
    return arguments


def _tail(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read()[-500:].decode("utf-8", "replace").strip()


async def _destroy(process: asyncio.subprocess.Process, log: IO[bytes]) -> None:
    # The whole process group: bwrap is two processes, and the inner one does not know yet, while
    # it starts, that it is to die with the outer one.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    log.close()


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
    marker = f"{_GUEST_WARDEN}/warden".encode()
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
