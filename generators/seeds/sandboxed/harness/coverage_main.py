"""Runs the examples of a seed's docstring and says which of the function's lines they reach.

A line counts where a statement with bytecode begins on it, in the function and in what is nested in
it. Lines with `def` and decorators do not count: loading the function runs them.
"""

import ast
import doctest
import io
import json
import os
import sys
import types
from collections.abc import Iterator
from typing import Any


def main() -> None:
    """Answer the request on stdin."""
    request = json.load(sys.stdin)
    said = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    report = examine(request["code"], request["name"], request["docstring"])
    # Corpus text may hold halves of surrogate pairs, which are no UTF-8.
    os.write(said, b"\n" + json.dumps(report, ensure_ascii=False).encode(errors="replace"))


def examine(code: str, name: str, docstring: str) -> dict[str, Any]:
    """Load the seed, run its examples up to the first that fails, and return the report."""
    module = types.ModuleType("seed")
    sys.modules["seed"] = module
    try:
        compiled = compile(code, "seed.py", "exec", dont_inherit=True)
        exec(compiled, vars(module))
    except BaseException as error:
        return {"error": described(error)}
    codes = {each for one in nested(compiled) if one.co_name == name for each in nested(one)}
    reached: set[int] = set()

    def trace(frame: types.FrameType, event: str, _: object) -> Any:
        if event == "line":
            reached.add(frame.f_lineno)
        return trace if frame.f_code in codes else None

    told = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.FAIL_FAST)
    try:
        test = doctest.DocTestParser().get_doctest(docstring, vars(module), "seed", None, None)
        sys.settrace(trace)
        failed = runner.run(test, out=told.write, clear_globs=False).failed
    except BaseException as error:
        return {"failure": described(error)}
    finally:
        sys.settrace(None)
    first = first_lines(code)
    executable = {first.get(line, line) for each in codes for line in lines_of(each)}
    missed = sorted(executable - {first.get(line, line) for line in reached})
    return {
        "failure": found_wrong(told.getvalue()) if failed else "",
        "lines": len(executable),
        "covered": len(executable) - len(missed),
        "missed": missed[:10],
    }


def nested(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield some code and all that is defined in it."""
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from nested(const)


def lines_of(code: types.CodeType) -> set[int]:
    """Return the lines with bytecode, without the first one if there are others."""
    lines = {line for _, _, line in code.co_lines() if line}
    return lines - {code.co_firstlineno} or lines


def first_lines(code: str) -> dict[int, int]:
    """Return for each line of a simple statement the line that it begins on."""
    return {
        line: node.lineno
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
        for line in range(node.lineno, (node.end_lineno or 0) + 1)
    }


def found_wrong(told: str) -> str:
    """Return what doctest says of the example that failed, without a traceback's frames."""
    told = told.partition("Failed example:")[2]
    example, raised, trace = told.partition("Exception raised:")
    if raised:
        told = f"{example} raised {trace.strip().rpartition(chr(10))[2]}"
    return " ".join(told.split())[:300]


def described(error: BaseException) -> str:
    """Return the name and the text of an error."""
    return f"{type(error).__name__}: {error}"[:300]


if __name__ == "__main__":
    main()
