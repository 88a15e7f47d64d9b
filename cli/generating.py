"""`veristone generate` under typer, until it is moved."""

import argparse
from pathlib import Path

import typer

from veristone.cli.options import EngineOptions, ModelOptions

__all__ = ["generate", "run"]


async def generate(context: typer.Context) -> int:
    """Have a model write instructions and responses, and verify them."""
    return await _parsed(context.args)


async def run(
    recipe: str,
    output: Path,
    engine: EngineOptions,
    model: ModelOptions,
    *,
    source: Path | None,
    seed: int,
) -> int:
    """Do everything."""
    words = ["run", recipe, "-o", str(output), "--model", str(model.model)]
    words += ["--random-seed", str(seed)]
    return await _parsed([*words, *(["--input", str(source)] if source else [])])


async def _parsed(words: list[str]) -> int:
    from veristone.cli.generate import add_parser

    parser = argparse.ArgumentParser(prog="veristone")
    add_parser(parser.add_subparsers(required=True))
    try:
        arguments = parser.parse_args(["generate", *words])
    except SystemExit as stop:
        return int(stop.code or 0)
    return await arguments.run(arguments)
