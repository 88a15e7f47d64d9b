"""Running a checker of many files as a child process, and finding the file that breaks it.

Pyright judges hundreds of seeds in one process, and one hostile seed can make that process run on
for ever, run out of memory or crash. `bisect` then divides the seeds until the guilty one is alone;
all others get their verdicts.

Invariants:
    The limits are the same for one seed and for a thousand. A seed that gets through in company
    therefore gets through alone, and one that breaks the checker alone breaks it in any company:
    who is guilty does not depend on how seeds were batched.
    Time is CPU time of the child, so that a busy machine rejects nothing.
    A child's whole process group is dead when `run` returns or raises.

Not promised: that a seed close to a limit is judged alike on two machines, nor which of two limits
stops one that is far beyond both; that the child dies when this process is killed with SIGKILL (its
CPU limit ends it then).
"""

import os
import resource
import select
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeVar

from veristone import VeristoneError
from veristone.generators.seeds.steps import Rejected, rejected

__all__ = ["OUTPUT_BYTES", "CheckerFailed", "CheckerUnavailable", "bisect", "run"]

OUTPUT_BYTES = 256 * 1024 * 1024
"""Most of a child's standard output, or of any other file that it writes."""
_WAYS = 10
"""Into how many groups a batch that failed is divided. With a limit of 60 s and a second to start,
ten cost least: 1000 seeds are down to the guilty one in three rounds, where halves need ten."""
_WALL = 20
"""Wall-clock seconds allowed for each CPU second: only for a child that does not run at all."""

Item = TypeVar("Item")
Failure = Literal["checker_timeout", "checker_crashed"]


class CheckerFailed(Exception):
    """The checker gave no verdicts for these files: it was too slow, or it broke."""

    def __init__(self, reason: Failure, detail: str, *, said: str = "") -> None:
        super().__init__(f"{detail}: {said}" if said else detail)
        self.reason: Failure = reason
        self.detail = detail
        """The same on every machine; what the checker said may not be."""


class CheckerUnavailable(VeristoneError, RuntimeError):
    """The checker breaks on harmless code too: the fault is the machine's, not a seed's."""


def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], cpu_s: int) -> bytes:
    """Run a checker in `folder`, with nothing but `environment`; return its standard output.

    Exit statuses 0 (all is well) and 1 (something was found) are an answer.

    Raises:
        CheckerFailed: it exceeded a limit, was killed or ended with another status.
    """
    output, errors = folder / "0-stdout", folder / "0-stderr"
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            # From outside: code between fork and exec is not safe where there are threads. A child
            # that has already ended needs no limits.
            with suppress(ProcessLookupError):
                resource.prlimit(child.pid, resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
                resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
                resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))
            ended = _ends(child.pid, cpu_s * _WALL)
        finally:
            # Not yet waited for, so the number cannot have gone to another group.
            os.killpg(child.pid, signal.SIGKILL)
            status = child.wait()
    if output.stat().st_size >= OUTPUT_BYTES:
        raise CheckerFailed("checker_crashed", "too much output")
    if status in (0, 1):
        return output.read_bytes()
    if not ended or status == -signal.SIGXCPU:
        raise CheckerFailed("checker_timeout", f"more than {cpu_s} s")
    how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    with errors.open("rb") as file:
        said = file.read(2000).decode(errors="replace").strip()
    raise CheckerFailed("checker_crashed", how, said=said)


def _ends(pid: int, seconds: float) -> bool:
    descriptor = os.pidfd_open(pid)
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def bisect(
    items: Sequence[Item],
    check: Callable[[Sequence[Item]], list[Rejected | None]],
    harmless: Item,
) -> list[Rejected | None]:
    """Return `check`'s result for each item, or a rejection where one alone breaks the checker.

    A crash counts when it happens twice and not with `harmless`: memory may have run out on the
    machine, or somebody may have killed the child.

    Raises:
        CheckerUnavailable: the checker fails on `harmless` too.
    """
    if not items:
        return []
    try:
        return check(items)
    except CheckerFailed as failure:
        if len(items) == 1:
            return [_again(items[0], check, harmless, failure)]
    size = -(-len(items) // _WAYS)
    groups = (items[first : first + size] for first in range(0, len(items), size))
    return [found for group in groups for found in bisect(group, check, harmless)]


def _again(
    item: Item,
    check: Callable[[Sequence[Item]], list[Rejected | None]],
    harmless: Item,
    failure: CheckerFailed,
) -> Rejected | None:
    if failure.reason == "checker_crashed":
        try:
            return check([item])[0]
        except CheckerFailed as second:
            failure = second
    try:
        check([harmless])
    except CheckerFailed as broken:
        raise CheckerUnavailable(f"the checker fails on harmless code: {broken}") from broken
    return rejected(failure.reason, failure.detail)
