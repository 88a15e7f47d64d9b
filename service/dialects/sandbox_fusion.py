"""SandboxFusion's `/run_code` and `/v1/ping`, as verl and the client on PyPI use them.

`run_jupyter` is a module of its own.

Contract read from SandboxFusion's server (sandbox/server/sandbox_api.py, sandbox/runners) and from
verl's client (verl/utils/reward_score/sandbox_fusion). Where this differs from the original:

- `language` may be left out and is Python then; the original answers 422.
- CPU time decides about `run_timeout`; a program that only waits is ended some seconds later.
- There is no verdict (a fault of ours, or no time left): 504, the one status that verl asks again
  after. The original says 200 with `SandboxError`, which verl scores as a wrong answer.
- Languages without a sandbox here are refused with 422 and the reason.
"""

import base64
import signal
from typing import Literal

import msgspec
from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from veristone import Decision, Limits, ProgramCheck, Reason, Sample, Verdict
from veristone.engine.languages import find
from veristone.service.admission import NoVerdict
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.dialects.common import decoded_files, fastapi_invalid
from veristone.service.dialects.run_jupyter import run_jupyter
from veristone.service.errors import Reply

__all__ = ["DIALECT", "RunCode", "RunCodeReply", "deadline_s", "to_reply", "to_sample"]

_SHOWN = 1024 * 1024
"""Bytes of each stream in a reply."""
_WAITING_S = 2.0
"""Seconds past `run_timeout` after which a program that does not compute is ended."""
_MARGIN_S = 1.0
"""What is left of the client's deadline for the way back."""
_MEMORY_MIB = 512


class RunCode(msgspec.Struct, kw_only=True):
    """A request of `/run_code`."""

    code: str
    language: str = "python"
    compile_timeout: float = 10.0
    run_timeout: float = 10.0
    memory_limit_mb: int = msgspec.field(default=-1, name="memory_limit_MB")
    stdin: str | None = None
    files: dict[str, str | None] = {}
    """Path to content in base64; a file without content is left out."""
    fetch_files: list[str] = []


class CommandResult(msgspec.Struct, kw_only=True):
    """How one command, the compiler or the program, ended."""

    status: Literal["Finished", "Error", "TimeLimitExceeded"]
    execution_time: float | None = None
    return_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None


class RunCodeReply(msgspec.Struct, kw_only=True):
    """A reply of `/run_code`."""

    status: Literal["Success", "Failed", "SandboxError"]
    message: str = ""
    compile_result: CommandResult | None = None
    run_result: CommandResult | None = None
    executor_pod_name: str | None = None
    files: dict[str, str] = {}


def to_sample(request: RunCode) -> Sample:
    """Return the sample that a request asks about.

    Raises:
        InvalidSample: a file is no base64.
    """
    given = request.memory_limit_mb
    return Sample(
        code=request.code,
        language=request.language,
        check=ProgramCheck(
            stdin=request.stdin or "",
            must_reach_end=False,
            show_bytes=_SHOWN,
            fetch=request.fetch_files,
        ),
        files=decoded_files(request.files),
        limits=Limits(
            cpu_s=request.run_timeout,
            wall_s=request.run_timeout + _WAITING_S,
            memory_mib=given if given > 0 else _MEMORY_MIB,
        ),
    )


def deadline_s(request: RunCode) -> float:
    """Return in how many seconds verl's client gives up, less the way back."""
    return request.compile_timeout + request.run_timeout + 10.0 - _MARGIN_S


def to_reply(request: RunCode, verdict: Verdict) -> RunCodeReply:
    """Return the reply that says what a verdict says, as far as this dialect can."""
    status = "Success" if verdict.decision is Decision.PASS else "Failed"
    result = CommandResult(
        status="Finished",
        execution_time=verdict.usage.wall_s,
        return_code=_return_code(verdict),
        stdout=verdict.stdout.text,
        stderr=verdict.stderr.text,
    )
    if verdict.reason.is_timeout:
        result.status, result.return_code = "TimeLimitExceeded", None
    message = "" if status == "Success" else verdict.message
    files = {name: base64.b64encode(content).decode() for name, content in verdict.files.items()}
    if find(request.language).compile is None:
        return RunCodeReply(status=status, message=message, run_result=result, files=files)
    if verdict.reason is Reason.COMPILE_ERROR:  # nothing was run
        return RunCodeReply(status=status, message=message, compile_result=result)
    compiled = CommandResult(status="Finished", return_code=0, stdout="", stderr="")
    return RunCodeReply(
        status=status, message=message, compile_result=compiled, run_result=result, files=files
    )


def _return_code(verdict: Verdict) -> int:
    """As `subprocess` counts: an exit code, or the negative number of a signal."""
    if verdict.exit_code is not None and verdict.signal is None:
        # What broke a limit did not end well, whatever code it left with.
        return verdict.exit_code or (0 if verdict.decision is Decision.PASS else 1)
    name = verdict.signal or "SIGKILL"
    return -int(getattr(signal.Signals, name, signal.SIGKILL))


@post("/run_code", status_code=200, tags=["SandboxFusion"])
async def run_code(
    data: JSONBody[RunCode], caller: NamedDependency[Caller]
) -> Response[RunCodeReply]:
    """Run a program and return what came out of it."""
    return Response(to_reply(data, await caller.decide(to_sample(data), deadline_s(data))))


@get("/v1/ping", tags=["SandboxFusion"], media_type=MediaType.JSON)
async def ping() -> str:
    """Say that the service is up."""
    return "pong"


def _refuse(error: NoVerdict) -> Reply:
    return Reply(504, RunCodeReply(status="SandboxError", message=str(error)))


DIALECT = Dialect(routes=(run_code, run_jupyter, ping), refuse=_refuse, invalid=fastapi_invalid)
