"""What belongs to a whole process, may be set by tests, and is to hold for the solution as well."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, Callable, NamedTuple

__all__ = ["SETTINGS", "Setting"]


class Setting(NamedTuple):
    """One of them: how it is read here and written there."""

    word: str
    """Tests that do not hold this word do not change it."""
    read: Callable[[], Any]
    write: Callable[[Any], None]


def _write_environ(value: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(value)


def _read_decimal() -> tuple[int, str]:
    context = importlib.import_module("decimal").getcontext()
    return context.prec, context.rounding


def _write_decimal(value: tuple[int, str]) -> None:
    context = importlib.import_module("decimal").getcontext()
    context.prec, context.rounding = value


SETTINGS = {
    "environ": Setting("env", lambda: dict(os.environ), _write_environ),
    "cwd": Setting("chdir", os.getcwd, os.chdir),
    "recursion limit": Setting("setrecursionlimit", sys.getrecursionlimit, sys.setrecursionlimit),
    "decimal": Setting("context", _read_decimal, _write_decimal),
}
"""By the name under which the driver tells the candidate."""
