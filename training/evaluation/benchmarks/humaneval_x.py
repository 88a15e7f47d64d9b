"""HumanEval-X (Zheng et al. 2023): HumanEval's tasks in Python, C++, Java, JavaScript, Go and Rust.

The program is prompt, completion and test, as in its own harness, and passes where it exits with 0.
That harness gives a C++ program headers that its prompt may lack, and takes whatever JavaScript
writes to stderr for a failure; here a failed `console.assert` throws, and nothing else is in doubt.

Go's and Rust's tests are those of `go test` and `cargo test`, and a `framework` check runs them. In
Go a row says what its prompt imports (`import`) and what its tests begin with (`test_setup`); the
harness drops the one, and imports of ten packages those that an answer uses. In Rust it puts
`declaration` (what the crate uses) before the prompt; crates that every row declares and few use
are left out where nothing else names them, so that hosts without them judge the other rows. Its
Rust is written for rand 0.4, ours has 0.8: the two arguments of `gen_range` become a range.
"""

import re

import msgspec

from veristone import DatasetError, FrameworkCheck, ProgramCheck
from veristone.files import Row
from veristone.training.evaluation.benchmarks.braces import without_main
from veristone.training.evaluation.benchmarks.go_files import go_file, go_tests
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


_GO_PACKAGES = "\n".join(
    f'import "{path}"'
    for path in (
        *("math", "strings", "fmt", "strconv", "time"),
        *("bytes", "regexp", "sort", "math/rand", "crypto/md5"),
    )
)
_ARGUMENT = r"((?:[^(),]|\([^()]*\))+)"
_GEN_RANGE = re.compile(rf"\bgen_range\({_ARGUMENT},\s*{_ARGUMENT}\)")
_CRATES = {"rand": r"\b(?:rand|gen|gen_\w+)\b", "regex": r"\bRegex\w*\b", "md5": r"\bmd5\b"}
"""What a program says that uses them."""
_USES_CRATE = re.compile(rf"^[ \t]*use[ \t]+({'|'.join(_CRATES)})\b[^;\n]*;", re.M)


class _Row(msgspec.Struct):
    task_id: str
    prompt: str
    canonical_solution: str
    test: str
    declaration: str = ""
    test_setup: str = ""


def read_task(row: Row) -> Task:
    """Read one row of a `humaneval_LANG.jsonl` file.

    Raises:
        DatasetError: a field is missing or of another type, or the language is none of the six.
    """
    fields = row.read(_Row)
    language = _LANGUAGES.get(fields.task_id.partition("/")[0])
    if language is None:
        raise DatasetError(f"{row.where}: {fields.task_id[:40]!r} names no language of HumanEval-X")
    if language == "rust":
        fields.prompt = _declared(fields)
    return Task(
        task_id=fields.task_id,
        prompt=fields.prompt,
        entry_point="",
        canonical_solution=fields.canonical_solution,
        build=lambda solution: _program(language, solution, fields),
        instruction=f"Complete this {language} code:\n\n```{language}\n{fields.prompt}\n```",
        language=language,
    )


def _declared(fields: _Row) -> str:
    """Return a prompt behind those lines of the declaration that it does not hold itself."""
    held = {"".join(line.split()) for line in fields.prompt.splitlines()}
    declared = fields.declaration.splitlines()
    return "\n".join(
        [*(line for line in declared if "".join(line.split()) not in held), fields.prompt]
    )


def _without_idle_crates(solution: str, tests: str) -> str:
    """Return a Rust solution without the `use` of crates that neither it nor the tests name."""
    rest = f"{_USES_CRATE.sub('', solution)}\n{tests}"
    return _USES_CRATE.sub(lambda use: use[0] * bool(re.search(_CRATES[use[1]], rest)), solution)


def _program(language: str, solution: str, fields: _Row) -> Program:
    """Return the program that a solution makes with the tests of its task."""
    if language == "go":
        prompt = f"package main\n{fields.prompt}"
        code = go_file(solution, prompt, "", fields.test_setup, _GO_PACKAGES)
        tests = go_tests(f"{fields.test_setup}\n{fields.test}", fields.prompt, _GO_PACKAGES)
        return Program(code, FrameworkCheck(tests=tests))
    if language == "rust":
        tests = _GEN_RANGE.sub(r"gen_range(\1..\2)", fields.test)
        solution = _GEN_RANGE.sub(r"gen_range(\1..\2)", _without_idle_crates(solution, tests))
        return Program(solution, FrameworkCheck(tests=tests))
    if language == "cpp":
        solution = without_main(solution)
    return Program(f"{_BEFORE.get(language, '')}{solution}\n{fields.test}", ProgramCheck())
