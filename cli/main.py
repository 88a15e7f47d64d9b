"""Arguments in, exit status out.

Exit status: 0 done; 1 done, and something needs attention (the subcommand says what); 2 could not
start; 130 interrupted; 143 ended by SIGTERM.
"""

import os
import re
import sys
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from veristone import VeristoneError, __version__
from veristone.cli.app import command
from veristone.cli.audit import audit
from veristone.cli.dataset import dataset
from veristone.cli.display import complain
from veristone.cli.evaluate import evaluate
from veristone.cli.generate import generate
from veristone.cli.loop import align, loop, step
from veristone.cli.matrix import matrix
from veristone.cli.replay import replay
from veristone.cli.seeds import seeds
from veristone.cli.select import select
from veristone.cli.serve import serve
from veristone.cli.setup import demo, doctor, images
from veristone.cli.show import show
from veristone.cli.train import train
from veristone.cli.verify import verify

__all__ = ["main"]

app = typer.Typer(
    name="veristone",
    help="Verifies code that models wrote: samples in, verdicts out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
command(app, "verify")(verify)
command(app, "replay")(replay)
command(app, "serve")(serve)
command(app, "eval")(evaluate)
command(app, "audit")(audit)
command(app, "matrix")(matrix)
app.add_typer(seeds, name="seeds")
app.add_typer(generate, name="generate")
command(app, "select")(select)
command(app, "dataset")(dataset)
command(app, "train")(train)
command(app, "align")(align)
command(app, "loop")(loop)
command(app, "show")(show)
command(app, "doctor")(doctor)
app.add_typer(images, name="images")
command(app, "demo")(demo)
command(app, "step", hidden=True)(step)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    _hold_standard_descriptors()
    try:
        status: Any = app(argv, prog_name="veristone", standalone_mode=False)
    except TyperException as error:
        complain(_told(error))
        return 2
    except VeristoneError as error:
        complain(str(error))
        return 2
    return status if isinstance(status, int) else 0


def _hold_standard_descriptors() -> None:
    """Open what of 0, 1 and 2 is closed: else a file of ours gets that number, and what is said."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison] - typeshed knows no closed one
        sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"veristone {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Verifies code that models wrote: samples in, verdicts out."""


def _told(error: TyperException) -> str:
    """Return what is wrong with the command line, and where to read what would be right."""
    context: Any = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "veristone"
    said = error.format_message().rstrip(".").replace("Value error, ", "")
    if not said:  # no arguments at all: help was printed
        return f"give a command: {path} COMMAND ..."
    if found := re.match(r"No such command '(.+?)'$", said):
        root: Any = typer.main.get_command(app)
        others = [
            f"`veristone {name} {found[1]}`".replace("  ", " ")
            for name, each in [("", root), *root.commands.items()]
            if found[1] in getattr(each, "commands", ())
        ]
        said += f"; did you mean {' or '.join(others)}?" if others else ""
    return f"{said[:1].lower()}{said[1:]} (`{path} --help` explains)"
