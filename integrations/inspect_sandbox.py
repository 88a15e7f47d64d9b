"""inspect_ai's sandbox provider: ``Task(..., sandbox="veristone")``, a session for each sample.

`VERISTONE_URL` names the service, `VERISTONE_TOKEN` holds the tenant's token; or
`sandbox=SandboxEnvironmentSpec("veristone", SandboxConfig(url=...))`. Found by inspect's entry
point, and written for 0.3.285.

There is one user in a sandbox, so `user` is refused as inspect has it. What runs in the background
stands still between calls. A session that is over is `SandboxUnavailableError`.
"""

import contextlib
import errno
import os
import secrets
import signal
from collections.abc import Callable
from typing import Any, Literal, overload

from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentLimits,
    SandboxUnavailableError,
    SandboxUserUnsupportedError,
    sandboxenv,
)
from pydantic import BaseModel, ConfigDict

from veristone import (
    BackendUnavailable,
    Client,
    Limits,
    Reason,
    RunRequest,
    RunResult,
    SessionEnded,
    SessionOptions,
    SessionsFull,
)
from veristone.client.session import ClientSession
from veristone.integrations.asking import service_token, service_urls

__all__ = ["SandboxConfig", "VeristoneSandbox"]

_WORK = "/work/"
_CALL_S = 1800.0
"""Seconds of a call that names no time-out."""
_PATIENCE_S = 600.0
_FED = 'input=$1; shift; exec "$@" < "$input"'
_LOOK = """
[ -e "$1" ] || exit 2
[ -d "$1" ] && exit 21
[ -r "$1" ] || exit 13
cat -- "$1" > "$2"
"""
"""Copies a file from elsewhere into the work folder; exits with the number of the error."""
_PLACE = """
[ -d "$1" ] && exit 21
mkdir -p -- "$(dirname -- "$1")" && cat -- "$2" > "$1" || exit 13
"""
"""Copies a file of the work folder to elsewhere."""


class SandboxConfig(BaseModel):
    """Where sandboxes come from, and which."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = ""
    """Of the service, several with spaces between; empty: `VERISTONE_URL`."""
    language: str = "python"
    memory_mib: int = 1024


@sandboxenv(name="veristone")
class VeristoneSandbox(SandboxEnvironment):
    """A session of a service, as inspect's tools and solvers use it."""

    def __init__(self, client: Client, session: ClientSession, config: SandboxConfig) -> None:
        super().__init__()
        self._client = client
        self._session = session
        self._config = config

    @classmethod
    async def sample_init(
        cls, task_name: str, config: Any, metadata: dict[str, str]
    ) -> dict[str, SandboxEnvironment]:
        """Open a session; see inspect's documentation."""
        chosen = config if isinstance(config, SandboxConfig) else SandboxConfig()
        client = Client(*service_urls(chosen.url), token=service_token())
        try:
            session = await client.open_session(
                SessionOptions(language=chosen.language), _PATIENCE_S
            )
        except BaseException:
            await client.close()
            raise
        return {"default": cls(client, session, chosen)}

    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: Any,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        """End the sessions of a sample."""
        for environment in environments.values():
            await environment.as_type(cls).end()

    @classmethod
    def config_deserialize(cls, config: dict[str, Any]) -> BaseModel:
        """Return the configuration that a log holds."""
        return SandboxConfig(**config)

    async def end(self) -> None:
        """End the session and the connection."""
        with contextlib.suppress(BackendUnavailable):  # its own clock ends it
            await self._session.close()
        await self._client.close()

    async def exec(
        self,
        cmd: list[str],
        input: str | bytes | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,
        timeout_retry: bool = True,
        concurrency: bool = True,
    ) -> ExecResult[str]:
        """Run a command; a time-out is not tried again, since it may have changed something."""
        if user is not None:
            raise SandboxUserUnsupportedError(f"there is one user in this sandbox, and no {user!r}")
        most = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE
        command, stdin, staged = list(cmd), input or "", None
        if isinstance(stdin, bytes):
            # Bytes travel as a file: what is sent beside a command is text.
            staged = _name()
            await self._write(staged, stdin)
            command, stdin = ["sh", "-c", _FED, "sh", _WORK + staged, *cmd], ""
        result = await self._run(command, stdin, cwd, env, timeout, most)
        if staged is not None:
            await self._run(["rm", "-f", _WORK + staged])
        if result.broke is not None and result.broke.is_timeout:
            raise TimeoutError(f"{cmd[0]}: {result.message}")
        if result.exit_code == 126 and result.message:
            raise PermissionError(errno.EACCES, result.message, cmd[0])
        streams = (result.stdout, result.stderr)
        if result.broke is Reason.OUTPUT_LIMIT or any(s.total_bytes > most for s in streams):
            limit = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR
            raise OutputLimitExceededError(limit, result.stdout.text)
        code = _status(result)
        return ExecResult(code == 0, code, result.stdout.text, result.stderr.text or result.message)

    async def write_file(self, file: str, contents: str | bytes) -> None:
        """Write a file."""
        data = contents.encode() if isinstance(contents, str) else contents
        inside = _inside(file)
        if inside is not None:
            await self._write(inside, data)
            return
        staged = _name()
        await self._write(staged, data)
        result = await self._run(["sh", "-c", _PLACE, "sh", file, _WORK + staged])
        await self._run(["rm", "-f", _WORK + staged])
        _raise_for(result, file)

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        """Return what is in a file."""
        inside = _inside(file)
        if inside is None:
            staged = _name()
            _raise_for(await self._run(["sh", "-c", _LOOK, "sh", file, _WORK + staged]), file)
            data = await self._read(staged)
            await self._run(["rm", "-f", _WORK + staged])
        else:
            data = await self._read(inside)
        if len(data) > SandboxEnvironmentLimits.MAX_READ_FILE_SIZE:
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None)
        return data.decode() if text else data

    async def _run(
        self,
        command: list[str],
        stdin: str = "",
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        timeout: float | None = None,
        show_bytes: int = 64 * 1024,
    ) -> RunResult:
        wall_s = timeout or _CALL_S
        limits = Limits(cpu_s=wall_s, wall_s=wall_s, memory_mib=self._config.memory_mib)
        request = RunRequest(
            command=command,
            stdin=stdin,
            cwd=cwd or "",
            env=env or {},
            limits=limits,
            show_bytes=show_bytes,
        )
        return await _available(lambda: self._session.run(request))

    async def _write(self, name: str, data: bytes) -> None:
        await _available(lambda: self._session.write({name: data}))

    async def _read(self, name: str) -> bytes:
        return await _available(lambda: self._session.read(name))


async def _available(call: Callable[[], Any]) -> Any:
    try:
        return await call()
    except (BackendUnavailable, SessionEnded, SessionsFull) as error:
        raise SandboxUnavailableError(str(error)) from error


def _name() -> str:
    return f".veristone-{secrets.token_hex(8)}"


def _inside(file: str) -> str | None:
    """Return a path relative to the work folder, or None where it may lead elsewhere."""
    path = file.removeprefix(_WORK)
    parts = path.split("/")
    return None if any(part in ("", ".", "..") for part in parts) else path


def _raise_for(result: RunResult, file: str) -> None:
    if result.exit_code:
        raise OSError(result.exit_code, os.strerror(result.exit_code), file)


def _status(result: RunResult) -> int:
    """Return an exit code as a shell tells it: 128 and its number for a signal."""
    if result.signal is not None:
        return 128 + getattr(signal.Signals, result.signal, signal.SIGKILL)
    return result.exit_code or 0
