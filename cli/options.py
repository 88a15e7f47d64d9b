"""Options that several subcommands share, and the settings that they make."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from veristone.engine import EngineConfig

    # argparse has no public name for what `add_subparsers` returns.
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # pyright: ignore[reportPrivateUsage]

__all__ = ["add_engine_options", "engine_config"]

_ENGINE_FLAGS = ("backend", "sandboxes", "runtime", "python")


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

    from veristone import ConfigError
    from veristone.engine import EngineConfig

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
