"""How a subcommand is written: an async function whose parameters are its options.

`command` makes of it what typer calls: parameters that are a dataclass are groups of options, each
field one option (so that `--backend` is the same wherever it is), and SIGTERM ends the work as
Ctrl-C does, with every sandbox removed.
"""

import asyncio
import inspect
import signal
from collections.abc import Callable, Coroutine
from dataclasses import fields, is_dataclass
from typing import Any

import typer

__all__ = ["Work", "command", "group"]

Work = Callable[..., Coroutine[Any, Any, int]]
"""A subcommand: does its work and returns the exit status."""


def group(about: str) -> typer.Typer:
    """Return a command that has actions."""
    # Errors of ours are told by `main`, in one line; any other is a fault that wants its trace.
    return typer.Typer(
        help=_help(about),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )


def command(app: typer.Typer, *names: str, hidden: bool = False) -> Callable[[Work], Work]:
    """Add a function to `app` as a command, under each of the names."""

    def add(function: Work) -> Work:
        for name in names:
            app.command(name, help=inspect.getdoc(function), hidden=hidden)(_called(function))
        return function

    return add


def _help(text: str) -> str:
    """Return a docstring with each paragraph on a line of its own, but for those after a \\b."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(p if p.startswith("\b") else p.replace("\n", " ") for p in paragraphs)


def _called(function: Work) -> Callable[..., int]:
    groups: dict[str, type[Any]] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        kind = parameter.annotation
        found = [parameter]
        if is_dataclass(kind) and isinstance(kind, type):
            groups[parameter.name] = kind
            found = list(inspect.signature(kind, eval_str=True).parameters.values())
        parameters += (each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in found)

    def call(**given: Any) -> int:
        made = {
            name: kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            for name, kind in groups.items()
        }
        return asyncio.run(_until_terminated(function(**given, **made)))

    call.__signature__ = inspect.Signature(parameters)  # pyright: ignore[reportFunctionMemberAccess] - what typer reads
    return call


async def _until_terminated(work: Coroutine[Any, Any, int]) -> int:
    task = asyncio.current_task()
    assert task is not None
    terminated = False

    def terminate() -> None:
        nonlocal terminated
        if not terminated:  # told twice, as by the kernel for each thread of a parent that dies
            terminated = True
            task.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await work
    except asyncio.CancelledError:
        if terminated:
            return 143
        raise
