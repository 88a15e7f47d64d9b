"""`veristone verify`: JSONL of samples in, JSONL of verdicts out."""

import asyncio
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veristone import ConfigError, Decision
from veristone.cli.display import Progress, complain, isolation_line, print_verdicts
from veristone.cli.options import EngineOptions, Overwrite, Quiet

if TYPE_CHECKING:
    from veristone.engine.batch import Tally

__all__ = ["verify"]


async def verify(
    samples: Annotated[
        str, typer.Argument(metavar="FILE", help="Samples, one a line; - for stdin.")
    ],
    engine: EngineOptions,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", show_default="stdout")
    ] = "-",
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the output ends.")] = False,
    overwrite: Overwrite = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 where a sample failed.")
    ] = False,
    strength: Annotated[
        str | None,
        typer.Option(
            metavar="stub|mutants",
            help="Say of test code that passes whether stubs, or mutants, pass too.",
        ),
    ] = None,
    reruns: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            min=0,
            max=100,
            help="Run what passes K times more; what then fails is flaky.",
            show_default="0",
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Keep verdicts there, and judge what is equal to a sample of before no more.",
            show_default="none are kept",
        ),
    ] = None,
    quiet: Quiet = False,
) -> int:
    """Judge a JSONL file of samples.

    Reads one sample a line and writes one verdict a line, in the same order. A line that is no
    sample becomes a record {"line": N, "error": ..., "rejected": true} and the run goes on.

    Exit status: 0 every line got a pass or a fail; 1 some were undecided or rejected (with --strict
    also: some failed); 2 could not start; 130 interrupted.
    """
    from veristone.engine.batch import Tally, verify_file

    if resume and overwrite:
        raise ConfigError("--resume goes on, --overwrite starts anew: give one of them")
    tally = Tally()
    started = time.monotonic()
    with Progress(quiet=quiet) as progress:

        def show(now: "Tally") -> None:
            nonlocal tally
            tally = now
            progress.show("verifying", _line(now), now.read_bytes, now.total_bytes)

        try:
            tally = await verify_file(
                None if samples == "-" else Path(samples),
                None if output == "-" else Path(output),
                engine.settings(strength=strength, reruns=reruns, cache=cache),
                mode="resume" if resume else "overwrite" if overwrite else "new",
                on_record=show,
            )
        except asyncio.CancelledError:
            progress.close()
            hint = "" if output == "-" else "; go on with --resume"
            complain(f"interrupted after {tally.records} verdicts{hint}")
            raise
        except BrokenPipeError:
            progress.close()
            if not quiet:
                complain(f"whoever reads the output went away after {tally.records} verdicts")
            return 1
    if not quiet:
        # The verdicts are written: a terminal that is gone, a log on a full disk is no failure.
        with contextlib.suppress(OSError):
            _summarise(tally, time.monotonic() - started)
    trouble = tally.rejected or tally.decided(Decision.UNDECIDED)
    return 1 if trouble or (strict and tally.decided(Decision.FAIL)) else 0


def _line(tally: "Tally") -> str:
    parts = [f"{tally.decided(decision)} {decision}" for decision in Decision]
    return " · ".join([*parts, f"{tally.rejected} rejected"] if tally.rejected else parts)


def _summarise(tally: "Tally", seconds: float) -> None:
    from rich.console import Console

    console = Console(stderr=True)
    total = tally.reasons.total()
    if total:
        title = f"{total} verdicts in {seconds:.1f} s"
        print_verdicts(tally.reasons, title, "samples", console)
    notes = [f"{tally.records / seconds:.0f} samples/s" if tally.records else "no samples"]
    if tally.skipped:
        notes.append(f"{tally.skipped} were judged before and left as they are")
    if tally.rejected:
        notes.append(f"{tally.rejected} lines were rejected: see their records")
    if tally.strength_runs:
        notes.append(
            f"strength took {tally.strength_runs} further runs and {tally.strength_cpu_s:.1f} of"
            f" {tally.cpu_s:.1f} CPU seconds"
        )
    if tally.isolation is not None:
        notes.append(isolation_line(tally.isolation))
    for note in notes:
        console.print(note, highlight=False, markup=False)
