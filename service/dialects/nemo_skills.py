"""NeMo-Skills' sandbox: `/execute`.

Contract read from nemo_skills/code_execution/local_sandbox. Where this differs from the original:
there are no sessions, so `ipython` is refused with 400; a program that ends badly is an `error`,
whatever its language (there, Python is `completed` whatever its exit code); a fault of ours is 502,
which its client takes for a time-out and not for a result.
"""

from typing import Literal

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from veristone import Decision, InvalidSample, Limits, ProgramCheck, Sample, Verdict
from veristone.service.admission import NoVerdict
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.errors import Reply

__all__ = ["DIALECT", "Execute", "to_reply", "to_sample"]

_SHOWN = 1024 * 1024
_WAITING_S = 2.0
_MARGIN_S = 4.0
"""Its client waits five seconds longer than `timeout`."""
_NAMES = {"python3": "python", "pypy3": "python", "shell": "bash"}
_CUT = "<output cut>"


class Execute(msgspec.Struct, kw_only=True):
    """A request of `/execute`. The time-out is in seconds."""

    generated_code: str
    std_input: str = ""
    timeout: float = 10.0
    language: str = "ipython"
    max_output_characters: int = 1000
    traceback_verbosity: str = "Plain"


class ExecuteReply(msgspec.Struct, kw_only=True):
    """A reply of `/execute`."""

    process_status: Literal["completed", "error", "timeout"]
    stdout: str
    stderr: str


def to_sample(request: Execute) -> Sample:
    """Return the sample that a request asks about.

    Raises:
        InvalidSample: it asks for a session.
    """
    if request.language == "ipython":
        raise InvalidSample("ipython needs a session, and there are none here; ask for python")
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


@post("/execute", status_code=200, tags=["NeMo-Skills"])
async def execute(data: JSONBody[Execute], caller: NamedDependency[Caller]) -> ExecuteReply:
    """Run a program and return what came out of it."""
    verdict = await caller.decide(to_sample(data), data.timeout + _MARGIN_S)
    return to_reply(data, verdict)


def _refuse(error: NoVerdict) -> Reply:
    return Reply(502, {"error": str(error)})


def _invalid(status: int, why: str) -> Reply:
    return Reply(status, {"error": why})


DIALECT = Dialect(routes=(execute,), refuse=_refuse, invalid=_invalid)
