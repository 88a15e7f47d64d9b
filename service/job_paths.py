"""`/v1/jobs`: long work over HTTP."""

from collections.abc import Callable
from typing import Annotated, Any

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from veristone.service.config import NAME
from veristone.service.errors import Problem
from veristone.service.jobs import Job, Jobs, NoSuchJob

__all__ = ["JOBS", "job_routes"]

JOBS = "/v1/jobs"

After = Annotated[int, QueryParameter(ge=0, description="Records that are left out.")]


def _tenant(request: Request[Any, Any, Any]) -> str:
    return request.scope["state"][NAME]


@post(JOBS, status_code=202, tags=["jobs"], request_max_body_size=None)
async def accept(request: Request[Any, Any, Any], jobs: NamedDependency[Jobs]) -> Response[Job]:
    """Take a file of samples, one a line (NDJSON), and judge it when there is room.

    Answers 202 once the file is kept: then every line gets its record, also where the service is
    stopped and started again in between.
    """
    job = await jobs.accept(_tenant(request), request.stream())
    return Response(job, headers={"Location": f"/v1/jobs/{job.id}"})


@get(JOBS, tags=["jobs"])
async def jobs_there_are(request: Request[Any, Any, Any], jobs: NamedDependency[Jobs]) -> list[Job]:
    """Name one's jobs."""
    return await jobs.list(_tenant(request))


@get(JOBS + "/{name:str}", tags=["jobs"])
async def progress(
    name: FromPath[str], request: Request[Any, Any, Any], jobs: NamedDependency[Jobs]
) -> Job:
    """Tell how far a job is."""
    return await jobs.get(_tenant(request), name)


@get(JOBS + "/{name:str}/results", tags=["jobs"])
async def results(
    name: FromPath[str],
    request: Request[Any, Any, Any],
    jobs: NamedDependency[Jobs],
    after: After = 0,
) -> Stream:
    """Return the verdicts that there are, one a line, in the order of the samples.

    Asked again with `after`, the number of records had already, it returns those that came since.
    """
    lines = jobs.results(_tenant(request), name, after)
    return Stream(lines, media_type="application/x-ndjson")


@delete(JOBS + "/{name:str}", status_code=204, tags=["jobs"])
async def remove(
    name: FromPath[str], request: Request[Any, Any, Any], jobs: NamedDependency[Jobs]
) -> None:
    """Stop a job where it runs, and forget it with its results."""
    await jobs.remove(_tenant(request), name)


def _unknown(_: Request[Any, Any, Any], error: NoSuchJob) -> Response[Problem]:
    return Response(Problem(error=str(error), code="not_found"), status_code=404)


def job_routes(jobs: Jobs | None) -> Router:
    """Return the routes; without jobs, routes that say how to have some."""

    def there() -> Jobs:
        if jobs is None:
            raise NotFoundException("this service keeps no jobs: start it with --jobs FOLDER")
        return jobs

    provide: Callable[..., Jobs] = there
    return Router(
        "/",
        route_handlers=[accept, jobs_there_are, progress, results, remove],
        dependencies={"jobs": Provide(provide, sync_to_thread=False)},
        exception_handlers={NoSuchJob: _unknown},
    )
