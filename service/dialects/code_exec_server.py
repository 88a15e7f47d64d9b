"""code_exec_server's `/py_exec`, which Code-R1, Reasoning360 and StarCoder2's pipeline ask.

Contract read from code_exec_server's server.py and the clients' ces_exec.py. The body is JSON under
any content type; the reply is ``0`` or ``1``, a line end, and the output. A fault of ours is 503:
a reply that a client could take for a failed program would be a lie.
"""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, post
from litestar.di import NamedDependency

from veristone import Decision, Limits, ProgramCheck, Sample, Verdict
from veristone.service.admission import NoVerdict
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.errors import Reply

__all__ = ["DIALECT", "PyExec", "to_reply", "to_sample"]

_SHOWN = 1024 * 1024
_WAITING_S = 2.0
"""Seconds past `timeout` after which a program that does not compute is ended."""
_PATIENCE_S = 60.0
"""Seconds past `timeout` that a client waits: it names none, and asks again for ever."""
_INVALID = "1\nInvalid JSON input"


class PyExec(msgspec.Struct, kw_only=True):
    """A request of `/py_exec`."""

    code: str
    timeout: float = 10.0
    stdin: str | None = None
    json_resp: bool = False


class JsonReply(msgspec.Struct):
    """A reply where `json_resp` asks for JSON."""

    status: int
    output: str


_decode = msgspec.json.Decoder(PyExec).decode


def to_sample(request: PyExec) -> Sample:
    """Return the sample that a request asks about."""
    return Sample(
        code=request.code,
        check=ProgramCheck(stdin=request.stdin or "", must_reach_end=False, show_bytes=_SHOWN),
        limits=Limits(cpu_s=request.timeout, wall_s=request.timeout + _WAITING_S),
    )


def to_reply(verdict: Verdict) -> JsonReply:
    """Return status and output: stdout of what passed, stderr of what did not."""
    if verdict.decision is Decision.PASS:
        return JsonReply(0, verdict.stdout.text)
    if verdict.reason.is_timeout:
        return JsonReply(1, "Timeout")
    return JsonReply(1, verdict.stderr.text or verdict.message)


@post("/py_exec", status_code=200, tags=["code_exec_server"], media_type=MediaType.TEXT)
async def py_exec(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller]
) -> Response[str | JsonReply]:
    """Run a Python program and return whether it ended well, and what it printed."""
    try:
        asked = _decode(await request.body())
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Response(_INVALID, media_type=MediaType.TEXT)
    reply = to_reply(await caller.decide(to_sample(asked), asked.timeout + _PATIENCE_S))
    if asked.json_resp:
        return Response(reply, media_type=MediaType.JSON)
    return Response(f"{reply.status}\n{reply.output}", media_type=MediaType.TEXT)


def _refuse(error: NoVerdict) -> Reply:
    return Reply(503, str(error))


def _invalid(status: int, why: str) -> Reply:
    return Reply(status, f"1\n{why}")


DIALECT = Dialect(routes=(py_exec,), refuse=_refuse, invalid=_invalid)
