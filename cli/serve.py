"""`veristone serve`: the verifier behind HTTP."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from veristone.cli.options import EngineOptions, Quiet

__all__ = ["serve"]


async def serve(
    engine: EngineOptions,
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Listen here.", show_default="127.0.0.1"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", metavar="N", help="0: any free one.", show_default="8080"),
    ] = None,
    uds: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Listen on this Unix socket instead.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Processes, each with its share of sandboxes.",
            show_default="1",
        ),
    ] = None,
    jobs: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep jobs (/v1/jobs) here, over a restart too."),
    ] = None,
    service: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TOML file with settings of the service, tenants and their tokens among them.",
        ),
    ] = None,
    quiet: Quiet = False,
    with_parent: Annotated[int | None, typer.Option("--with-parent", hidden=True)] = None,
    worker: Annotated[bool, typer.Option("--worker", hidden=True)] = False,
) -> int:
    """Serve verdicts over HTTP.

    Native paths lie under /v1 (described at /openapi.json); those of SandboxFusion, ScaleBox,
    Piston, Judge0 and others where their clients look for them. Listens on 127.0.0.1 unless told
    otherwise; any other address needs tenants with tokens. Ctrl-C or SIGTERM: requests under way
    are answered, then it ends.
    """
    from veristone.extras import need_modules

    need_modules("litestar", "uvicorn", "prometheus_client", "httpx", extra="service")
    from veristone.cli.display import complain
    from veristone.processes import end_with_parent
    from veristone.service.config import ServiceConfig
    from veristone.service.serve import serve as run
    from veristone.service.serve import work
    from veristone.service.workers import Assignment
    from veristone.settings import checked, read_toml

    if worker:
        assignment = msgspec.json.decode(sys.stdin.buffer.read(), type=Assignment)
        end_with_parent(assignment.starter)
        with contextlib.suppress(asyncio.CancelledError):
            await work(assignment)
        return 0
    if with_parent is not None:
        end_with_parent(with_parent)
    given: dict[str, Any] = {"host": host, "port": port, "uds": uds, "jobs": jobs}
    given["workers"] = workers
    settings: dict[str, Any] = {}
    if service is not None:
        settings = read_toml(service, str(service), what="configuration", known=())
    settings |= {name: value for name, value in given.items() if value is not None}

    def ready(address: str) -> None:
        if not quiet:
            complain(f"listening on {address}; paths are described at {address}/openapi.json")

    # To be stopped is how a service ends well.
    with contextlib.suppress(asyncio.CancelledError):
        await run(checked(ServiceConfig, settings, "setting"), engine.settings(), ready)
    return 0
