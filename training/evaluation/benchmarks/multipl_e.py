"""MultiPL-E (Cassano et al. 2023): a prompt, tests in the same language, an exit code.

The program is prompt + completion + tests, as in its own evaluators, and passes where it exits
with 0. Where a failed test leaves the exit code alone, the tests are told to set it: its own
evaluators look for words on stderr there, which a program can print or not. Only languages that
the verifier has a sandbox for can be judged: others come back undecided with a message that says
so.
"""

import re

import msgspec

from veristone import ProgramCheck
from veristone.files import Row
from veristone.training.evaluation.benchmarks.braces import (
    body_end,
    without_functions,
    without_main,
)
from veristone.training.evaluation.benchmarks.go_files import go_file
from veristone.training.evaluation.task import Program, Task

__all__ = ["read_task"]


_MAIN = "public static void Main(string[] args) {"
_LISTENER = """
class FailedAssertionExits : System.Diagnostics.DefaultTraceListener {
    public override void Fail(string message, string detail) {
        System.Console.Error.WriteLine("assertion failed " + message);
        System.Environment.Exit(1);
    }
}
"""
_LISTENING = "System.Diagnostics.Trace.Listeners.Add(new FailedAssertionExits());"
_GIVEN = {
    "cs": re.compile(r"^using [\w.]+;", re.M),
    "cpp": re.compile(r"^#include[ \t]*[<\"].*[>\"]", re.M),
}
"""What of a prompt is there for an answer that says all anew and leaves out what tests use."""
_CSHARP_MAIN = re.compile(
    r"^[ \t]*(?:(?:public|private|internal|static|async)[ \t]+)*"
    r"(?:void|int|Task)[ \t]+Main\s*\([^;{}]*\)\s*(?=\{)",
    re.M,
)
_RACKET_LOG = "\n(require rackunit/log)\n(void (test-log #:display? #t #:exit? #t))\n"


class _Row(msgspec.Struct):
    name: str
    language: str
    prompt: str
    tests: str
    stop_tokens: tuple[str, ...] = ()


def read_task(row: Row) -> Task:
    """Read one row of a `LANG.jsonl` file.

    Raises:
        DatasetError: a field is missing or of another type.
    """
    fields = row.read(_Row)
    language, prompt, tests = fields.language, fields.prompt, fields.tests
    if language in ("cs", "csharp"):
        tests = tests.replace(_MAIN, f"{_MAIN} {_LISTENING}", 1) + _LISTENER
    elif language in ("rkt", "racket"):
        tests += _RACKET_LOG
    return Task(
        task_id=fields.name,
        prompt=prompt,
        entry_point="",
        canonical_solution="",
        build=lambda solution: Program(_joined(solution, prompt, tests, language), ProgramCheck()),
        instruction=f"Complete this {language} code:\n\n```{language}\n{prompt}\n```",
        language=language,
        stop=fields.stop_tokens,
    )


def _joined(solution: str, prompt: str, tests: str, language: str) -> str:
    """Return one program of a solution and tests."""
    if language in ("go", "go_test.go"):
        return go_file(solution, prompt, tests)
    if language == "d":
        solution = without_main(solution)
    elif language in ("cs", "csharp"):
        solution = _with_given("cs", without_functions(solution, _CSHARP_MAIN), prompt)
    elif language == "cpp":
        solution = _with_given("cpp", without_main(solution), prompt)
    return f"{_open(solution, prompt, tests, language)}\n{tests}"


def _with_given(language: str, solution: str, prompt: str) -> str:
    """Return a solution behind those lines of its prompt that it left out."""
    given = [line for line in _GIVEN[language].findall(prompt) if line not in solution]
    return "\n".join([*given, solution])


def _open(solution: str, prompt: str, tests: str, language: str) -> str:
    """Return a solution whose blocks are open where the tests close them: up to the end of the
    function that was asked for, without what shows it off; or, where it needs what stands behind
    it, without the braces at its very end."""
    if not tests.lstrip().startswith("}"):
        return solution
    named = re.findall(r"(\w+)\s*\(", prompt.rstrip().rpartition("\n")[2])
    end = body_end(solution, named[0], shell=language in ("sh", "bash")) if named else None
    if end is None:
        return solution
    behind = set(re.findall(r"(\w+)\s*\([^;{}]*\)[^;{}]*\{", solution[end:]))
    if behind.isdisjoint(re.findall(r"\w+", solution[:end])):
        return solution[:end]
    for _ in range(prompt.count("{") - prompt.count("}")):
        solution = _without_last_comments(solution).removesuffix("}")
    return solution


def _without_last_comments(code: str) -> str:
    lines = code.split("\n")
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith(("//", "#"))):
        lines.pop()
    return "\n".join(lines).rstrip()
