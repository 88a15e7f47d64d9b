"""Arguments in, exit status out.

Exit status: 0 done; 1 done, and something needs attention (the subcommand says what); 2 could not
start; 130 interrupted.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from veristone import VeristoneError, __version__
from veristone._rooms import open_rooms

if TYPE_CHECKING:
    from engine import EngineConfig

__all__ = ["main"]

_ENGINE_FLAGS = ("backend", "sandboxes", "runtime", "python")


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    open_rooms()
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
    from veristone.cli import demo, doctor, evaluate, images, verify

    parser = argparse.ArgumentParser(
        prog="veristone",
        description="Verifies code that models wrote: samples in, verdicts out.",
    )
    parser.add_argument("--version", action="version", version=f"veristone {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (verify, evaluate, doctor, images, demo):
        module.add_parser(commands)
    return parser


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose and size the sandboxes."""
    group = parser.add_argument_group("sandboxes")
    group.add_argument(
        "--backend",
        choices=("auto", "docker", "bubblewrap"),
        help="what holds the sandboxes (default: Docker where a daemon answers, else bubblewrap)",
    )
    group.add_argument(
        "--sandboxes", type=int, metavar="N", help="sandboxes (default: one per core)"
    )
    group.add_argument("--runtime", metavar="NAME", help="Docker runtime, for example runsc")
    group.add_argument(
        "--python", metavar="PATH", help="interpreter for bubblewrap sandboxes (default: this one)"
    )
    group.add_argument(
        "--config", type=Path, metavar="FILE", help="TOML file with settings of the engine"
    )


def engine_config(arguments: argparse.Namespace) -> "EngineConfig":
    """Return the settings of file and options together.

    Raises:
        ConfigError: the file cannot be read or a setting is wrong.
    """
    import tomllib

    import pydantic

    from engine import EngineConfig
    from veristone import ConfigError

    settings: dict[str, Any] = {}
    if arguments.config is not None:
        try:
            settings = tomllib.loads(arguments.config.read_text())
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{arguments.config}: {error}") from error
    for name in _ENGINE_FLAGS:
        value = getattr(arguments, name)
        if value is not None:
            settings[name] = value
    try:
        return EngineConfig(**settings)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"setting {where!r}: {first['msg']}") from error
