"""Arguments in, exit status out.

Exit status: 0 done; 1 done, and something needs attention (the subcommand says what); 2 could not
start; 130 interrupted.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from veristone import VeristoneError, __version__

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments.run(arguments))
    except VeristoneError as error:
        print(f"veristone: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader of our output went away, as `head` does: nobody is left to tell.
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return 130


def _run(work: Coroutine[Any, Any, int]) -> int:
    """Run the coroutine; SIGTERM ends it as Ctrl-C does, with every sandbox removed."""

    async def with_signals() -> int:
        task = asyncio.current_task()
        assert task is not None
        terminated = False

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            task.cancel()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        try:
            return await work
        except asyncio.CancelledError:
            if terminated:
                return 143
            raise

    return asyncio.run(with_signals())


def _parser() -> argparse.ArgumentParser:
    from veristone.cli import (
        align,
        dataset,
        demo,
        doctor,
        evaluate,
        generate,
        images,
        loop,
        seeds,
        select,
        show,
        train,
        verify,
    )

    parser = argparse.ArgumentParser(
        prog="veristone",
        description="Verifies code that models wrote: samples in, verdicts out.",
    )
    parser.add_argument("--version", action="version", version=f"veristone {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (
        verify,
        evaluate,
        seeds,
        generate,
        select,
        dataset,
        train,
        align,
        loop,
        show,
        doctor,
        images,
        demo,
    ):
        module.add_parser(commands)
    return parser
