"""NeMo-Skills' sandbox: `/execute`, and its sessions for `ipython`.

Contract read from nemo_skills/code_execution (local_sandbox_server.py, sandbox.py). Clients choose
the names of their sessions (`X-Session-ID`); a name stands for one session of that tenant. Where
this differs from the original: a program that ends badly is an `error`, whatever its language
(there, Python is `completed` whatever its exit code); a fault of ours is 502, which its client
takes for a time-out and not for a result; magic commands of IPython are syntax errors.
"""

import re
from typing import Any, Literal

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from veristone import (
    Decision,
    InvalidSample,
    Limits,
    ProgramCheck,
    RunRequest,
    RunResult,
    Sample,
    SessionEnded,
    SessionOptions,
    Verdict,
)
from veristone.service.admission import NoVerdict
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.errors import Reply
from veristone.service.sessions import TenantSessions

__all__ = ["DIALECT", "Execute", "to_reply", "to_sample", "to_session_reply"]

_SHOWN = 1024 * 1024
_WAITING_S = 2.0
_MARGIN_S = 4.0
"""Its client waits five seconds longer than `timeout`."""
_PREFIX = "nemo-skills/"
_NAMES = {"python3": "python", "pypy3": "python", "shell": "bash"}
_CUT = "<output cut>"
_PLACE = re.compile(r' *File "<cell')
_POINTER = re.compile(r" *[~^]+$")


class Execute(msgspec.Struct, kw_only=True):
    """A request of `/execute`. The time-out is in seconds."""

    generated_code: str
    std_input: str = ""
    timeout: float = 10.0
    language: str = "ipython"
    max_output_characters: int = 1000
    traceback_verbosity: str = "Plain"


class ExecuteReply(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A reply of `/execute`."""

    process_status: Literal["completed", "error", "timeout"]
    stdout: str
    stderr: str
    new_session_created: bool | None = None
    """Of a session: the client tells it again what it knew."""


def to_sample(request: Execute) -> Sample:
    """Return the sample that a request without a session asks about."""
    return Sample(
        code=request.generated_code,
        language=_NAMES.get(request.language, request.language),
        check=ProgramCheck(stdin=request.std_input, must_reach_end=False, show_bytes=_SHOWN),
        limits=Limits(cpu_s=request.timeout, wall_s=request.timeout + _WAITING_S),
    )


def to_reply(request: Execute, verdict: Verdict) -> ExecuteReply:
    """Return the reply that says what a verdict says."""
    status = "completed" if verdict.decision is Decision.PASS else "error"
    if verdict.reason.is_timeout:
        status = "timeout"
    stderr = verdict.stderr.text or ("" if status == "completed" else verdict.message)
    most = max(0, request.max_output_characters)
    return ExecuteReply(
        process_status=status, stdout=_cut(verdict.stdout.text, most), stderr=_cut(stderr, most)
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + _CUT


def to_session_reply(request: Execute, result: RunResult) -> ExecuteReply:
    """Return what came of a cell as IPython's terminal shows it: value and traceback on stdout."""
    shown = [each.get("text/plain", "") + "\n" for each in (*result.shown, result.result) if each]
    trace = result.error.traceback if result.error is not None else ""
    if request.traceback_verbosity in ("Plain", "Minimal"):
        trace = _plain(trace)
    stderr = result.stderr.text
    status = "completed" if result.ok and not result.state_lost else "error"
    if result.broke is not None and result.broke.is_timeout:
        status, trace = "timeout", ""
        stderr += f"Execution timed out after {request.timeout:g} seconds\n"
    elif status == "error" and result.error is None:
        stderr += f"{result.message or 'the interpreter ended'}\n"
    most = max(0, request.max_output_characters)
    return ExecuteReply(
        process_status=status,
        stdout=_cut("".join((result.stdout.text, *shown, trace)), most),
        stderr=_cut(stderr, most),
        new_session_created=result.fresh or result.state_lost,
    )


def _plain(trace: str) -> str:
    """Return a traceback without the lines that name cells, and without its pointers."""
    left_out = _POINTER if trace.startswith("Traceback") else _PLACE
    return "".join(
        line
        for line in trace.splitlines(keepends=True)
        if not _PLACE.match(line) and not left_out.match(line)
    )


@post("/execute", status_code=200, tags=["NeMo-Skills"])
async def execute(
    data: JSONBody[Execute],
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    sessions: NamedDependency[TenantSessions],
) -> ExecuteReply:
    """Run a program, or a cell in a session, and return what came out of it."""
    if data.language != "ipython":
        verdict = await caller.decide(to_sample(data), data.timeout + _MARGIN_S)
        return to_reply(data, verdict)
    name = request.headers.get("x-session-id")
    if not name:
        raise InvalidSample("X-Session-ID header required for ipython sessions")
    limits = Limits(cpu_s=data.timeout, wall_s=data.timeout + _WAITING_S)
    # Its clients leave sessions behind, and tell a new one what they told the old one.
    session = await sessions.named(_PREFIX + name, SessionOptions(), instead_of=_PREFIX)
    try:
        result = await session.run(RunRequest(cell=data.generated_code, limits=limits))
    except SessionEnded as error:
        raise NoVerdict(str(error)) from error
    return to_session_reply(data, result)


@get("/sessions", tags=["NeMo-Skills"])
async def list_sessions(sessions: NamedDependency[TenantSessions]) -> dict[str, Any]:
    """Name one's sessions."""
    names = [name for name in sessions.all() if name.startswith(_PREFIX)]
    told = {name.removeprefix(_PREFIX): {"backend": "ipython", "alive": True} for name in names}
    return {"sessions": told, "backend": "ipython"}


@delete("/sessions/{name:str}", status_code=200, tags=["NeMo-Skills"])
async def delete_session(
    name: FromPath[str], sessions: NamedDependency[TenantSessions]
) -> Response[dict[str, str]]:
    """End a session."""
    try:
        await sessions.close(_PREFIX + name)
    except SessionEnded:
        return Response({"error": f"IPython session {name} not found"}, status_code=404)
    return Response({"message": f"IPython session {name} deleted successfully"})


def _refuse(error: NoVerdict) -> Reply:
    return Reply(502, {"error": str(error)})


def _invalid(status: int, why: str) -> Reply:
    return Reply(status, {"error": why})


DIALECT = Dialect(routes=(execute, list_sessions, delete_session), refuse=_refuse, invalid=_invalid)
