"""`veristone dataset`: a selection as a dataset that `datasets` and TRL load."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from veristone.cli.options import OutputFolder, Quiet
from veristone.extras import need_modules
from veristone.files import disk_trouble

__all__ = ["dataset"]


async def dataset(
    selection: Annotated[
        Path, typer.Argument(metavar="SELECTION", help="Folder that `select` wrote.")
    ],
    output: OutputFolder,
    template: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How prompts are written: one of ours or a TOML file, as in training.",
        ),
    ] = "instruction",
    validation: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the rows for validation.")
    ] = 0.02,
    quiet: Quiet = False,
) -> int:
    """Write a selection as a dataset: parquet files and a card.

    FOLDER appears whole or not at all; a dataset of ours that is there is replaced.

    \b
    from datasets import load_dataset
    rows = load_dataset("FOLDER")                   prompt and completion
    pairs = load_dataset("FOLDER", "preferences")   also: messages, kto, repairs

    Exit status: 0 done; 2 could not.
    """
    need_modules("veristone.generators.dataset.write", extra="generate")
    from veristone.generators.dataset.write import write_dataset
    from veristone.training.finetune.template import load_template

    render = load_template(template).render
    with disk_trouble(output):
        manifest = await asyncio.to_thread(
            write_dataset, selection, output, render, template_name=template, validation=validation
        )
    if not quiet:
        for config, splits in manifest.rows.items():
            print(f"{config}: {', '.join(f'{name} {n:,}' for name, n in splits.items())}")
        print(f"dataset: {output}")
    return 0
