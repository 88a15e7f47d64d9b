"""`veristone matrix`: many solutions and many tests of each task."""

from pathlib import Path
from typing import Annotated

import typer

from veristone import ConfigError
from veristone.cli.display import Progress
from veristone.cli.options import EngineOptions, Overwrite

__all__ = ["matrix"]


async def matrix(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help='{"id": ..., "solutions": [...], "tests": [...]}, one a line.'
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="A matrix a line.")
    ],
    engine: EngineOptions,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the output ends.")] = False,
    overwrite: Overwrite = False,
) -> int:
    """Run every solution of a task against every test of it.

    Each line of the output has a word for each solution, with a character for each test: 1 passed,
    0 failed, ? undecided; the groups of solutions that pass the same tests, the one that CodeT
    would believe first; and its first solution.

    Exit status: 0 done; 1 some could not be decided; 2 could not start; 130 interrupted.
    """
    from veristone.audit.matrix import UNKNOWN, Matrix, matrix_file
    from veristone.engine import Engine

    if resume and overwrite:
        raise ConfigError("--resume goes on, --overwrite starts anew: give one of them")
    if output.exists() and output.stat().st_size and not (resume or overwrite):
        raise ConfigError(f"{output} exists: use --resume to go on or --overwrite")
    unknown = runs = cells = 0
    async with Engine(engine.settings()) as verifier:
        with Progress(quiet=False) as progress:

            def show(found: Matrix, done: int) -> None:
                nonlocal unknown, runs, cells
                unknown += sum(row.count(UNKNOWN) for row in found.passes)
                cells += sum(map(len, found.passes))
                runs += found.runs
                progress.show("matrix", f"{done:,} tasks  {found.id}")

            count = await matrix_file(
                source,
                output,
                verifier,
                resume=resume,
                workers=2 * verifier.config.sandboxes,
                on_matrix=show,
            )
    print(f"{count:,} tasks, {cells:,} outcomes in {runs:,} runs, {unknown:,} undecided: {output}")
    return 1 if unknown else 0
