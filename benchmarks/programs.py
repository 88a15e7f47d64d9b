"""The programs that every contestant runs: HumanEval with recorded model solutions."""

from pathlib import Path

from benchmarks.record import rows_of

__all__ = ["load"]

_FALLBACK = """
from typing import List


def solution(numbers: List[int], k: int) -> List[int]:
    \"\"\"Return the k largest numbers in falling order.\"\"\"
    return sorted(numbers, reverse=True)[:k]


def check(candidate):
    assert candidate([3, 1, 2], 2) == [3, 2]
    assert candidate([], 3) == []
    assert candidate([5, 5, 5], {seed} % 4) == [5, 5, 5][: {seed} % 4]


check(solution)
"""


def load(dataset: Path | None, samples: Path | None) -> tuple[list[str], str]:
    """Return whole programs (solution, tests, call) and where they come from."""
    if dataset is None or samples is None or not dataset.exists() or not samples.exists():
        return [_FALLBACK.replace("{seed}", str(n)) for n in range(164)], "164 small programs"
    tasks = {row["task_id"]: row for row in rows_of(dataset)}
    programs = [
        f"{tasks[row['task_id']]['prompt']}{row['completion']}\n"
        f"{tasks[row['task_id']]['test']}\ncheck({tasks[row['task_id']]['entry_point']})\n"
        for row in rows_of(samples)
    ]
    return programs, "HumanEval, solutions of StarCoder2-15B-Instruct"
