"""open-r1's router of E2B sandboxes: `/execute_batch`.

Contract read from open-r1 (scripts/e2b_router.py, src/open_r1/utils/routed_sandbox.py, and
scripts/morph_router.py). Each script is one cell in a session of its own, whose last expression is
its result. A reply holds what E2B's client reads (`execution`) and what Morph's does (`text`);
`exception_str` says why there is no result, as there.
"""

import asyncio
from typing import Any

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from veristone import InvalidSample, Limits, RunRequest, RunResult, SessionOptions
from veristone.service.admission import NoVerdict
from veristone.service.dialects.base import Dialect
from veristone.service.dialects.common import fastapi_invalid
from veristone.service.errors import Reply
from veristone.service.sessions import TenantSessions

__all__ = ["DIALECT", "ExecuteBatch", "ScriptResult", "to_result"]

_AT_ONCE = 4
"""Scripts of one request that run at one time: there are other requests."""
_WAITING_S = 1.0


class ExecuteBatch(msgspec.Struct, kw_only=True):
    """A request of `/execute_batch`. Time-outs in seconds: of each script, and of the request."""

    scripts: list[str]
    languages: list[str] = []
    timeout: float = 300.0
    request_timeout: float = 30.0


class Logs(msgspec.Struct):
    """Lines that a script printed."""

    stdout: list[str]
    stderr: list[str]


class Execution(msgspec.Struct, kw_only=True):
    """A script's run, as E2B's `Execution`."""

    results: list[dict[str, Any]]
    logs: Logs
    error: dict[str, str] | None
    execution_count: int = 1


class ScriptResult(msgspec.Struct, kw_only=True):
    """What came of one script."""

    execution: Execution | None
    exception_str: str | None
    text: str | None = None


def to_result(result: RunResult) -> ScriptResult:
    """Return what came of a script."""
    if result.broke is not None or (result.state_lost and result.error is None):
        why = result.message or "the script ended its interpreter"
        return ScriptResult(execution=None, exception_str=why)
    text = result.result.get("text/plain")
    if text is not None and len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]  # as E2B's server: a string is shown without its quotes
    results = [{"text": text, "is_main_result": True}] if text is not None else []
    error = msgspec.to_builtins(result.error) if result.error is not None else None
    lines = [[stream.text] if stream.text else [] for stream in (result.stdout, result.stderr)]
    execution = Execution(results=results, logs=Logs(*lines), error=error)
    return ScriptResult(execution=execution, exception_str=None, text=text)


def check(request: ExecuteBatch) -> None:
    """Raise `InvalidSample` where a request asks for what there is not."""
    others = {name for name in request.languages if name not in ("python", "python3")}
    if others:
        raise InvalidSample(f"languages: scripts are Python here, not {', '.join(sorted(others))}")
    if request.languages and len(request.languages) != len(request.scripts):
        raise InvalidSample("languages: there must be one for each script")
    if not request.timeout > 0:
        raise InvalidSample("timeout must be greater than 0")


@post("/execute_batch", status_code=200, tags=["open-r1"])
async def execute_batch(
    data: JSONBody[ExecuteBatch], sessions: NamedDependency[TenantSessions]
) -> list[ScriptResult]:
    """Run scripts side by side and return the value of each one's last expression."""
    check(data)
    limits = Limits(cpu_s=data.timeout, wall_s=data.timeout + _WAITING_S)
    wanted = SessionOptions(ttl_s=data.timeout + 60, limits=limits)
    turn = asyncio.Semaphore(_AT_ONCE)

    async def run(script: str) -> ScriptResult:
        async with turn:
            try:
                async with sessions.once(wanted, data.timeout + data.request_timeout) as session:
                    return to_result(await session.run(RunRequest(cell=script)))
            except NoVerdict as error:
                return ScriptResult(execution=None, exception_str=str(error))

    return await asyncio.gather(*map(run, data.scripts))


def _refuse(error: NoVerdict) -> Reply:
    return Reply(503, {"detail": str(error)})


DIALECT = Dialect(routes=(execute_batch,), refuse=_refuse, invalid=fastapi_invalid)
