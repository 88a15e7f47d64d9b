"""Piston's v2 API: `/api/v2/execute` and `/api/v2/runtimes`.

Contract read from Piston's api/src/api/v2.js and job.js, and from open-r1's client. Where this
differs from the original: `output` is stdout and then stderr (streams are kept apart here, so their
order is unknown), every limit may be asked for that the engine allows, and a fault of ours is 500
with a message, which open-r1's client asks again after.
"""

import base64
import binascii
import platform
import re
from typing import Literal

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from veristone import Decision, InvalidSample, Limits, ProgramCheck, Reason, Sample, Verdict
from veristone.engine.languages import find, installed
from veristone.service.admission import NoVerdict
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.errors import Reply

__all__ = ["DIALECT", "Execute", "ExecuteReply", "deadline_s", "to_reply", "to_sample"]

_MIB = 1024 * 1024
_SHOWN = _MIB
_RUN_MS, _CPU_MS = 3000.0, 3000.0
"""Piston's own defaults."""
_MEMORY_MIB = 512
_PATIENCE_S = 30.0
"""How long open-r1's client reads."""
_STATUS: dict[Reason, Literal["TO", "OL", "SG", "RE"]] = {
    Reason.CPU_TIMEOUT: "TO",
    Reason.WALL_TIMEOUT: "TO",
    Reason.OUTPUT_LIMIT: "OL",
    Reason.SIGNALLED: "SG",
    Reason.MEMORY_LIMIT: "SG",
    Reason.POLICY_VIOLATION: "SG",
    Reason.DISK_LIMIT: "SG",
    Reason.PROCESS_LIMIT: "SG",
}


class File(msgspec.Struct, kw_only=True):
    """A file of a request; the first one is the program."""

    content: str
    name: str = ""
    encoding: Literal["utf8", "base64", "hex"] = "utf8"


class Execute(msgspec.Struct, kw_only=True):
    """A request of `/api/v2/execute`. Times in milliseconds, memory in bytes (-1: no limit)."""

    language: str
    version: str
    files: list[File]
    stdin: str = ""
    args: list[str] = []
    run_timeout: float = _RUN_MS
    run_cpu_time: float = _CPU_MS
    run_memory_limit: int = -1
    compile_timeout: float = 10000.0
    compile_cpu_time: float = 10000.0
    compile_memory_limit: int = -1


class Stage(msgspec.Struct, kw_only=True):
    """How the program ended. Times in milliseconds, memory in bytes."""

    stdout: str
    stderr: str
    output: str
    code: int | None
    signal: str | None
    message: str | None
    status: Literal["TO", "OL", "SG", "RE"] | None
    cpu_time: int
    wall_time: int
    memory: int


class ExecuteReply(msgspec.Struct, kw_only=True):
    """A reply of `/api/v2/execute`."""

    language: str
    version: str
    run: Stage


class Runtime(msgspec.Struct, kw_only=True):
    """A language that can be asked for."""

    language: str
    version: str
    aliases: list[str]


def to_sample(request: Execute) -> Sample:
    """Return the sample that a request asks about.

    Raises:
        InvalidSample: in Piston's words, which its clients look for.
    """
    if not request.files:
        raise InvalidSample("files is required as an array")
    contents = [_content(number, file) for number, file in enumerate(request.files)]
    program, *others = contents
    names = [file.name or f"file{number}.code" for number, file in enumerate(request.files)]
    try:
        code = program.decode()
    except UnicodeDecodeError as error:
        raise InvalidSample("files must include at least one utf8 encoded file") from error
    try:
        language = find(request.language).name
    except InvalidSample as error:
        raise InvalidSample(f"{request.language}-{request.version} runtime is unknown") from error
    memory = request.run_memory_limit
    return Sample(
        code=code,
        language=language,
        # Piston ends what it feeds to a program with a line end.
        check=ProgramCheck(
            args=request.args,
            stdin=f"{request.stdin}\n",
            must_reach_end=False,
            show_bytes=_SHOWN,
        ),
        files=dict(zip(names[1:], others, strict=True)),
        limits=Limits(
            cpu_s=request.run_cpu_time / 1000,
            wall_s=request.run_timeout / 1000,
            memory_mib=max(1, memory // _MIB) if memory > 0 else _MEMORY_MIB,
        ),
    )


def _content(number: int, file: File) -> bytes:
    try:
        if file.encoding == "base64":
            return base64.b64decode(file.content)
        if file.encoding == "hex":
            return bytes.fromhex(file.content)
    except (binascii.Error, ValueError) as error:
        raise InvalidSample(f"files[{number}].content is no {file.encoding}: {error}") from error
    return file.content.encode("utf-8", "surrogatepass")


def deadline_s(request: Execute) -> float:
    """Return in how many seconds there must be an answer."""
    return max(_PATIENCE_S, request.run_timeout / 1000 + 10.0) - 1.0


def to_reply(request: Execute, verdict: Verdict) -> ExecuteReply:
    """Return the reply that says what a verdict says, as far as this dialect can."""
    status = None
    if verdict.decision is not Decision.PASS:
        status = _STATUS.get(verdict.reason, "RE")
    ended = status not in (None, "RE")
    stdout, stderr = verdict.stdout.text, verdict.stderr.text
    stage = Stage(
        stdout=stdout,
        stderr=stderr,
        output=stdout + stderr,
        code=None if ended else verdict.exit_code,
        signal=(verdict.signal or "SIGKILL") if ended else None,
        message=verdict.message if status is not None else None,
        status=status,
        cpu_time=round(verdict.usage.cpu_s * 1000),
        wall_time=round(verdict.usage.wall_s * 1000),
        memory=round(verdict.usage.peak_memory_mib * _MIB),
    )
    language = find(request.language).name
    return ExecuteReply(language=language, version=_version(language), run=stage)


def _version(language: str) -> str:
    """Return a version that Piston's clients can read: they want three numbers."""
    return platform.python_version() if language == "python" else "1.0.0"


@post("/api/v2/execute", status_code=200, tags=["Piston"])
async def execute(
    data: JSONBody[Execute], caller: NamedDependency[Caller]
) -> Response[ExecuteReply]:
    """Run a program and return what came out of it."""
    verdict = await caller.decide(to_sample(data), deadline_s(data))
    return Response(to_reply(data, verdict))


@get("/api/v2/runtimes", tags=["Piston"])
async def runtimes() -> list[Runtime]:
    """Name every language that can be asked for."""
    return [
        Runtime(language=each.name, version=_version(each.name), aliases=each.aliases)
        for each in installed().values()
    ]


def _invalid(status: int, why: str) -> Reply:
    if missing := re.search(r"missing required field `(\w+)`", why):
        what = "an array" if missing[1] == "files" else "a string"
        why = f"{missing[1]} is required as {what}"
    return Reply(status, {"message": why})


def _refuse(error: NoVerdict) -> Reply:
    return Reply(500, {"message": str(error)})


DIALECT = Dialect(routes=(execute, runtimes), refuse=_refuse, invalid=_invalid)
