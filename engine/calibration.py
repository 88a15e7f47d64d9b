"""What a CPU second is worth here, so that limits mean the same work on every host.

A sample's limits are seconds of a reference, which does a fixed piece of work in `REFERENCE_S`. The
factor says how many seconds of here one of those is, by the CPU time that this work takes in a
sandbox with its Python. It holds for Python first; that compiled programs gain or lose as much on
another processor is an assumption.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from veristone import FunctionCheck, Limits, Sample, SandboxFailure
from veristone.engine.jobs import Job, Report

__all__ = ["REFERENCE_S", "measure", "scaled"]

REFERENCE_S = 0.15
"""CPU seconds that the work takes on the reference: about those of a core of 2024 (AMD EPYC) under
CPython 3.11. Only that it stays the same matters."""
_RUNS = 5
"""The fastest counts: whatever else runs there makes work slower, and never faster."""
_LEAST, _MOST = 0.1, 10.0
"""Beyond these it is no other host but a measurement that failed."""
_WORK = Path(__file__).with_name("calibration_work.py")


async def measure(run: Callable[[Job], Awaitable[Report]]) -> float:
    """Return how many CPU seconds of here one of the reference's is.

    Raises:
        SandboxFailure: the work was not done.
    """
    job = Job(
        language="python",
        driver="main",
        entry="main.py",
        files={"main.py": _WORK.read_bytes()},
        limits=Limits(cpu_s=60.0, wall_s=300.0),
    )
    taken: list[float] = []
    for _ in range(_RUNS):
        report = await run(job)
        if report.exit_code != 0:
            raise SandboxFailure(f"calibration: exit code {report.exit_code}")
        taken.append(report.cpu_s)
    return round(max(_LEAST, min(_MOST, min(taken) / REFERENCE_S)), 3)


def scaled(sample: Sample, factor: float) -> Sample:
    """Return the sample with all its limits of time in seconds of here."""
    if factor == 1:
        return sample
    check = sample.check
    for name, program in sample.jury().items():
        program = msgspec.structs.replace(program, limits=_limits(program.limits, factor))
        check = msgspec.structs.replace(check, **{name: program})
    if isinstance(check, FunctionCheck):
        call_cpu_s = None if check.call_cpu_s is None else check.call_cpu_s * factor
        check = msgspec.structs.replace(
            check, call_cpu_s=call_cpu_s, min_call_cpu_s=check.min_call_cpu_s * factor
        )
    return msgspec.structs.replace(sample, check=check, limits=_limits(sample.limits, factor))


def _limits(limits: Limits, factor: float) -> Limits:
    return msgspec.structs.replace(
        limits, cpu_s=limits.cpu_s * factor, wall_s=limits.wall_s * factor
    )
