"""A Python interpreter that is kept between calls and runs cells, as a notebook's kernel does.

A cell is a program whose last statement, where that is an expression, is its result. Names live on
in `__main__`; `await` may stand at the top; a semicolon at the end hides the result; `_` is the
last one. SIGINT interrupts a cell and nothing else.

The warden sends a cell as `letter` says, over the same socket that the answers go back on: results
and errors, line by line, and `mark` as the last line. All of it is the client's own word.
"""

from __future__ import annotations

import ast
import base64
import inspect
import io
import linecache
import os
import signal
import struct
import sys
import traceback
from typing import Any, Callable, NoReturn

from .record import Recorder

_HEAD = struct.Struct("!16sQ")
MOST_TEXT = 256 * 1024
"""Characters of a result, of an error's message, of its traceback."""
MOST_RICH = 1024 * 1024
"""Characters of one other form of a result, a picture for example; longer ones are left out."""
MOST_SHOWN = 64
"""Results that a cell may show beside its own."""
_RICH = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
}
"""What notebooks ask of a value beside its `repr` (IPython, `DisplayFormatter`)."""
_TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def letter(token: str, source: Any) -> bytes:
    """Return what tells an interpreter to run a cell."""
    return _HEAD.pack(token.encode(), len(source)) + bytes(source)


def mark(token: str) -> bytes:
    """Return the line that ends the answer to a cell."""
    return token.encode() + b' {"done":true}\n'


def serve(fd: int, space: dict[str, Any]) -> NoReturn:
    """Run cells until the warden hangs up."""
    os.environ.setdefault("MPLBACKEND", "agg")
    cells, owner = Cells(space), os.getpid()
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            token, length = _HEAD.unpack(_receive(fd, _HEAD.size))
            source = _receive(fd, length)
            recorder = Recorder(fd, token.decode())
            recorder.write({"begun": True})
            try:
                cells.run(source, recorder.write)
            except KeyboardInterrupt:  # it came when the cell had ended
                pass
            if os.getpid() != owner:
                os._exit(0)  # a copy that the cell made of itself
            recorder.write({"done": True})
    except BaseException:  # the cell has closed what we speak through
        os._exit(1)


def _receive(fd: int, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = os.read(fd, length - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


class Cells:
    """The state between cells: the names, and an event loop once a cell has used one."""

    def __init__(self, space: dict[str, Any]) -> None:
        for name in ("__file__", "__cached__"):
            space.pop(name, None)
        self._space = space
        self._number = 0
        self._loop: Any = None
        self._shown = 0
        self._tell: Callable[[dict[str, Any]], None] = lambda event: None
        space["display"] = self.display

    def run(self, source: bytes, tell: Callable[[dict[str, Any]], None]) -> None:
        """Run one cell; tell its result and its error."""
        self._number += 1
        self._shown, self._tell = 0, tell
        name = f"<cell {self._number}>"
        try:
            text = _dedented(source.decode())
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            value = self._execute(text, name)
            if value is not None:
                self._space["_"] = value
                tell({"cell": "result", "value": _forms(value)})
            self._show_figures()
            self._flush()
        except BaseException as error:
            # Now, so that a second interrupt does not come while the first is told.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            tell({"cell": "error", "value": _told(error)})
            self._flush()
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    def display(self, *values: Any) -> None:
        """Show values beside the result, as `display` of IPython does."""
        for value in values:
            self._shown += 1
            if self._shown <= MOST_SHOWN:
                self._tell({"cell": "shown", "value": _forms(value)})

    def _show_figures(self) -> None:
        """Show what matplotlib has open, and close it, as notebooks do behind each cell."""
        plots: Any = sys.modules.get("matplotlib.pyplot")
        if plots is not None:
            self.display(*map(plots.figure, plots.get_fignums()))
            plots.close("all")

    def _execute(self, text: str, name: str) -> Any:
        tree = ast.parse(text, name)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not _is_silenced(text):
            last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
        self._evaluate(compile(tree, name, "exec", _TOP_LEVEL_AWAIT, dont_inherit=True))
        if last is None:
            return None
        return self._evaluate(compile(last, name, "eval", _TOP_LEVEL_AWAIT, dont_inherit=True))

    def _evaluate(self, code: Any) -> Any:
        value = eval(code, self._space)
        if not code.co_flags & inspect.CO_COROUTINE:
            return value
        if self._loop is None:
            import asyncio

            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(value)

    @staticmethod
    def _flush() -> None:
        for name in ("stdout", "stderr"):
            try:
                getattr(sys, name).flush()
            except Exception:
                pass


def _dedented(text: str) -> str:
    """Return a cell without the indentation of its first line, as notebooks take one."""
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return "".join(line.removeprefix(indent) for line in lines) if indent else text


def _is_silenced(text: str) -> bool:
    """True where the last line of a cell ends with a semicolon."""
    return text.rstrip().endswith(";")


def _forms(value: Any) -> dict[str, str]:
    """Return a value in every form that it has, by MIME type."""
    forms = {"text/plain": _clean(repr(value))}
    if hasattr(value, "savefig"):
        file = io.BytesIO()
        value.savefig(file, format="png", bbox_inches="tight")
        forms["image/png"] = base64.b64encode(file.getvalue()).decode()[:MOST_RICH]
    for kind, name in _RICH.items():
        method = getattr(type(value), name, None)
        if method is None:
            continue
        try:
            form = method(value)
        except Exception:
            continue
        if isinstance(form, bytes):
            form = base64.b64encode(form).decode()
        if isinstance(form, str) and len(form) <= MOST_RICH:
            forms[kind] = _clean(form, MOST_RICH)
    return forms


def _told(error: BaseException) -> dict[str, str]:
    """Return an exception as a notebook tells it: name, value, traceback without our frames."""
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith("<cell"):
        trace = trace.tb_next
    try:
        value = str(error)
    except Exception:
        value = "<no text>"
    try:
        lines = traceback.format_exception(type(error), error, trace)
    except Exception:
        lines = [f"{type(error).__name__}: {value}\n"]
    return {
        "name": _clean(type(error).__name__),
        "value": _clean(value),
        "traceback": _clean("".join(lines)),
    }


def _clean(text: str, most: int = MOST_TEXT) -> str:
    """Return text that can be sent: of a long one the start, and no lone surrogates."""
    return text[:most].encode("utf-8", "backslashreplace").decode()
