"""HumanEval-X (Zheng et al. 2023): HumanEval's tasks in Python, C++, Java, JavaScript, Go and Rust.

The program is prompt, completion and test, as in its own harness, and passes where it exits with 0.
That harness gives a C++ program headers that its prompt may lack, and takes whatever JavaScript
writes to stderr for a failure; here a failed `console.assert` throws, and nothing else is in doubt.
"""

import msgspec

from veristone import DatasetError, ProgramCheck
from veristone.files import Row
from veristone.training.evaluation.benchmarks.braces import without_main
from veristone.training.evaluation.task import Program, Task

__all__ = ["read_task"]

_LANGUAGES = {
    "CPP": "cpp",
    "Go": "go",
    "Java": "java",
    "JavaScript": "javascript",
    "Python": "python",
    "Rust": "rust",
}
_HEADERS = (
    *("stdlib.h", "algorithm", "math.h", "stdio.h", "vector"),
    *("string", "climits", "cstring", "iostream"),
)
_BEFORE = {
    "cpp": "".join(f"#include<{name}>\n" for name in _HEADERS),
    "javascript": "console.assert = (held) => { if (!held) throw Error('assertion failed'); };\n",
}


class _Row(msgspec.Struct):
    task_id: str
    prompt: str
    canonical_solution: str
    test: str


def read_task(row: Row) -> Task:
    """Read one row of a `humaneval_LANG.jsonl` file.

    Raises:
        DatasetError: a field is missing or of another type, or the language is none of the six.
    """
    fields = row.read(_Row)
    language = _LANGUAGES.get(fields.task_id.partition("/")[0])
    if language is None:
        raise DatasetError(f"{row.where}: {fields.task_id[:40]!r} names no language of HumanEval-X")
    before = _BEFORE.get(language, "")
    return Task(
        task_id=fields.task_id,
        prompt=fields.prompt,
        entry_point="",
        canonical_solution=fields.canonical_solution,
        build=lambda solution: Program(
            f"{before}{without_main(solution) if language == 'cpp' else solution}\n{fields.test}",
            ProgramCheck(),
        ),
        instruction=f"Complete this {language} code:\n\n```{language}\n{fields.prompt}\n```",
        language=language,
    )
