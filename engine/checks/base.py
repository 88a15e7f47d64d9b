"""What every check needs: a way to run jobs, and the job that a sample's program is."""

from collections.abc import Sequence
from typing import Any, Protocol

from veristone import Comparator, Limits, Sample
from veristone.engine.jobs import KEEP_BYTES, Driver, Job, Report
from veristone.engine.languages import find

_MIB = 1024 * 1024

__all__ = ["Runner", "keep_for", "program_job", "python_job"]


class Runner(Protocol):
    """Runs the jobs of one sample: retries, adds up usage, remembers references."""

    async def run(self, job: Job) -> Report:
        """Run a job on a spotless sandbox, on another one where a sandbox breaks.

        Raises:
            SandboxFailure: it broke every time.
            BackendUnavailable: no sandbox can be had.
        """
        ...

    async def reference(self, job: Job) -> tuple[dict[str, Any], ...]:
        """Return the record of a trusted job, run once however many samples ask for it."""
        ...


def program_job(
    sample: Sample, args: Sequence[str], stdin: str, expected: str | None, rule: Comparator | None
) -> Job:
    """Return the job that runs a sample as a program."""
    language = find(sample.language)
    argv = tuple(args) if language.zygote else (*language.run, *args)
    return Job(
        language=language.name,
        driver="main" if language.zygote else "exec",
        entry=language.entry,
        files={**sample.files, language.entry: sample.code.encode("utf-8", "surrogatepass")},
        limits=sample.limits,
        argv=argv,
        env=sample.env,
        stdin=stdin.encode("utf-8", "surrogatepass"),
        keep_head=keep_for(expected, sample.limits),
    )


def keep_for(expected: str | None, limits: Limits) -> int:
    """Return how many bytes of output must come back to be compared with `expected`.

    Twice the expected length leaves room for white space that a comparator ignores; an output
    that is longer still cannot be right.
    """
    if expected is None:
        return KEEP_BYTES
    wanted = 2 * len(expected.encode("utf-8", "surrogatepass")) + 65536
    # In whole MiB: the number stands in the warden's memory, and is nobody's hint.
    return min(limits.output_bytes, -(-wanted // _MIB) * _MIB)


def python_job(
    code: str, driver: Driver, payload: bytes, limits: Limits, sample: Sample | None = None
) -> Job:
    """Return the job of a driver that lives in the Python warden."""
    return Job(
        language="python",
        driver=driver,
        entry="solution.py",
        files={
            **(sample.files if sample else {}),
            "solution.py": code.encode("utf-8", "surrogatepass"),
        },
        limits=limits,
        env=sample.env if sample else {},
        payload=payload,
    )
