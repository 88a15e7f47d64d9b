"""SandboxFusion's `/run_jupyter`: cells of one notebook, run in a session of their own.

Contract read from SandboxFusion's server (sandbox/runners/jupyter.py, runtime/jupyter/main.py) and
its client on PyPI. As there, a cell that raises says so and the next one runs. Where this differs:

- `cell_timeout` counts (there it is ignored); a cell over it is interrupted.
- When `total_timeout` is over the reply is `Failed`, with the cells up to then.
- The kernel is no IPython: magic commands (`%...`, `!...`) are syntax errors.
"""

import base64
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from veristone import InvalidSample, Limits, RunRequest, RunResult, SessionOptions
from veristone.engine.sessions import Session
from veristone.service.dialects.common import decoded_files
from veristone.service.sessions import TenantSessions

__all__ = ["RunJupyter", "RunJupyterReply", "run_jupyter", "to_cell"]

_MEMORY_MIB = 512
_MARGIN_S = 5.0


class RunJupyter(msgspec.Struct, kw_only=True):
    """A request of `/run_jupyter`. Time-outs in seconds; 0 is none."""

    cells: list[str]
    cell_timeout: float = 0.0
    total_timeout: float = 45.0
    memory_limit_mb: int = msgspec.field(default=-1, name="memory_limit_MB")
    kernel: Literal["python3"] = "python3"
    files: dict[str, str | None] = {}
    fetch_files: list[str] = []


class Driver(msgspec.Struct, kw_only=True):
    """How the notebook as a whole ended."""

    status: Literal["Finished", "Error", "TimeLimitExceeded"]
    execution_time: float
    return_code: int | None = 0
    stdout: str = ""
    stderr: str = ""


class Cell(msgspec.Struct, kw_only=True):
    """What came out of one cell, as Jupyter's messages say it."""

    stdout: str
    stderr: str
    display: list[dict[str, str]]
    error: list[dict[str, Any]]
    status: Literal["ok", "error"]


class RunJupyterReply(msgspec.Struct, kw_only=True):
    """A reply of `/run_jupyter`."""

    status: Literal["Success", "Failed", "SandboxError"]
    message: str = ""
    driver: Driver | None = None
    cells: list[Cell] = []
    executor_pod_name: str | None = None
    files: dict[str, str] = {}


def to_cell(result: RunResult) -> Cell:
    """Return what came of a cell in Jupyter's words."""
    errors: list[dict[str, Any]] = []
    if result.error is not None:
        trace = result.error.traceback.splitlines()
        errors = [{"ename": result.error.name, "evalue": result.error.value, "traceback": trace}]
    elif not result.ok or result.state_lost:
        why = result.message or "the interpreter ended"
        errors = [{"ename": "DeadKernelError", "evalue": why, "traceback": []}]
    return Cell(
        stdout=result.stdout.text,
        stderr=result.stderr.text,
        display=[*result.shown, *([result.result] if result.result else [])],
        error=errors,
        status="error" if errors else "ok",
    )


def options(request: RunJupyter) -> SessionOptions:
    """Return the session that a request asks for."""
    if not request.total_timeout > 0 or request.cell_timeout < 0:
        raise InvalidSample("total_timeout must be greater than 0, and cell_timeout not negative")
    given = request.memory_limit_mb
    memory_mib = given if given > 0 else _MEMORY_MIB
    limits = Limits(
        memory_mib=memory_mib, cpu_s=request.total_timeout, wall_s=request.total_timeout
    )
    return SessionOptions(ttl_s=request.total_timeout + 60, limits=limits)


@post("/run_jupyter", status_code=200, tags=["SandboxFusion"])
async def run_jupyter(
    data: JSONBody[RunJupyter], sessions: NamedDependency[TenantSessions]
) -> RunJupyterReply:
    """Run cells one after the other in one interpreter."""
    files = decoded_files(data.files)
    wanted = options(data)
    async with sessions.once(wanted, data.total_timeout - _MARGIN_S) as session:
        started = time.monotonic()
        if files:
            await session.write(files)
        results = [result async for result in _run(data, session, wanted.limits, started)]
        whole = len(results) == len(data.cells) and not (results and results[-1].state_lost)
        late = bool(results) and not whole and results[-1].broke is not None
        driver = Driver(
            status="TimeLimitExceeded" if late else "Finished",
            execution_time=time.monotonic() - started,
            return_code=None if late else 0,
        )
        return RunJupyterReply(
            status="Success" if whole else "Failed",
            driver=driver,
            cells=[to_cell(result) for result in results],
            files=await _fetched(session, data.fetch_files) if whole else {},
        )


async def _run(
    request: RunJupyter, session: Session, limits: Limits, started: float
) -> AsyncIterator[RunResult]:
    """Run cells until one takes the interpreter with it or the time is over."""
    for cell in request.cells:
        left_s = request.total_timeout - (time.monotonic() - started)
        if left_s <= 0:
            return
        wall_s = min(left_s, request.cell_timeout or left_s)
        own = msgspec.structs.replace(limits, wall_s=wall_s, cpu_s=wall_s)
        result = await session.run(RunRequest(cell=cell, limits=own))
        yield result
        if result.state_lost:
            return


async def _fetched(session: Session, names: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = base64.b64encode(await session.read(name)).decode()
        except OSError:
            continue  # as there: what is no file is not sent
    return found
