"""What every benchmark notes beside its numbers, and where its record goes."""

import datetime
import json
import os
import platform
from pathlib import Path
from typing import Any

from veristone import __version__
from veristone.files import read_rows

__all__ = ["machine", "rows_of", "write"]

_RECORDS = Path(__file__).parent / "records"


def machine() -> dict[str, Any]:
    """Return what the numbers depend on: the processor, the kernel, the load of others."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return {
        "veristone": __version__,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "load_at_start": os.getloadavg()[0],
    }


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a JSON Lines file."""
    return [row.fields for row in read_rows(path)]


def write(name: str, record: dict[str, Any]) -> Path:
    """Write a record under benchmarks/records/; return its path."""
    _RECORDS.mkdir(exist_ok=True)
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d-%H%M%S")
    path = _RECORDS / f"{stamp}-{name}.json"
    with path.open("x") as file:
        file.write(json.dumps(record, indent=1) + "\n")
    return path
