"""What a run's end says by itself, before any answer is compared."""

import signal
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from veristone import Limits, Reason, Strength, TestResult
from veristone.engine.jobs import EXCERPT_BYTES, Report

__all__ = ["Judgement", "failure", "last_line", "read_error", "signal_failure", "signal_name"]

_KILLED = {
    "cpu": Reason.CPU_TIMEOUT,
    "call": Reason.CPU_TIMEOUT,
    "wall": Reason.WALL_TIMEOUT,
    "output": Reason.OUTPUT_LIMIT,
    "memory": Reason.MEMORY_LIMIT,
    "disk": Reason.DISK_LIMIT,
    "processes": Reason.PROCESS_LIMIT,
}
_SIGNALS: dict[int, tuple[Reason, str]] = {
    signal.SIGSYS: (Reason.POLICY_VIOLATION, "used a system call that sandboxes refuse"),
    signal.SIGXCPU: (Reason.CPU_TIMEOUT, "ran out of CPU time"),
    signal.SIGXFSZ: (Reason.DISK_LIMIT, "wrote a file larger than limits.file_mib"),
}


@dataclass(slots=True, kw_only=True)
class Judgement:
    """What a check concludes; the engine makes the verdict of it."""

    reason: Reason
    message: str = ""
    tests: list[TestResult] = field(default_factory=list[TestResult])
    score: float | None = None
    shared: bool = False
    shared_because: str = ""
    claims: int = 0
    strength: Strength | None = None
    completion: Literal["proven", "exit_status_only"] | None = None
    last: Report | None = None
    """The run whose output a person wants to see."""
    show_bytes: int = EXCERPT_BYTES
    """Bytes of each of its streams that the verdict shows."""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What the sample asked to have back of its work area."""


def signal_name(number: int) -> str:
    """Return ``SIGSEGV`` for 11."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def failure(report: Report, limits: Limits) -> tuple[Reason, str] | None:
    """Return why a run cannot count, whatever it printed; None where it ended by itself.

    A non-zero exit code is not judged here: some checks expect one.
    """
    if report.process_limit and report.killed in ("cpu", "wall"):
        # What made it slow: a bomb spends its time on forks that the kernel refuses.
        return Reason.PROCESS_LIMIT, f"reached limits.processes ({limits.processes})"
    # CPU time decides, also where a busy host made the wall clock run out first.
    if report.cpu_s > limits.cpu_s and report.killed in (None, "cpu", "wall"):
        return Reason.CPU_TIMEOUT, f"used {report.cpu_s:.2f} s of CPU, the limit is {limits.cpu_s}"
    if report.killed is not None:
        return _KILLED[report.killed], _killed_message(report, limits)
    if report.oom:
        return Reason.MEMORY_LIMIT, f"the kernel ended it at {limits.memory_mib} MiB or above"
    failed = report.signal is not None or report.exit_code != 0
    if failed and report.process_limit:
        return Reason.PROCESS_LIMIT, f"reached limits.processes ({limits.processes})"
    if failed and report.disk_full:
        return Reason.DISK_LIMIT, "the disk of the sandbox was full"
    if report.signal is not None:
        return signal_failure(report.signal)
    return None


def signal_failure(number: int) -> tuple[Reason, str]:
    """Return what it means that a program was ended by this signal."""
    return _SIGNALS.get(number) or (Reason.SIGNALLED, f"was ended by {signal_name(number)}")


def _killed_message(report: Report, limits: Limits) -> str:
    if report.killed == "call":
        return "one call used more CPU time than a call may"
    if report.killed == "wall":
        return f"still ran after {limits.wall_s} s (CPU used: {report.cpu_s:.2f} s)"
    if report.killed == "output":
        if max(report.stdout.total, report.stderr.total) <= limits.output_bytes:
            return "recorded far more than its check can need"
        return f"wrote more than limits.output_bytes ({limits.output_bytes})"
    if report.killed == "memory":
        return f"used more than limits.memory_mib ({limits.memory_mib})"
    if report.killed == "processes":
        return f"had more than limits.processes ({limits.processes})"
    if report.killed == "disk":
        return f"wrote more than limits.disk_mib ({limits.disk_mib})"
    return f"used {report.cpu_s:.2f} s of CPU, the limit is {limits.cpu_s}"


def read_error(value: Any) -> tuple[str, str]:
    """Return (type, message) of a recorded exception, whatever the record holds."""
    items = cast(list[Any], value)[:2] if isinstance(value, list) else []
    # The driver writes text; anything else is made up, and may be too deep to be shown.
    parts = [part if isinstance(part, str) else "?" for part in items]
    return (parts[0] if parts else "Exception", parts[1] if len(parts) > 1 else "")


def last_line(text: str) -> str:
    """Return the last line that says something: the exception, in a traceback."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""
