"""Rows for verl whose ground truth says how an answer is judged: python verl_rows.py OUT.parquet"""

import json
import sys

import pyarrow as pa
import pyarrow.parquet

TASKS = [
    ("Write a function double(x).", "assert double(2) == 4\nassert double(-1) == -2"),
    ("Read a number and print its double.", {"inputs": ["4\n"], "outputs": ["8\n"]}),
]


def row(number: int, prompt: str, tests: object) -> dict[str, object]:
    """Return a row as verl reads it; a ground truth is a string there."""
    truth = tests if isinstance(tests, str) else json.dumps(tests)
    return {
        "data_source": "veristone",
        "prompt": [{"role": "user", "content": prompt}],
        "ability": "code",
        "reward_model": {"style": "rule", "ground_truth": truth},
        "extra_info": {"split": "train", "index": number},
    }


if __name__ == "__main__":
    rows = [row(number, *task) for number, task in enumerate(TASKS)]
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), sys.argv[1])
