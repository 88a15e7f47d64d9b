"""E2B's code interpreter, as its SDK speaks to a sandbox: `/execute` and `/contexts`.

Contract read from e2b-dev/code-interpreter (template/server) and from the SDK on PyPI, which with
`E2B_DEBUG=true` asks port 49999 of this host and creates nothing elsewhere. Its requests are known
by their header and led to `/e2b/...`, since `/execute` is another service's, too.

A context is a session with its interpreter; a context of Bash runs each cell as a command. Where
this differs from the original: output comes when the cell has ended; languages are Python and
Bash; a cell has `_CELL_S` seconds. An interpreter that is lost ends its cell's answer with
`unexpected_end_of_execution`.
"""

import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream

from veristone import (
    InvalidSample,
    Limits,
    RunRequest,
    RunResult,
    SessionEnded,
    SessionOptions,
    SessionsFull,
)
from veristone.engine.sessions import Session
from veristone.service.admission import NoVerdict, Overloaded
from veristone.service.dialects.base import Dialect
from veristone.service.errors import Reply
from veristone.service.sessions import TenantSessions

__all__ = ["DIALECT", "Execute", "to_events"]

_CELL_S = 300.0
"""As long as its client waits by default."""
_LIMITS = Limits(cpu_s=_CELL_S, wall_s=_CELL_S)
_NAMES = {"python3": "python", "sh": "bash"}
_LANGUAGES = ("python", "bash")
_HOME = "/work"
_FORMS = {
    "text/plain": "text",
    "text/html": "html",
    "text/markdown": "markdown",
    "text/latex": "latex",
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpeg",
}
_MOVE = "import os\nos.makedirs({folder!r}, exist_ok=True)\nos.chdir({folder!r})"
_encode = msgspec.json.Encoder().encode


class Execute(msgspec.Struct, kw_only=True):
    """A request of `/execute`."""

    code: str
    context_id: str | None = None
    language: str | None = None
    env_vars: dict[str, str] | None = None


class CreateContext(msgspec.Struct, kw_only=True):
    """A request of `POST /contexts`."""

    language: str | None = None
    cwd: str | None = None


class Context(msgspec.Struct, kw_only=True):
    """A context as it is told."""

    id: str
    language: str
    cwd: str = _HOME


def to_events(result: RunResult, now: float) -> list[dict[str, Any]]:
    """Return the lines of an answer; `now` is their time, in seconds since 1970."""
    events: list[dict[str, Any]] = [
        {"type": "number_of_executions", "execution_count": max(1, result.number)}
    ]
    for kind, stream in (("stdout", result.stdout), ("stderr", result.stderr)):
        if stream.text:
            events.append({"type": kind, "text": stream.text, "timestamp": int(now * 1e9)})
    events += [_shown(forms, main=False) for forms in result.shown]
    if result.result:
        events.append(_shown(result.result, main=True))
    if result.error is not None:
        events.append({"type": "error", **msgspec.to_builtins(result.error)})
    elif result.exit_code or result.signal or result.broke is not None or result.state_lost:
        said = result.message or f"exit code {result.exit_code}"
        name = "UnexpectedEndOfExecution" if result.state_lost else "ExecutionError"
        events.append({"type": "error", "name": name, "value": said, "traceback": ""})
    end = "unexpected_end_of_execution" if result.state_lost else "end_of_execution"
    return [*events, {"type": end}]


def _shown(forms: dict[str, str], main: bool) -> dict[str, Any]:
    told = {_FORMS[kind]: text for kind, text in forms.items() if kind in _FORMS}
    text = told.get("text", "")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        told["text"] = text[1:-1]
    return {"type": "result", **told, "is_main_result": main}


def language_of(name: str | None) -> str:
    """Return a language by the name that E2B has for it.

    Raises:
        InvalidSample: there are no contexts of it.
    """
    known = (name or "python").lower().strip()
    known = _NAMES.get(known, known)
    if known not in _LANGUAGES:
        raise InvalidSample(f"language: contexts are of {' or '.join(_LANGUAGES)}, not {known!r}")
    return known


def to_requests(request: Execute, language: str) -> list[RunRequest]:
    """Return the calls that a request asks for; the last one's answer is the answer."""
    variables = request.env_vars or {}
    if language == "bash":
        return [RunRequest(command=["bash", "-c", request.code], env=variables)]
    cell = RunRequest(cell=request.code)
    if not variables:
        return [cell]
    return [RunRequest(cell=f"__import__('os').environ.update({variables!r})"), cell]


def _options(language: str) -> SessionOptions:
    return SessionOptions(language=language, limits=_LIMITS)


@post("/e2b/execute", status_code=200, tags=["E2B"])
async def execute(
    data: JSONBody[Execute],
    request: Request[Any, Any, Any],
    sessions: NamedDependency[TenantSessions],
) -> Stream:
    """Run a cell in a context; answer line by line (NDJSON)."""
    if data.context_id and data.language:
        raise InvalidSample("give context_id or language, not both")
    if data.context_id:
        session = sessions.get(data.context_id)
    else:
        language = language_of(data.language)
        sandbox = request.headers.get("e2b-sandbox-id", "")
        name = f"e2b/{sandbox}/{language}"
        session = await sessions.named(name, _options(language))
    calls = to_requests(data, session.language)
    return Stream(_answer(session, calls), media_type="application/x-ndjson")


async def _answer(session: Session, calls: list[RunRequest]) -> AsyncIterator[bytes]:
    result = RunResult()
    try:
        for call in calls:
            result = await session.run(call)
    except (SessionEnded, SessionsFull) as error:
        result = RunResult(message=str(error), state_lost=True)
    for event in to_events(result, time.time()):
        yield _encode(event) + b"\n"


@post("/e2b/contexts", status_code=200, tags=["E2B"])
async def create_context(
    data: JSONBody[CreateContext], sessions: NamedDependency[TenantSessions]
) -> Context:
    """Start a context."""
    language = language_of(data.language)
    session = await sessions.open(_options(language))
    if data.cwd is not None and language == "python":
        moved = await session.run(_MOVE.format(folder=data.cwd))
        if not moved.ok:
            await sessions.close(session.id)
            raise InvalidSample(f"cwd: cannot be used: {moved.error and moved.error.value}")
    return Context(id=session.id, language=language, cwd=data.cwd or _HOME)


@get("/e2b/contexts", tags=["E2B"])
async def contexts(sessions: NamedDependency[TenantSessions]) -> list[Context]:
    """Name all contexts."""
    return [Context(id=name, language=each.language) for name, each in sessions.all().items()]


@post("/e2b/contexts/{name:str}/restart", status_code=200, tags=["E2B"])
async def restart_context(name: FromPath[str], sessions: NamedDependency[TenantSessions]) -> None:
    """End a context's interpreter; the next cell gets a new one."""
    await sessions.get(name).forget()


@delete("/e2b/contexts/{name:str}", status_code=200, tags=["E2B"])
async def remove_context(name: FromPath[str], sessions: NamedDependency[TenantSessions]) -> None:
    """End a context."""
    await sessions.close(name)


@get("/e2b/health", tags=["E2B"], media_type="text/plain")
async def health() -> str:
    """Say that the service is up."""
    return "OK"


def _refuse(error: NoVerdict) -> Reply:
    status = 429 if isinstance(error, Overloaded) else 503
    return Reply(status, str(error), {"Retry-After": str(error.retry_after_s)})


def _invalid(status: int, why: str) -> Reply:
    return Reply(status, why)


DIALECT = Dialect(
    routes=(execute, create_context, contexts, restart_context, remove_context, health),
    refuse=_refuse,
    invalid=_invalid,
)
