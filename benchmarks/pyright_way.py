"""Type-checking functions: the original's way and ours, side by side.

The original (StarCoder2's self-alignment, `seed_gathering/high_quality_subset.py`) calls
`pyright *` in a folder of 250 files, one call after another, without a configuration, and counts
the files for which its text says ` - error:`. Ours are the steps `undefined` and `pyright`. Both
get the same functions in the same round, in turns first, one process at a time; what counts is CPU
seconds of the whole process tree, because machines are shared.

The functions are the documented ones of the standard library and the installed packages: as they
were cut, which is the original's default, and with those of their module's imports that they use,
which is what a perfect imports step would give both.
"""

import ast
import hashlib
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from veristone.cli.display import print_table
from veristone.generators.seeds.filters.names import Undefined
from veristone.generators.seeds.filters.pyright import Pyright
from veristone.generators.seeds.records import Provenance, Seed, seed_id

__all__ = ["GOAL", "measure", "show"]

GOAL = 4.0
"""Times the original's functions per CPU second."""
_CALL = 250
"""Files in one call of the original's."""
_HERE = Provenance(source="benchmark")


@dataclass(frozen=True, slots=True)
class _Cost:
    wall_s: float
    cpu_s: float
    kept: list[bool]


def measure(functions: int = 2000, rounds: int = 2) -> dict[str, Any]:
    """Measure both ways on both kinds of text.

    Returns:
        For each kind: functions, rates per CPU and wall second of each way and round, the medians
        of the ratios, what was kept by each way and by both.
    """
    cut = _functions(functions)
    texts = {
        "as cut": [code for code, _ in cut],
        "with imports": ["\n".join([*imports, "", code]) for code, imports in cut],
    }
    return {kind: _beside(some, rounds) for kind, some in texts.items()}


def show(record: dict[str, Any]) -> None:
    """Print what `measure` found."""
    rows: list[tuple[str, ...]] = []
    for kind, found in record.items():
        for way in ("original", "veristone"):
            ours = way == "veristone"
            rows.append(
                (
                    "" if ours else f"{found['functions']:,} {kind}",
                    way,
                    f"{statistics.median(found[way]['per_cpu_s']):.0f}",
                    f"{statistics.median(found[way]['per_wall_s']):.0f}",
                    f"{found[way]['kept']:,}",
                    f"{found['ratio_cpu']:.1f}x" if ours else "",
                    f"{GOAL:.0f}x" if ours else "",
                )
            )
    columns = ["functions", "way", ">per CPU s", ">per wall s", ">kept", ">ours is", ">goal"]
    print_table(columns, rows, title="type-checking, functions per second on one core")


def _beside(texts: Sequence[str], rounds: int) -> dict[str, Any]:
    ways: dict[str, Callable[[Sequence[str]], list[bool]]] = {
        "original": _original,
        "veristone": _veristone,
    }
    costs: dict[str, list[_Cost]] = {way: [] for way in ways}
    for number in range(rounds):
        for way in sorted(ways, reverse=number % 2 == 1):
            costs[way].append(_cost(ways[way], texts))
    pairs = list(zip(costs["original"], costs["veristone"], strict=True))
    record: dict[str, Any] = {
        way: {
            "per_cpu_s": [round(len(texts) / cost.cpu_s, 2) for cost in found],
            "per_wall_s": [round(len(texts) / cost.wall_s, 2) for cost in found],
            "kept": sum(found[0].kept),
        }
        for way, found in costs.items()
    }
    return {
        "functions": len(texts),
        **record,
        "kept_by_both": sum(
            a and b for a, b in zip(*(cost.kept for cost in pairs[0]), strict=True)
        ),
        "ratio_cpu": round(statistics.median(a.cpu_s / b.cpu_s for a, b in pairs), 2),
        "ratio_wall": round(statistics.median(a.wall_s / b.wall_s for a, b in pairs), 2),
    }


def _cost(way: Callable[[Sequence[str]], list[bool]], texts: Sequence[str]) -> _Cost:
    cpu, started = _cpu_s(), time.perf_counter()
    kept = way(texts)
    return _Cost(time.perf_counter() - started, _cpu_s() - cpu, kept)


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of all its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _original(texts: Sequence[str]) -> list[bool]:
    """Return whether each text has no error, as the original finds it out."""
    kept: list[bool] = []
    for first in range(0, len(texts), _CALL):
        some = texts[first : first + _CALL]
        names = [f"{hashlib.sha1(text.encode()).hexdigest()}.py" for text in some]
        with tempfile.TemporaryDirectory() as folder:
            for name, text in zip(names, some, strict=True):
                (Path(folder) / name).write_text(text, encoding="utf-8")
            # The interpreter that Pyright asks for its packages is this one, as in a shell where
            # the environment is active.
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
            done = subprocess.run(
                "pyright *",
                shell=True,
                cwd=folder,
                env={**os.environ, "PATH": path},
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode not in (0, 1):
            raise RuntimeError(f"pyright ended with {done.returncode}: {done.stderr}")
        wrong = set(re.findall(r"^\s.*?(\w+\.py):\d+:\d+ - error:", done.stdout, re.MULTILINE))
        kept += [name not in wrong for name in names]
    return kept


def _veristone(texts: Sequence[str]) -> list[bool]:
    """Return whether each text gets through our two steps."""
    seeds = [
        Seed(id=seed_id("python", text), code=text, language="python", provenance=_HERE)
        for text in texts
    ]
    left = list(range(len(seeds)))
    with tempfile.TemporaryDirectory() as folder:
        for step in (Undefined(), Pyright()):
            step.prepare(Path(folder))
            outcomes = step.apply([seeds[number] for number in left], Path(folder))
            left = [n for n, one in zip(left, outcomes, strict=True) if isinstance(one, Seed)]
    through = set(left)
    return [number in through for number in range(len(seeds))]


def _functions(count: int) -> list[tuple[str, list[str]]]:
    """Return documented functions that return a value, and the imports that each uses."""
    roots = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")]
    files = sorted({path for root in roots for path in root.rglob("*.py")})
    random.Random(0).shuffle(files)
    found: dict[str, list[str]] = {}
    for path in files:
        try:
            source = path.read_text(encoding="utf-8")
            with warnings.catch_warnings(action="ignore"):
                tree = ast.parse(source)
        except (SyntaxError, UnicodeDecodeError):
            continue
        imported = _imported(tree)
        lines = source.splitlines(keepends=True)
        for node in _documented(tree):
            first = min(n.lineno for n in (node, *node.decorator_list))
            used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
            needed = sorted({imported[name] for name in used if name in imported})
            found.setdefault("".join(lines[first - 1 : node.end_lineno]), needed)
        if len(found) >= count:
            break
    return list(found.items())[:count]


def _documented(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in tree.body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node)
            and any(isinstance(part, ast.Return) and part.value for part in ast.walk(node))
        ):
            yield node


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return an import line for each name that a module imports absolutely."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                found[name] = ast.unparse(ast.Import([alias]))
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                line = ast.unparse(ast.ImportFrom(node.module, [alias], 0))
                found[alias.asname or alias.name] = line
    found.pop("*", None)
    return found
