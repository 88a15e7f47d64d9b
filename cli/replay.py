"""`veristone replay`: are recorded verdicts still the verdicts?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veristone.cli.display import Progress, print_table
from veristone.cli.options import EngineOptions

if TYPE_CHECKING:
    from veristone.engine.replay import Replayed

__all__ = ["replay"]

_SHOWN = 20


async def replay(
    samples: Annotated[Path, typer.Argument(metavar="SAMPLES", help="What was judged.")],
    verdicts: Annotated[Path, typer.Argument(metavar="VERDICTS", help="What was written then.")],
    engine: EngineOptions,
) -> int:
    """Judge samples again and compare with the verdicts of an earlier run.

    Prints what is decided otherwise, or for another reason, and what is no longer as it was:
    version, image, interpreter, back end, what a CPU second is worth.

    Exit status: 0 every verdict is the same; 1 some differ; 2 could not start; 130 interrupted.
    """
    from veristone.engine import Engine
    from veristone.engine.replay import replay as judge_again

    with Progress(quiet=False) as progress:

        def show(found: "Replayed") -> None:
            text = f"{found.verdicts:,} verdicts, {len(found.differences):,} differ"
            progress.show("replaying", text)

        async with Engine(engine.settings()) as verifier:
            found = await judge_again(samples, verdicts, verifier, show)
    for name, (then, now) in found.changed.items():
        print(f"{name} was {then}, is {now}")
    if found.differences:
        rows = [
            (each.now.id, str(each.before.reason), str(each.now.reason), each.now.message)
            for each in found.differences[:_SHOWN]
        ]
        print_table(["sample", "was", "is", "message"], rows)
    print(f"{len(found.differences):,} of {found.verdicts:,} verdicts differ")
    return 1 if found.differences else 0
