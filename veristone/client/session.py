"""A session of a service: a sandbox of one's own for several calls."""

import errno
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from veristone.errors import (
    BackendUnavailable,
    ConfigError,
    InvalidSample,
    SessionEnded,
    SessionsFull,
    VeristoneError,
)
from veristone.session import FileEntry, RunRequest, RunResult, SessionState

__all__ = ["ClientSession", "Problem", "fault"]

_encode = msgspec.json.Encoder().encode
_FILES_S = 120.0


class Problem(msgspec.Struct, frozen=True):
    """What a service says that has no result."""

    error: str = ""
    code: str = ""


class ClientSession:
    """Made by `Client.session`. Calls run one after the other, whoever makes them.

    No call is made twice: what was lost on its way is `BackendUnavailable`, and may have run.
    """

    def __init__(
        self,
        http: Any,
        lost: tuple[type[Exception], ...],
        url: str,
        name: str,
        wall_s: float,
    ) -> None:
        self.id = name
        self._http = http
        self._lost = lost
        self._url = f"{url}/v1/sessions/{quote(name, safe='')}"
        self._wall_s = wall_s

    async def run(self, call: RunRequest | str) -> RunResult:
        """Run a cell (text is one) or a command.

        Raises:
            InvalidSample: this is no call, or asks for more than the service allows.
            SessionEnded: the session is over.
            SessionsFull: too many calls of this session wait already.
            BackendUnavailable: the service is away.
        """
        request = RunRequest(cell=call) if isinstance(call, str) else call
        wall_s = request.limits.wall_s if request.limits is not None else self._wall_s
        content = await self._ask(
            "POST", "/run", wall_s + _FILES_S, content=_encode(request), headers=_JSON
        )
        return _decoded(content, RunResult)

    async def write(self, files: Mapping[str, bytes]) -> None:
        """Write files, by relative paths.

        Raises:
            OSError: one cannot be written; its kind is what the sandbox said.
            InvalidSample: a name leads out of the work folder.
            SessionEnded: the session is over.
        """
        for name, content in files.items():
            await self._ask("PUT", "/file", _FILES_S, params={"path": name}, content=content)

    async def read(self, name: str) -> bytes:
        """Return what is in a file; raises as `write` does."""
        return await self._ask("GET", "/file", _FILES_S, params={"path": name})

    async def files(self, folder: str = "") -> list[FileEntry]:
        """Return what lies below a folder; raises as `write` does."""
        content = await self._ask("GET", "/files", _FILES_S, params={"folder": folder})
        return _decoded(content, list[FileEntry])

    async def state(self) -> SessionState:
        """Return what the session has used, and how long it still has."""
        return _decoded(await self._ask("GET", "", _FILES_S), SessionState)

    async def close(self) -> None:
        """End the session. One that is over already is no error."""
        try:
            await self._ask("DELETE", "", _FILES_S)
        except SessionEnded:
            return

    async def _ask(self, method: str, path: str, timeout_s: float, **given: Any) -> bytes:
        try:
            answer = await self._http.request(method, self._url + path, timeout=timeout_s, **given)
        except self._lost as error:
            raise BackendUnavailable(f"{self._url}: {error or type(error).__name__}") from error
        if answer.status_code >= 400:
            raise fault(answer.status_code, answer.content, given.get("params", {}).get("path"))
        return answer.content


_JSON = {"Content-Type": "application/json"}


def _decoded(content: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BackendUnavailable(f"the service answered what is no answer: {error}") from error


def fault(status: int, content: bytes, file: str | None = None) -> VeristoneError | OSError:
    """Return what a service's refusal is raised as."""
    try:
        problem = msgspec.json.decode(content, type=Problem)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        problem = Problem()
    said = problem.error or f"answered with status {status}"
    number = getattr(errno, problem.code, None)
    if isinstance(number, int):
        return OSError(number, said, file)
    if problem.code == "session_ended":
        return SessionEnded(said)
    if status in (400, 413, 422):
        return InvalidSample(said)
    if status == 429:
        return SessionsFull(said)
    return ConfigError(said) if status in (401, 403, 404, 405) else BackendUnavailable(said)
