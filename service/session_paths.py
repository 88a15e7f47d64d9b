"""`/v1/sessions`: a sandbox lent for several calls, over HTTP."""

import errno
from typing import Annotated, Any

from litestar import Request, Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import Body, FromPath, QueryParameter

from veristone import FileEntry, RunRequest, RunResult, SessionEnded, SessionOptions
from veristone.service.errors import Problem
from veristone.service.sessions import TenantSessions
from veristone.session import SessionState

__all__ = ["SESSIONS", "session_routes"]

SESSIONS = "/v1/sessions"
_Options = Annotated[
    SessionOptions,
    Body(
        examples=[
            Example(summary="Python, half an hour", value={"language": "python", "ttl_s": 1800})
        ]
    ),
]
_Run = Annotated[
    RunRequest,
    Body(
        examples=[
            Example(summary="a cell", value={"cell": "x = 6 * 7\nx"}),
            Example(summary="a command", value={"command": ["ls", "-l"], "cwd": "data"}),
            Example(
                summary="a line for the shell, for two seconds at most",
                value={"command": "sort | uniq -c", "stdin": "b\na\nb\n", "limits": {"wall_s": 2}},
            ),
        ]
    ),
]
_Name = Annotated[
    str, QueryParameter(description="Relative path inside the session's work folder.")
]


@post(SESSIONS, status_code=201, tags=["sessions"])
async def open_session(
    data: _Options, sessions: NamedDependency[TenantSessions]
) -> Response[SessionState]:
    """Start a session: a sandbox of one's own until it is deleted or its time is over.

    Answers 429 with `Retry-After` where there are as many sessions as there may be.
    """
    session = await sessions.open(data)
    return Response(session.state(), headers={"Location": f"{SESSIONS}/{session.id}"})


@get(SESSIONS, tags=["sessions"])
async def sessions_there_are(sessions: NamedDependency[TenantSessions]) -> list[SessionState]:
    """Name one's sessions."""
    return [session.state() for session in sessions.all().values()]


@get(SESSIONS + "/{name:str}", tags=["sessions"])
async def tell(name: FromPath[str], sessions: NamedDependency[TenantSessions]) -> SessionState:
    """Tell what a session has used, and how long it still has."""
    return sessions.get(name).state()


@post(SESSIONS + "/{name:str}/run", status_code=200, tags=["sessions"])
async def run(
    name: FromPath[str], data: _Run, sessions: NamedDependency[TenantSessions]
) -> RunResult:
    """Run a cell in the Python interpreter that the session keeps, or a command beside it.

    What the code does wrong is part of the result: an `error`, an exit code, the limit that it
    `broke`. `state_lost` says that the interpreter is gone with all its names. Calls of one session
    run one after the other.
    """
    return await sessions.get(name).run(data)


@put(SESSIONS + "/{name:str}/file", status_code=204, tags=["sessions"])
async def write_file(
    name: FromPath[str],
    path: _Name,
    request: Request[Any, Any, Any],
    sessions: NamedDependency[TenantSessions],
) -> None:
    """Write a file: the body as it is. Folders above it are made."""
    session = sessions.get(name)
    await session.write({path: await request.body()})


@get(SESSIONS + "/{name:str}/file", tags=["sessions"], media_type="application/octet-stream")
async def read_file(
    name: FromPath[str], path: _Name, sessions: NamedDependency[TenantSessions]
) -> Response[bytes]:
    """Return a plain file as it is; no symbolic link is followed."""
    content = await sessions.get(name).read(path)
    return Response(content, media_type="application/octet-stream")


@get(SESSIONS + "/{name:str}/files", tags=["sessions"])
async def list_files(
    name: FromPath[str],
    sessions: NamedDependency[TenantSessions],
    folder: Annotated[
        str, QueryParameter(description="Relative path of a folder; empty: the work folder.")
    ] = "",
) -> list[FileEntry]:
    """List what lies below a folder."""
    return await sessions.get(name).files(folder)


@delete(SESSIONS + "/{name:str}", status_code=204, tags=["sessions"])
async def end(name: FromPath[str], sessions: NamedDependency[TenantSessions]) -> None:
    """End a session and destroy its sandbox."""
    await sessions.close(name)


def _ended(_: Request[Any, Any, Any], error: SessionEnded) -> Response[Problem]:
    return Response(Problem(error=str(error), code="session_ended"), status_code=404)


def _no_file(_: Request[Any, Any, Any], error: OSError) -> Response[Problem]:
    """Say what is wrong with a file; the code is the name that the operating system has for it."""
    code = errno.errorcode.get(error.errno or 0, "EIO")
    said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    status = 404 if error.errno == errno.ENOENT else 409
    return Response(Problem(error=said, code=code), status_code=status)


def session_routes() -> Router:
    """Return the routes."""
    handlers = [open_session, sessions_there_are, tell, run, write_file, read_file, list_files, end]
    return Router(
        "/",
        route_handlers=handlers,
        exception_handlers={SessionEnded: _ended, OSError: _no_file},
    )
