"""What one run of a sample may use."""

from typing import Any

import msgspec

from veristone.errors import InvalidSample

__all__ = ["Limits"]


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Ceilings for each run of a sample's program (every stdin case is a run of its own).

    CPU time decides whether a program was too slow; wall time only stops programs that wait.
    """

    cpu_s: float = 10.0
    """CPU seconds of the whole process tree."""
    wall_s: float = 30.0
    """Elapsed seconds, the backstop for programs that sleep."""
    memory_mib: int = 512
    """Resident memory of the whole process tree, MiB."""
    processes: int = 64
    """Processes and threads alive at one time."""
    output_bytes: int = 16 * 1024 * 1024
    """Bytes the program may write to stdout, and as many to stderr."""
    file_mib: int = 64
    """Largest single file, MiB."""
    disk_mib: int = 64
    """All files in the work area and in /tmp together, MiB."""

    def check(self) -> None:
        """Raise `InvalidSample` where a limit makes no sense."""
        fields: dict[str, Any] = msgspec.structs.asdict(self)
        for name, value in fields.items():
            if not value > 0:
                raise InvalidSample(f"limits.{name} must be greater than 0, got {value}")
        if self.cpu_s > 3600 or self.wall_s > 4 * 3600:
            raise InvalidSample("limits.cpu_s may be 3600 at most and limits.wall_s 14400")

    def exceeding(self, ceiling: "Limits") -> str | None:
        """Name the first limit that is larger than `ceiling` allows, or None."""
        for name in ("memory_mib", "processes", "output_bytes", "disk_mib"):
            if getattr(self, name) > getattr(ceiling, name):
                return name
        return None
