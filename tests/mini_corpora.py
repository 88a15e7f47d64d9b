"""Miniature corpora and benchmarks in the layouts of the published ones, written by us.

Columns as their data sets' pages list them: The Stack v1 dedup (bigcode/the-stack-dedup),
starcoderdata (no language, no licences, no Swift, the header of training in front of every other
text), The Stack v2 (bigcode/the-stack-v2-dedup: blob ids, and contents only once somebody has
fetched them) and the published files of HumanEval+, MBPP, MBPP+, LiveCodeBench and DS-1000.
"""

import base64
import gzip
import hashlib
import json
import pickle
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PYTHON = (
    (
        "mean",
        "def weighted_mean(points, weights):\n"
        '    """Return the mean of points in which each counts by its weight.\n\n'
        "    The weights need not add up to one; where all are zero the mean is 0.0.\n"
        '    """\n'
        "    total = sum(weights)\n"
        "    if not total:\n        return 0.0\n"
        "    return sum(p * w for p, w in zip(points, weights)) / total\n",
    ),
    (
        "chunks",
        "def split_into_chunks(items, size):\n"
        '    """Cut a list into lists of at most `size` elements, in order; the last may be\n'
        '    shorter."""\n'
        "    return [items[i : i + size] for i in range(0, len(items), size)]\n",
    ),
    (
        "romans",
        "def roman_numeral(number):\n"
        '    """Write a positive integer below 4000 in Roman numerals, as in `MCMXC`."""\n'
        '    signs = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC")]\n'
        '    signs += [(50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]\n'
        '    written = ""\n'
        "    for value, sign in signs:\n"
        "        while number >= value:\n"
        "            written += sign\n            number -= value\n"
        "    return written\n",
    ),
    (
        "brackets",
        "def brackets_match(text):\n"
        '    """Tell whether every round or square bracket of a text is closed by its partner in\n'
        '    the right order. Other characters do not count."""\n'
        '    partners = {")": "(", "]": "["}\n'
        "    open_ones: list[str] = []\n"
        "    for character in text:\n"
        "        if character in partners.values():\n            open_ones.append(character)\n"
        "        elif character in partners:\n"
        "            if not open_ones or open_ones.pop() != partners[character]:\n"
        "                return False\n"
        "    return not open_ones\n",
    ),
    (
        "moves",
        "def knight_moves(column, row):\n"
        '    """List the squares that a knight on an empty board of eight by eight can go to,\n'
        '    sorted, as pairs of column and row counted from 0."""\n'
        "    steps = [(1, 2), (2, 1), (-1, 2), (-2, 1), (1, -2), (2, -1), (-1, -2), (-2, -1)]\n"
        "    squares = [(column + a, row + b) for a, b in steps]\n"
        "    return sorted(s for s in squares if 0 <= s[0] < 8 and 0 <= s[1] < 8)\n",
    ),
    (
        "lengths",
        "def run_lengths(signal):\n"
        '    """Describe a sequence by its runs: a list of pairs of an element and how many times\n'
        '    it follows itself there."""\n'
        "    runs: list[list[object]] = []\n"
        "    for element in signal:\n"
        "        if runs and runs[-1][0] == element:\n"
        "            runs[-1] = [element, int(str(runs[-1][1])) + 1]\n"
        "        else:\n            runs.append([element, 1])\n"
        "    return [tuple(run) for run in runs]\n",
    ),
    (
        "distance",
        "def hamming_distance(first, second):\n"
        '    """Count the places in which two texts of equal length differ.\n\n'
        "    Raises ValueError where their lengths are not the same.\n"
        '    """\n'
        "    if len(first) != len(second):\n"
        '        raise ValueError("the lengths differ")\n'
        "    return sum(a != b for a, b in zip(first, second))\n",
    ),
    (
        "polynomial",
        "def evaluate_polynomial(coefficients, x):\n"
        '    """Return the value of a polynomial at x by Horner\'s rule; the coefficient of the\n'
        '    highest power comes first."""\n'
        "    value = 0\n"
        "    for coefficient in coefficients:\n        value = value * x + coefficient\n"
        "    return value\n",
    ),
)
"""Name of a file and the function in it, each of which the filters of seeds let through."""
_C_LIKE = {
    "cpp": (
        "cpp",
        "/** Returns the larger of {n} and x. */\nint atLeast{n}(int x) {{\n    return x > {n} ? x : {n};\n}}\n",
    ),
    "java": (
        "java",
        "class Limit{n} {{\n    /** Returns the larger of {n} and x. */\n    static int atLeast(int x) {{\n        return Math.max(x, {n});\n    }}\n}}\n",
    ),
    "typescript": (
        "ts",
        "/** Returns the larger of {n} and x. */\nexport function atLeast{n}(x: number): number {{\n  return Math.max(x, {n});\n}}\n",
    ),
    "rust": (
        "rs",
        "/// Returns the larger of {n} and x.\npub fn at_least_{n}(x: i32) -> i32 {{\n    x.max({n})\n}}\n",
    ),
    "shell": ("sh", '# Prints {n} lines.\nfor i in $(seq {n}); do\n    echo "line $i"\ndone\n'),
    "c-sharp": (
        "cs",
        "class Limit{n} {{\n    int AtLeast(int x) {{ return x > {n} ? x : {n}; }}\n}}\n",
    ),
    "php": ("php", "<?php\nfunction atLeast{n}($x) {{\n    return max($x, {n});\n}}\n"),
    "swift": ("swift", "func atLeast{n}(x: Int) -> Int {{\n    return max(x, {n})\n}}\n"),
}
"""Suffix and text of files in other languages, by their folder in starcoderdata."""


def write_corpora(folder: Path) -> None:
    """Write what the recipes of ours name under `data/`."""
    stack = folder / "the-stack-dedup/data"
    python = [(f"src/{name}.py", code) for name, code in PYTHON]
    _write(stack / "python/data-00000-of-00001.parquet", stack_v1(python, "Python", "py"))
    swift = [(f"Sources/L{n}.swift", _C_LIKE["swift"][1].format(n=n)) for n in (3, 7)]
    _write(stack / "swift/data-00000-of-00001.parquet", stack_v1(swift, "Swift", "swift"))
    starcoder = folder / "starcoderdata"
    _write(starcoder / "python/train-00000-of-00059.parquet", starcoderdata(python))
    for language, (suffix, text) in _C_LIKE.items():
        if language != "swift":
            files = [(f"src/limit{n}.{suffix}", text.format(n=n)) for n in (3, 7)]
            _write(starcoder / language / "train-00000-of-00002.parquet", starcoderdata(files))


def stack_v1(files: Sequence[tuple[str, str]], language: str, ext: str) -> pa.Table:
    """Rows of The Stack v1 dedup: licences are a list, each event of a repository thrice."""
    columns: dict[str, Any] = {
        "hexsha": [_sha(text) for _, text in files],
        "size": [len(text) for _, text in files],
        "ext": [ext] * len(files),
        "lang": [language] * len(files),
    }
    for event in ("stars", "issues", "forks"):
        repository = f"max_{event}_repo"
        columns |= {
            f"{repository}_path": [path for path, _ in files],
            f"{repository}_name": [f"someone/lib{n}" for n in range(len(files))],
            f"{repository}_head_hexsha": ["c0ffee" * 6] * len(files),
            f"{repository}_licenses": [
                ["MIT", "Apache-2.0"] if n % 2 else ["MIT"] for n in range(len(files))
            ],
            f"max_{event}_count": pa.array(
                [None if n % 2 else n for n in range(len(files))], pa.int64()
            ),
            f"{repository}_{event}_event_min_datetime": pa.array([None] * len(files), pa.string()),
            f"{repository}_{event}_event_max_datetime": pa.array([None] * len(files), pa.string()),
        }
    columns |= {
        "content": [text for _, text in files],
        "avg_line_length": [30.5] * len(files),
        "max_line_length": [88] * len(files),
        "alphanum_fraction": [0.6] * len(files),
    }
    return pa.table(columns)


def starcoderdata(files: Sequence[tuple[str, str]]) -> pa.Table:
    """Rows of starcoderdata: the header of training stands before every other text."""
    headed = [
        f"<reponame>someone/lib{n}<filename>{path}<gh_stars>1-10\n{text}" if n % 2 else text
        for n, (path, text) in enumerate(files)
    ]
    return pa.table(
        {
            "max_stars_repo_path": [path for path, _ in files],
            "max_stars_repo_name": [f"someone/lib{n}" for n in range(len(files))],
            "max_stars_count": list(range(len(files))),
            "id": [str(1000 + n) for n in range(len(files))],
            "content": headed,
        }
    )


def stack_v2(files: Sequence[tuple[str, str]], language: str, *, contents: bool) -> pa.Table:
    """Rows of The Stack v2 dedup; `contents`: with what its blob ids stand for."""
    count = len(files)
    columns: dict[str, Any] = {
        "blob_id": [_sha(text) for _, text in files],
        "directory_id": [_sha(path) for path, _ in files],
        "path": [f"/{path}" for path, _ in files],
        "content_id": [_sha(text) for _, text in files],
        "detected_licenses": [["MIT"] if n % 2 == 0 else [] for n in range(count)],
        "license_type": ["permissive" if n % 2 == 0 else "no_license" for n in range(count)],
        "repo_name": [f"someone/lib{n}" for n in range(count)],
        "snapshot_id": [_sha("s")] * count,
        "revision_id": [_sha("r")] * count,
        "branch_name": ["refs/heads/main"] * count,
        "github_id": pa.array([None] * count, pa.int64()),
        "star_events_count": [0] * count,
        "src_encoding": ["UTF-8"] * count,
        "language": [language] * count,
        "is_vendor": [False] * count,
        "is_generated": [False] * count,
        "length_bytes": [len(text) for _, text in files],
        "extension": ["py"] * count,
    }
    if contents:
        columns["content"] = [text for _, text in files]
    return pa.table(columns)


def write_benchmarks(folder: Path) -> None:
    """Write two tasks or one of every suite that the recipes of ours name."""
    _rows(
        folder / "HumanEvalPlus.jsonl.gz",
        [_plus("HumanEval/0", "plus_one"), _plus("HumanEval/1", "plus_two")],
    )
    _rows(folder / "MbppPlus.jsonl.gz", [_plus("Mbpp/17", "plus_nine")])
    _rows(folder / "mbpp.jsonl", [_MBPP])
    _rows(folder / "livecodebench.jsonl", [_LIVECODEBENCH])
    _rows(folder / "ds1000.jsonl.gz", [_DS1000])


def _plus(task: str, name: str) -> dict[str, Any]:
    """A task of EvalPlus's; a base model that goes on with `return a + b` solves it."""
    prompt = f'def {name}(a: int, b: int) -> int:\n    """Add {name} of a and b.\n    """\n'
    return {
        "task_id": task,
        "prompt": prompt,
        "entry_point": name,
        "canonical_solution": "    return a + b\n",
        "base_input": [[1, 2], [0, 0]],
        "plus_input": [[-5, 5], [10**9, 1]],
        "contract": "",
        "atol": 0,
        "assertion": f"assert {name}(1, 2) == 3",
        "test": f"def check(candidate):\n    assert candidate(1, 2) == 3\n\ncheck({name})\n",
    }


_MBPP = {
    "task_id": 2,
    "text": "Write a function to find the shared elements of the given two lists.",
    "code": "def shared(a, b):\r\n    return tuple(set(a) & set(b))",
    "test_list": ["assert set(shared((3, 4), (4, 5))) == {4}"],
    "test_setup_code": "",
    "challenge_test_list": [],
}
_HIDDEN = base64.b64encode(
    zlib.compress(
        pickle.dumps(json.dumps([{"input": "5 5\n", "output": "10\n", "testtype": "stdin"}]))
    )
).decode()
_LIVECODEBENCH = {
    "question_title": "Sum of two",
    "question_content": "Read two integers from a line and print what they come to together.",
    "platform": "atcoder",
    "question_id": "abc999_a",
    "contest_id": "abc999",
    "contest_date": "2023-10-01T00:00:00",
    "starter_code": "",
    "difficulty": "easy",
    "public_test_cases": json.dumps([{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]),
    "private_test_cases": _HIDDEN,
    "metadata": "{}",
}
_DS1000: dict[str, Any] = {
    "prompt": "Problem:\nDouble x.\nA:\n<code>\nx = 4\n</code>\nBEGIN SOLUTION\n<code>\n",
    "reference_code": "result = x * 2",
    "metadata": {"problem_id": 0, "library": "Numpy", "library_problem_id": 0},
    "code_context": (
        "def test_execution(solution: str):\n"
        "    space = {'x': 4}\n"
        "    exec(solution, space)\n"
        "    assert space['result'] == 8\n"
    ),
}


def _write(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)  # pyright: ignore[reportUnknownMemberType]


def _rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def _sha(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
