"""Settings of the engine. Each has a default that was measured or reasoned about."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from veristone import Limits
from veristone.engine.layers import LAYERS

__all__ = ["EngineConfig", "SessionConfig"]


_OVERHEAD_MIB = 128
"""Memory for the warden, its interpreter and the record of a run."""


def _cpus() -> int:
    return len(os.sched_getaffinity(0))


class SessionConfig(BaseModel):
    """How many sessions there may be, and what one may use from its start to its end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most: int = Field(default=8, ge=0, le=1024)
    """Sessions at one time, each with a sandbox of its own beside those for samples."""
    ttl_s: float = Field(default=3600.0, gt=0)
    """Seconds that one may live."""
    idle_s: float = Field(default=600.0, gt=0)
    """Seconds that one may go without a call."""
    calls: int = Field(default=10_000, ge=1)
    mib: int = Field(default=1024, ge=1)
    """MiB that may go in and out together."""
    cpu_s: float = Field(default=3600.0, gt=0)
    """CPU seconds of all its calls."""


class EngineConfig(BaseModel):
    """How an engine finds and feeds its sandboxes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backend: Literal["auto", "docker", "bubblewrap", "attached"] = "auto"
    """`auto`: Docker where a daemon answers, else bubblewrap. `attached`: wardens that compose or
    Kubernetes started."""
    wardens: Path = Path("/run/veristone")
    """Folder in which the wardens of `attached` listen."""
    sandboxes: int = Field(default_factory=_cpus, ge=1, le=1024)
    """Sandboxes per language. One per core: a sample that waits leaves its core to nobody."""
    runtime: str | None = None
    """Docker runtime, for example `runsc` (gVisor); None is the daemon's default."""
    max_memory_mib: int = Field(default=2048, ge=64)
    """Largest `limits.memory_mib` that a sample may ask for."""
    max_processes: int = Field(default=64, ge=1)
    """Largest `limits.processes`; at this number the cgroup refuses and counts it."""
    max_disk_mib: int = Field(default=64, ge=1)
    """Size of the work area and of /tmp, each, and the largest `limits.disk_mib`."""
    max_output_bytes: int = Field(default=64 * 1024 * 1024, ge=1)
    python: str | None = None
    """Interpreter for bubblewrap sandboxes; None is the one that runs the engine, without its
    virtual environment."""
    languages: tuple[Path, ...] = ()
    """Folders of further languages, each as those in `sandbox_images/` (docs/languages.md)."""
    preload: tuple[str, ...] = ()
    """Modules that every Python sandbox imports once, before any sample (numpy, for example)."""
    require: tuple[str, ...] = ()
    """Layers without which no sample runs, beside `veristone.engine.layers.NEEDED`."""
    attempts: int = Field(default=3, ge=1)
    """Fresh sandboxes that a sample is tried on before it is `undecided`."""
    strength: Literal["stub", "mutants"] | None = None
    """What is asked of the strength of every suite that passes (`AssertsCheck.strength`)."""
    reruns: int = Field(default=0, ge=0, le=100)
    """Further runs of every sample that passes. One that fails in any of them is `flaky`."""
    references: Path | None = None
    """Folder in which outcomes of references are kept; None keeps them as long as the engine."""
    calibrate: bool = False
    """Measure at the start what a CPU second is worth here; limits of time are then seconds of the
    reference (`engine.calibration`), and mean the same work on every host."""
    cache: Path | None = None
    """File in which verdicts are kept, for equal samples (`engine.verdict_cache`); None: nothing
    is kept."""
    start_timeout_s: float = Field(default=60.0, gt=0)
    window: int = Field(default=1024, ge=1)
    """Verdicts of a stream that may wait for a slower one in front of them."""
    sessions: SessionConfig = SessionConfig()

    @field_validator("require")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(names) - set(LAYERS)):
            raise ValueError(f"no layer is called {unknown[0]!r}; there are {', '.join(LAYERS)}")
        return names

    @property
    def sandbox_mib(self) -> int:
        """Memory of a whole sandbox: sample, its three places for files, warden and record."""
        return self.max_memory_mib + 3 * self.max_disk_mib + _OVERHEAD_MIB

    @property
    def ceiling(self) -> Limits:
        """The largest limits that a sample may ask for."""
        return Limits(
            memory_mib=self.max_memory_mib,
            processes=self.max_processes,
            disk_mib=self.max_disk_mib,
            output_bytes=self.max_output_bytes,
        )
