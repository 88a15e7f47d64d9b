"""Options that several subcommands share, each said once: same name, short form and default."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from veristone import ConfigError

if TYPE_CHECKING:
    import argparse

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # pyright: ignore[reportPrivateUsage]
    from veristone.engine import EngineConfig
    from veristone.generators.models.config import ModelConfig

__all__ = [
    "Benchmarks",
    "EngineOptions",
    "Folder",
    "Limit",
    "ModelOptions",
    "OutputFolder",
    "Overwrite",
    "Processes",
    "Quiet",
    "Recipe",
    "Seed",
    "add_engine_options",
    "engine_config",
]

_SANDBOXES, _MODEL = "Sandboxes", "Model"
_MODELS = "http://HOST:PORT/v1, vllm:NAME, transformers:NAME, replay:FILE or FILE.toml"

Recipe = Annotated[str, typer.Argument(metavar="RECIPE", help="A TOML file, or a recipe of ours.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of a run.")]
OutputFolder = Annotated[
    Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where everything goes.")
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace what is there, also what other settings made."),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress, no summary.")]
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", help="Random seed.", show_default="the recipe's"),
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many at most.")]
Benchmarks = Annotated[
    list[str] | None,
    typer.Option(
        "--benchmark",
        metavar="NAME=FILE",
        help="A benchmark that must not be found; besides the recipe's. Several are welcome.",
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(
        "--processes", metavar="N", min=1, help="At work at once.", show_default="one per core"
    ),
]


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """The options that choose and size the sandboxes."""

    backend: Annotated[
        Literal["auto", "docker", "bubblewrap"] | None,
        typer.Option(
            help="What holds the sandboxes.",
            show_default="Docker where a daemon answers, else bubblewrap",
            rich_help_panel=_SANDBOXES,
        ),
    ] = None
    sandboxes: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Sandboxes at work at once.",
            show_default="one per core",
            rich_help_panel=_SANDBOXES,
        ),
    ] = None
    runtime: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Docker runtime, as runsc.", rich_help_panel=_SANDBOXES),
    ] = None
    python: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Interpreter of bubblewrap sandboxes.",
            show_default="this one",
            rich_help_panel=_SANDBOXES,
        ),
    ] = None
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TOML file with settings of the engine; options go before it.",
            rich_help_panel=_SANDBOXES,
        ),
    ] = None

    def settings(self) -> "EngineConfig":
        """Return the settings of file and options together.

        Raises:
            ConfigError: the file cannot be read or a setting is wrong.
        """
        from veristone.engine import EngineConfig
        from veristone.settings import checked, read_toml

        settings: dict[str, Any] = {}
        if self.config is not None:
            settings = read_toml(self.config, str(self.config), what="configuration", known=())
        for name in ("backend", "sandboxes", "runtime", "python"):
            if (value := getattr(self, name)) is not None:
                settings[name] = value
        return checked(EngineConfig, settings, "setting")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """The options that choose and feed a model that writes."""

    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help=f"What to ask: {_MODELS}.", rich_help_panel=_MODEL),
    ] = None
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every answer down, for replay:FILE.",
            rich_help_panel=_MODEL,
        ),
    ] = None
    in_flight: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            help="Records of each stage that are asked about at once; the back end sends on what"
            " its server takes.",
            rich_help_panel=_MODEL,
        ),
    ] = 128
    # This many keep vLLM's 256 sequences full at two completions each.

    def settings(self) -> "ModelConfig":
        """Return the settings of the model.

        Raises:
            ConfigError: there is none, or the words are no model.
        """
        from veristone.generators.models.registry import FORMS, parse_model

        if self.model is None:
            raise ConfigError(f"give the model with --model: {FORMS}")
        return parse_model(self.model)


# For `generate`, until it is moved.
_ENGINE_FLAGS = ("backend", "sandboxes", "runtime", "python")


def add_engine_options(parser: "argparse.ArgumentParser") -> None:
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


def engine_config(arguments: "argparse.Namespace") -> "EngineConfig":
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
