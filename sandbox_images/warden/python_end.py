"""Tells whether a program came to its own end, where its exit status is all that speaks for it.

An exit status of 0 is no proof: what calls ``sys.exit(0)`` in the middle, or ``os._exit`` from a
handler, has it too. The end was reached where the main module's code ran to its last line, or
where the exit was called by what stands last in it: ``sys.exit(main())``, ``unittest.main()``, or
the last statement of a function that is called last. ``os._exit(0)`` is an end where it is the last
statement of the module: nothing comes behind it that could be left out.

The proof is a line of the record. Its token must not lie where a sample looks, so while the sample
runs it stands in an iterator on the stack of the warden's frame: no name, no frame and no list of
the collector's leads there. A sample that searches the process's memory is not kept out.
"""

from __future__ import annotations

import _thread
import ast
import itertools
import os
import threading
import types
from typing import Any, Iterable, Iterator, NamedTuple, Optional, Union

from .record import Recorder

RECORD = 63
"""Where the record's descriptor waits: out of a program's way, in the smallest table there is."""
# Taken now, before any sample could put something else in their place.
_traceback_of = BaseException.__dict__["__traceback__"].__get__
_getpid = os.getpid
_threads = _thread._count  # pyright: ignore[reportPrivateUsage]
_join_threads = threading._shutdown  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)
_TAIL = 256
"""Bytes at the end of a program in which its last statement is looked for."""
_EXITS = ("exit", "quit")


class Witness:
    """Writes the proof, in the process that it was made in and in no child of it."""

    __slots__ = ("_failed", "_owner", "_source", "_token", "leaves_at_once")

    def __init__(self, source: bytes, record_fd: int, token: str) -> None:
        """Watch the threads of a program that is about to run; `token` is hexadecimal."""
        os.dup2(record_fd, RECORD, inheritable=False)
        self._source = source
        self._owner = _getpid()
        self._token: Optional[str] = token
        self._failed: list[str] = []
        self.leaves_at_once = False
        """The program's last statement was ``os._exit(0)``, and has been left to us."""
        threading.excepthook = threading.__excepthook__ = self._watching(threading.excepthook)

    def without_exit(self, code: types.CodeType) -> types.CodeType:
        """Return the program's code, without an ``os._exit(0)`` that is its last statement."""
        if b"._exit(0)" not in self._source[-_TAIL:]:
            return code
        tree = ast.parse(self._source)
        last = tree.body[-1]
        if not isinstance(last, ast.Expr) or ast.unparse(last) != "os._exit(0)":
            return code
        tree.body.pop()
        self.leaves_at_once = True
        return compile(tree, code.co_filename, "exec", dont_inherit=True)

    def token(self) -> range:
        """Return 0 and the token as the two numbers of a range, and forget it."""
        number = int("1" + (self._token or ""), 16)
        self._token = None
        return range(0, number + 1, number)

    def _watching(self, show: Any) -> Any:
        failed = self._failed

        def excepthook(args: Any, /) -> None:
            failed.append(f"{getattr(args.exc_type, '__name__', '?')}: {args.exc_value}"[:300])
            show(args)

        return excepthook

    def tell(self, error: Optional[BaseException], path: str, token: int) -> None:
        """Write that the program came to its end, where it did."""
        if _getpid() != self._owner:
            return
        if error is not None and not _left_at_the_end(self._source, error, path):
            return
        if _threads() and not self.leaves_at_once:
            # What they still do belongs to the program; the interpreter waits for them too.
            _join_threads()
        event = {"thread": self._failed[0]} if self._failed else {"ended": True}
        Recorder(RECORD, f"{token:x}"[1:]).write(event)


def _left_at_the_end(source: bytes, error: BaseException, path: str) -> bool:
    """True where a SystemExit was raised by what stands last in the program."""
    if not isinstance(error, SystemExit):
        return False
    trace = _traceback_of(error)
    steps = [step for step in _steps(trace) if step.path == path]
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(steps) and all(_stands_last(tree, step) for step in steps)


class _Step(NamedTuple):
    """One frame of a traceback: whose code it is, and where in it the exception passed."""

    path: str
    name: str
    first_line: int
    place: tuple[int, int, int, int]
    """First line, last line, first and last column; columns are -1 where they are unknown."""


def _steps(trace: Optional[types.TracebackType]) -> Iterator[_Step]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield _Step(code.co_filename, code.co_name, code.co_firstlineno, _place(trace))
        trace = trace.tb_next


def _place(trace: types.TracebackType) -> tuple[int, int, int, int]:
    code: Any = trace.tb_frame.f_code
    line = trace.tb_lineno
    if hasattr(code, "co_positions"):  # Python 3.11 and newer
        index = trace.tb_lasti // 2
        place = next(itertools.islice(code.co_positions(), index, None), (None,))
        if None not in place:
            return place
    return line, line, -1, -1


def _stands_last(tree: ast.Module, step: _Step) -> bool:
    """True where nothing is left of a function, or of the module, behind this step."""
    if step.name == "<module>":
        body = tree.body
    else:
        body = next(
            (
                node.body
                for node in ast.walk(tree)
                if isinstance(node, _Function) and _is_code_of(node, step)
            ),
            [],
        )
    return any(_leaves(statement, step) for statement in _last(body))


def _is_code_of(node: Union[ast.FunctionDef, ast.AsyncFunctionDef], step: _Step) -> bool:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return node.name == step.name and first == step.first_line


def _last(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that a block can end with."""
    if not body:
        return
    last: Any = body[-1]
    if isinstance(last, ast.If):
        yield from _last(last.body)
        yield from _last(last.orelse)
    elif isinstance(last, (ast.With, ast.AsyncWith)):
        yield from _last(last.body)
    elif isinstance(last, ast.Try) or type(last).__name__ == "TryStar":
        yield from _last(last.finalbody)
        if not last.finalbody:
            yield from _last(last.orelse or last.body)
            for handler in last.handlers:
                yield from _last(handler.body)
    elif type(last).__name__ == "Match":
        for case in last.cases:
            yield from _last(case.body)
    elif isinstance(last, ast.While) and isinstance(last.test, ast.Constant) and last.test.value:
        # It has no other end than the exits in it.
        yield from (each for each in ast.walk(last) if isinstance(each, ast.stmt) and _exits(each))
    else:
        yield last


def _leaves(statement: ast.stmt, step: _Step) -> bool:
    """True where a step stands in a statement, and the statement does nothing after it.

    In ``check(f(1))`` an exit within ``f`` leaves before ``check`` is called; in
    ``sys.exit(main())`` an exit within ``main`` leaves nothing out.
    """
    if not _holds(statement, step.place):
        return False
    if _exits(statement):
        return True
    value = statement.value if isinstance(statement, (ast.Expr, ast.Return)) else None
    if isinstance(value, ast.Await):
        value = value.value
    if not isinstance(value, ast.Call):
        return False
    before: Iterable[ast.expr] = [value.func, *value.args, *(each.value for each in value.keywords)]
    return step.place[2] < 0 or not any(_holds(part, step.place) for part in before)


def _holds(node: Any, place: tuple[int, int, int, int]) -> bool:
    first, last, start, end = place
    if start < 0:
        return bool(node.lineno <= first and last <= node.end_lineno)
    return (node.lineno, node.col_offset) <= (first, start) and (last, end) <= (
        node.end_lineno,
        node.end_col_offset,
    )


def _exits(statement: ast.stmt) -> bool:
    """True for ``sys.exit(...)``, ``exit(...)``, ``quit(...)`` and ``raise SystemExit(...)``."""
    if isinstance(statement, ast.Raise):
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "SystemExit"
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    called = statement.value.func
    if isinstance(called, ast.Attribute):
        return called.attr == "exit" and isinstance(called.value, ast.Name)
    return isinstance(called, ast.Name) and called.id in _EXITS


__all__ = ["RECORD", "Witness"]
