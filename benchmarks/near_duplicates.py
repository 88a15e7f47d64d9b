"""Near-duplicate removal: functions per second, and what kept seeds cost in memory.

The functions are those of the Python standard library and of the installed packages (3 to 60
lines, methods included), and, where they are not enough, copies in which half of the words are
renamed: different functions with the same skeleton.
"""

import re
import sysconfig
import time
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.records import Provenance, Seed, seed_id

__all__ = ["measure", "show"]

_FUNNEL_END = 250_000
"""Seeds that The Stack's Python leaves for this step."""
_FUNCTION = re.compile(r"^([ \t]*)(?:async )?def .*\n(?:(?:\1[ \t]+.*|[ \t]*)\n)+", re.MULTILINE)
_HALF = re.compile(r"\b[a-m]\w*")


def measure(functions: int = 50_000) -> dict[str, Any]:
    """Take so many functions through the step."""
    decide = NearDuplicates().begin()
    seeds = list(islice(_seeds(), functions))
    before, began = _memory_mib(), time.process_time()
    kept = sum(isinstance(decide(seed), Seed) for seed in seeds)
    return {
        "functions": functions,
        "kept": kept,
        "per_s": functions / (time.process_time() - began),
        "kib_per_kept": (_memory_mib() - before) * 1024 / kept,
    }


def show(record: dict[str, Any]) -> None:
    """Print what `measure` found."""
    mib = record["kib_per_kept"] * _FUNNEL_END / 1024
    print(
        f"{record['functions']:,} functions, {record['kept']:,} kept; {record['per_s']:,.0f} per"
        f" CPU second; {record['kib_per_kept']:.1f} KiB of memory for each kept: {mib:,.0f} MiB for"
        f" {_FUNNEL_END:,}"
    )


def _seeds() -> Iterator[Seed]:
    real: list[str] = []
    paths = sysconfig.get_paths()
    for path in sorted(p for key in ("stdlib", "purelib") for p in Path(paths[key]).rglob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for match in _FUNCTION.finditer(text) if len(text) < 400_000 else ():
            if 3 <= match[0].count("\n") <= 60:
                real.append(match[0])
                yield _seed(match[0])
    for copy in count(1):
        yield from (_seed(_HALF.sub(rf"\g<0>_{copy}", code)) for code in real)


def _seed(code: str) -> Seed:
    where = Provenance(source="benchmark")
    return Seed(id=seed_id("python", code), code=code, language="python", provenance=where)


def _memory_mib() -> float:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) / 1024
    raise ValueError("Pss_Anon")
