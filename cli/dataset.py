"""`veristone dataset`: a selection as a dataset that `datasets` and TRL load."""

import argparse
import asyncio
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from veristone import ConfigError

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers

__all__ = ["add_parser"]

_DESCRIPTION = """
Writes what `veristone select` selected as a dataset: parquet files and a card.

  veristone dataset SELECTION -o OUT

  from datasets import load_dataset
  rows = load_dataset("OUT")                    prompt and completion, and where each comes from
  pairs = load_dataset("OUT", "preferences")    also: messages, kto, repairs

OUT appears whole or not at all; a dataset of ours that is there is replaced.

Exit status: 0 done; 2 could not.
"""


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "dataset",
        help="write a selection as a dataset",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("selection", type=Path, metavar="SELECTION", help="folder of `select`")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT")
    parser.add_argument(
        "--template",
        default="instruction",
        metavar="NAME",
        help="how prompts are written: one of ours or a TOML file, as in training"
        " (default: instruction)",
    )
    parser.add_argument(
        "--validation",
        type=float,
        default=0.02,
        metavar="SHARE",
        help="share of the rows for validation (default: 0.02)",
    )
    parser.add_argument("--quiet", action="store_true", help="no summary")
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand."""
    try:
        importlib.import_module("veristone.generators.dataset.write")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("generators", "veristone"):
            raise
        raise ConfigError(
            f"{package} is not installed: pip install 'veristone[generate]'"
        ) from error
    from veristone.generators.dataset.write import write_dataset
    from veristone.training.finetune.template import load_template

    out: Path = arguments.output
    template = load_template(arguments.template)
    try:
        manifest = await asyncio.to_thread(
            write_dataset,
            arguments.selection,
            out,
            template.render,
            template_name=arguments.template,
            validation=arguments.validation,
        )
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ConfigError(f"{out}: {error}") from error
    if not arguments.quiet:
        for config, splits in manifest.rows.items():
            told = ", ".join(f"{split} {count:,}" for split, count in splits.items())
            print(f"{config}: {told}")
        print(f"dataset: {out}")
    return 0
