"""What the actions of `veristone generate` share."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from veristone import ConfigError
from veristone.extras import need_modules

if TYPE_CHECKING:
    from veristone.generators.models.config import ModelConfig

__all__ = [
    "IN_FLIGHT",
    "add_model_options",
    "add_work_options",
    "model_config",
    "need_extra",
]

IN_FLIGHT = 128
"""Records of each stage that are asked about at once. The back end sends on what its server takes;
this many keep vLLM's 256 sequences full at two completions each."""


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose and feed the model."""
    group = parser.add_argument_group("model")
    group.add_argument("--model", metavar="MODEL", help="what to ask; see above")
    group.add_argument(
        "--record", type=Path, metavar="FILE", help="write every answer down, for `replay`"
    )
    group.add_argument(
        "--in-flight",
        type=int,
        default=IN_FLIGHT,
        metavar="N",
        help=f"records of each stage that are asked about at once ({IN_FLIGHT})",
    )


def model_config(arguments: argparse.Namespace) -> "ModelConfig":
    """Return the settings of the model that the options name.

    Raises:
        ConfigError: an option is missing or wrong.
    """
    from veristone.generators.models.registry import FORMS, parse_model

    if arguments.model is None:
        raise ConfigError(f"give the model with --model: {FORMS}")
    if arguments.in_flight < 1:
        raise ConfigError("--in-flight must be 1 or more")
    return parse_model(arguments.model)


def add_work_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of one process that works."""
    parser.add_argument("--quiet", action="store_true", help="no progress")
    # End when this process does; `run` gives it to its children.
    parser.add_argument("--parent", type=int, help=argparse.SUPPRESS)


def need_extra() -> None:
    """Import what all of this needs, before anything is begun.

    Raises:
        ConfigError: a package is not installed.
    """
    modules = (
        f"veristone.generators.synthesis.{name}"
        for name in ("recipe", "read_input", "pipeline.folder")
    )
    need_modules(*modules, extra="generate")
