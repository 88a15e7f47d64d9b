"""Sandboxes as Docker containers, hardened, driven through Docker's SDK.

Frames travel over a Unix socket in a folder that is bound into the container: the daemon is not
on the way of a sample. Where such a socket cannot work (a daemon on another machine, gVisor, a
client inside a container) they travel over the container's attached standard streams instead.

Every container carries labels that name the process that started it; what a killed engine left
behind is found by them and removed at the next start.
"""

import asyncio
import contextlib
import functools
import itertools
import os
import random
import socket
import struct
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import docker
import docker.errors
import requests.exceptions
from asyncio_pool import AioPool

from veristone import BackendUnavailable, SandboxFailure
from veristone.engine.backends.base import GUEST_PREAMBLES, ToolchainMissing, ceilings_of
from veristone.engine.backends.cgroup import BACKGROUND_SHARES
from veristone.engine.backends.shown import Shown
from veristone.engine.config import EngineConfig
from veristone.engine.languages import Language
from veristone.engine.sandbox import Connection, Sandbox

__all__ = ["Docker", "connect"]

LABEL = "veristone"
_GUEST_FOLDER = "/run/veristone"
_CAPABILITIES = ["SETUID", "SETGID", "KILL", "DAC_OVERRIDE"]
_FIRST_UID, _UIDS = 200_000, 1 << 20
_DAEMON_TIMEOUT_S = 60
_DAEMON_ERRORS = (docker.errors.DockerException, requests.exceptions.RequestException, OSError)


def connect() -> Any:
    """Return a client of the Docker daemon that the environment names.

    Raises:
        BackendUnavailable: none answers.
    """
    try:
        _knock()
        client: Any = docker.from_env(timeout=_DAEMON_TIMEOUT_S)
        client.ping()
    except _DAEMON_ERRORS as error:
        raise BackendUnavailable(
            f"docker: no daemon answers ({_short(error)}); start it, or set DOCKER_HOST"
        ) from error
    return client


def _knock() -> None:
    """Raise OSError where nothing listens on the daemon's Unix socket.

    The SDK would find out as well, and leave the socket that it tried with open.
    """
    url = os.environ.get("DOCKER_HOST") or docker.constants.DEFAULT_UNIX_SOCKET
    scheme, _, path = url.partition("://")
    if scheme in {"unix", "http+unix"}:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_DAEMON_TIMEOUT_S)
            probe.connect(path)


class Docker:
    """Starts sandboxes as containers."""

    name = "docker"

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._client: Any = None
        self._engine = uuid.uuid4().hex[:12]
        self._numbers = itertools.count(1)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._attach = False
        self._shown: Shown | None = None

    async def open(self) -> None:
        """See `Backend.open`."""
        try:
            self._client = await asyncio.to_thread(connect)
        except BackendUnavailable as error:
            raise BackendUnavailable(f"{error}, or use --backend bubblewrap") from error
        await remove_leftovers(self._client)
        # Short names: a Unix socket's path may have 107 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix="vst-")
        base_url = str(self._client.api.base_url)
        local = base_url.startswith("http+docker://") and self._config.runtime != "runsc"
        self._attach = not local
        if local:
            self._shown = await asyncio.to_thread(Shown)

    async def close(self) -> None:
        """See `Backend.close`."""
        if self._client is not None:
            # Also those that could not be removed when their time came: the daemon was away.
            await remove_leftovers(self._client, self._engine)
            await asyncio.to_thread(self._client.close)
            self._client = None
        if self._folder is not None:
            # The warden's user owns the sockets; what cannot be removed is empty folders.
            with contextlib.suppress(OSError):
                self._folder.cleanup()
            self._folder = None
        if self._shown is not None:
            await asyncio.to_thread(self._shown.remove)
            self._shown = None

    @property
    def preambles(self) -> Path | None:
        """See `Backend.preambles`."""
        return self._shown.path if self._shown is not None else None

    async def make(self, language: Language, command: Sequence[str], folder: Path) -> None:
        """See `Backend.make`."""
        if self._client is None:
            raise BackendUnavailable("docker: the back end is not open")
        try:
            await asyncio.to_thread(
                self._client.containers.run,
                language.image(),
                list(command[1:]),
                entrypoint=command[0],
                environment=language.env,
                labels={LABEL: self._engine, **_owner()},
                network_mode="none",
                read_only=True,
                tmpfs={"/tmp": "rw,nosuid,nodev,mode=1777"},
                volumes={str(folder): {"bind": GUEST_PREAMBLES, "mode": "rw"}},
                working_dir=GUEST_PREAMBLES,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                user=f"{os.geteuid()}:{os.getegid()}",
                remove=True,
            )
        except _DAEMON_ERRORS as error:
            raise BackendUnavailable(f"docker: {command[0]} failed: {_short(error)}") from error

    async def start(self, language: Language, *, background: bool = False) -> Sandbox:
        """See `Backend.start`."""
        if self._client is None or self._folder is None:
            raise BackendUnavailable("docker: the back end is not open")
        number = next(self._numbers)
        name = f"veristone-{self._engine}-{number}"
        meeting = Path(self._folder.name) / str(number)
        meeting.mkdir(mode=0o700, exist_ok=True)
        loop = asyncio.get_running_loop()
        launch = asyncio.ensure_future(
            asyncio.to_thread(self._launch, language, name, meeting, background)
        )
        try:
            container, attached = await asyncio.shield(launch)
        except asyncio.CancelledError:
            # The thread goes on; a container that nobody knows of must not stay.
            with contextlib.suppress(*_DAEMON_ERRORS):
                container, _ = await launch
                await _destroy(container, meeting)
            raise
        except docker.errors.ImageNotFound as error:
            raise ToolchainMissing(
                f"docker: the image {language.image()} is not built;"
                f" run: veristone images build {language.name}"
            ) from error
        except _DAEMON_ERRORS as error:
            raise BackendUnavailable(f"docker: {_short(error)}") from error
        destroy = functools.partial(_destroy, container, meeting)
        try:
            if attached is not None:
                _, connection = await loop.create_connection(_Attached, sock=attached)
            else:
                connection = await self._dial(meeting / "warden.sock", container)
        except BaseException:
            await asyncio.shield(destroy())
            raise
        sandbox = Sandbox(name, connection, ceilings_of(self._config), destroy)
        try:
            await sandbox.greet(
                self._config.start_timeout_s,
                self.name,
                self._config.runtime or "",
                self._config.require,
            )
        except BaseException as error:
            said = await asyncio.to_thread(_logs, container)
            await asyncio.shield(sandbox.destroy())
            if isinstance(error, SandboxFailure):
                raise SandboxFailure(f"docker: no sandbox started: {said or error}") from error
            raise
        return sandbox

    def _launch(
        self, language: Language, name: str, meeting: Path, background: bool
    ) -> tuple[Any, Any]:
        """Create and start a container; return it, and its socket where it is attached."""
        config = self._config
        command = ["--uid", str(_FIRST_UID + random.randrange(_UIDS))]
        if not self._attach:
            command += ["--socket", f"{_GUEST_FOLDER}/warden.sock"]
        command += language.warden_words(config.preload)
        disk = f"rw,exec,nosuid,nodev,mode=1777,size={config.max_disk_mib}m,nr_inodes=65536"
        memory = f"{config.sandbox_mib}m"
        container = self._client.containers.create(
            language.image(),
            command,
            name=name,
            labels={LABEL: self._engine, **_owner()},
            runtime=config.runtime,
            network_mode="none",
            read_only=True,
            tmpfs={"/work": disk, "/tmp": disk},
            shm_size=f"{config.max_disk_mib}m",
            volumes=self._volumes(language, meeting),
            cap_drop=["ALL"],
            cap_add=_CAPABILITIES,
            security_opt=["no-new-privileges"],
            pids_limit=config.max_processes + language.own_processes,
            cpu_shares=BACKGROUND_SHARES if background else None,
            mem_limit=memory,
            memswap_limit=memory,
            ipc_mode="private",
            hostname="sandbox",
            user="0:0",
            stdin_open=self._attach,
            stop_signal="SIGKILL",
            log_config={"type": "json-file", "config": {"max-size": "1m"}},
        )
        attached = None
        try:
            if self._attach:
                attached = _attach(self._client, container)
            container.start()
        except BaseException:
            if attached is not None:
                attached.close()
            with contextlib.suppress(*_DAEMON_ERRORS):
                container.remove(force=True)
            raise
        return container, attached

    def _volumes(self, language: Language, meeting: Path) -> dict[str, dict[str, str]]:
        """What a container sees of this host; nothing where the daemon is elsewhere."""
        if self._attach:
            return {}
        volumes = {str(meeting): {"bind": _GUEST_FOLDER, "mode": "rw"}}
        if language.preamble is not None:
            volumes[str(self.preambles)] = {"bind": GUEST_PREAMBLES, "mode": "ro"}
        return volumes

    async def _dial(self, path: Path, container: Any) -> Connection:
        """Connect to a warden's socket as soon as it listens."""
        loop = asyncio.get_running_loop()
        deadline = time.monotonic() + self._config.start_timeout_s
        checked = time.monotonic()
        while True:
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                _, connection = await loop.create_unix_connection(Connection, str(path))
                return connection
            now = time.monotonic()
            if now - checked > 1.0:
                checked = now
                state = await asyncio.to_thread(_state, container)
                if state != "running" or now > deadline:
                    said = await asyncio.to_thread(_logs, container)
                    raise SandboxFailure(
                        f"docker: the container is {state} and its warden does not answer: {said}"
                    )
            await asyncio.sleep(0.01)


class _Attached(Connection):
    """Frames inside the stream format of Docker's attach call: type, three zeroes, length."""

    _HEAD = struct.Struct(">BxxxL")

    def __init__(self) -> None:
        super().__init__()
        self._raw = bytearray()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._raw += data
        while len(self._raw) >= self._HEAD.size:
            kind, length = self._HEAD.unpack_from(self._raw)
            end = self._HEAD.size + length
            if len(self._raw) < end:
                return
            if kind == 1:
                self.feed(bytes(self._raw[self._HEAD.size : end]))
            del self._raw[:end]


def _attach(client: Any, container: Any) -> socket.socket:
    stream = client.api.attach_socket(
        container.id, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    )
    # The SDK wraps the hijacked connection in a reader; asyncio wants the socket itself.
    attached = cast(socket.socket, getattr(stream, "_sock", stream))
    owned = attached.dup()
    owned.setblocking(False)
    stream.close()
    attached.close()
    return owned


def _owner() -> dict[str, str]:
    """Labels that name this process well enough to tell later whether it still lives."""
    return {
        f"{LABEL}.host": socket.gethostname(),
        f"{LABEL}.pid": str(os.getpid()),
        f"{LABEL}.started": _start_time(os.getpid()) or "",
    }


def _start_time(pid: int) -> str | None:
    """Return when `pid` started, in ticks since boot, or None where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def _orphaned(labels: dict[str, str]) -> bool:
    if labels.get(f"{LABEL}.host") != socket.gethostname():
        return False
    pid = labels.get(f"{LABEL}.pid", "")
    return pid.isdigit() and _start_time(int(pid)) != labels.get(f"{LABEL}.started")


async def remove_leftovers(client: Any, engine: str = "") -> int:
    """Remove containers of engines that are gone, and of `engine`; return how many there were."""

    def find() -> list[Any]:
        with contextlib.suppress(*_DAEMON_ERRORS):
            found = client.containers.list(all=True, filters={"label": LABEL})
            return [
                container
                for container in found
                if container.labels.get(LABEL) == engine or _orphaned(container.labels)
            ]
        return []

    left = await asyncio.to_thread(find)
    if not left:
        return 0  # AioPool.map of nothing raises ValueError

    async def remove(container: Any) -> None:
        # The deadline is inside: AioPool swallows one that is put around it. Nothing of a
        # verdict depends on this; what stays is found again by the next engine.
        with contextlib.suppress(TimeoutError, *_DAEMON_ERRORS):
            async with asyncio.timeout(_DAEMON_TIMEOUT_S):
                await asyncio.to_thread(container.remove, force=True, v=True)

    pool = AioPool(size=8)
    await pool.map(remove, left)
    return len(left)


async def _destroy(container: Any, meeting: Path) -> None:
    def remove() -> None:
        with contextlib.suppress(*_DAEMON_ERRORS):
            container.remove(force=True, v=True)
        with contextlib.suppress(OSError):
            (meeting / "warden.sock").unlink(missing_ok=True)
            meeting.rmdir()

    await asyncio.to_thread(remove)


def _state(container: Any) -> str:
    try:
        container.reload()
    except _DAEMON_ERRORS as error:
        return f"gone ({_short(error)})"
    return str(container.status)


def _logs(container: Any) -> str:
    try:
        return bytes(container.logs(tail=5))[-500:].decode("utf-8", "replace").strip()
    except _DAEMON_ERRORS:
        return ""


def _short(error: BaseException) -> str:
    text = str(getattr(error, "explanation", None) or error)
    return text.splitlines()[0][:200] if text else type(error).__name__
