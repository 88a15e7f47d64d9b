"""Memory of idle sandboxes and of a long run."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from veristone import Sample
from veristone.engine import Engine

__all__ = ["idle_pss_mib", "resident_mib", "soak"]


def _rollup(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise ValueError(field)


def resident_mib() -> float:
    """Return the resident memory of this process, MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def idle_pss_mib(client: Any) -> list[float]:
    """Return the proportional set size of each Docker sandbox's warden, MiB; needs root."""
    found: list[float] = []
    mine = {"label": f"veristone.pid={os.getpid()}"}
    for container in client.containers.list(filters=mine):
        pid = int(client.api.inspect_container(container.id)["State"]["Pid"])
        found.append(round(_rollup(pid, "Pss"), 1))
    return found


async def soak(engine: Engine, client: Any, count: int) -> list[dict[str, Any]]:
    """Verify `count` samples; return engine and sandbox memory ten times on the way."""

    def samples() -> Iterator[Sample]:
        for number in range(count):
            yield Sample(code=f"x = list(range({number % 1000}))\nprint(len(x))")

    points: list[dict[str, Any]] = []
    done = 0
    started = time.perf_counter()
    async for verdict in engine.verify_stream(samples()):
        done += 1
        if verdict.decision != "pass":
            raise RuntimeError(f"sample {done}: {verdict.reason} {verdict.message}")
        if done % (count // 10) == 0:
            points.append(
                {
                    "samples": done,
                    "engine_mib": round(resident_mib(), 1),
                    "sandboxes_pss_mib": idle_pss_mib(client) if client is not None else [],
                    "samples_per_s": round(done / (time.perf_counter() - started)),
                }
            )
    return points
