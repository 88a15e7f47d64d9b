"""Options that several subcommands share, each said once: same name, short form and default."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from veristone import ConfigError

if TYPE_CHECKING:
    from veristone import Model
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
]

_HANDED_ON = ("backend", "runtime", "python", "config")
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
        Literal["auto", "docker", "bubblewrap", "attached"] | None,
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
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER",
            help="A wall without which nothing is judged; may be given again.",
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

    def words(self, sandboxes: int) -> list[str]:
        """Return the options as words for another process, with so many sandboxes."""
        given = [("sandboxes", sandboxes), *((n, getattr(self, n)) for n in _HANDED_ON)]
        given += [("require", layer) for layer in self.require or ()]
        return [w for n, value in given if value is not None for w in (f"--{n}", str(value))]

    def settings(self, **more: object) -> "EngineConfig":
        """Return the settings of file and options together, and of `more` what is not None.

        Raises:
            ConfigError: the file cannot be read or a setting is wrong.
        """
        from veristone.engine import EngineConfig
        from veristone.settings import checked, read_toml

        settings: dict[str, Any] = {}
        if self.config is not None:
            settings = read_toml(self.config, str(self.config), what="configuration", known=())
        names = ("backend", "sandboxes", "runtime", "python", "require")
        given = {name: getattr(self, name) for name in names} | more
        settings |= {name: value for name, value in given.items() if value is not None}
        return checked(EngineConfig, settings, str(self.config or "setting"))


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

    def words(self) -> list[str]:
        """Return the options as words for another process."""
        given = (
            ("--model", self.model),
            ("--record", self.record),
            ("--in-flight", self.in_flight),
        )
        return [w for name, value in given if value is not None for w in (name, str(value))]

    @asynccontextmanager
    async def opened(self) -> "AsyncGenerator[Model]":
        """Open the model; with --record every answer is written down."""
        from veristone.generators.models.recording import RecordingModel
        from veristone.generators.models.registry import open_model

        async with AsyncExitStack() as stack:
            model = await stack.enter_async_context(open_model(self.settings()))
            if self.record is not None:
                model = await stack.enter_async_context(RecordingModel(model, self.record))
            yield model
