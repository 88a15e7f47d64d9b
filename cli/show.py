"""`veristone show`: read some of what lies in a folder of ours."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from veristone import ConfigError
from veristone.files import disk_trouble

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers

__all__ = ["add_parser"]

_DESCRIPTION = """
Prints a fair sample, the same each time, of what a run of `veristone generate` made (also while it
works), or of what a run of `veristone seeds` found. Without options: what came out at the end.

  veristone show FOLDER --stage instructions          kept and refused, as the model wrote them
  veristone show FOLDER --reason truncated            what was refused for this reason
  veristone show FOLDER --decision fail               responses whose tests failed
  veristone show FOLDER --reason assertion_failed     those that failed in this way
"""


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "show",
        help="read some of what a run made",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("-n", type=int, default=20, metavar="N", help="how many (default: 20)")
    parser.add_argument("--stage", "--step", help="what this stage or step made or rejected")
    parser.add_argument("--reason", help="what was refused, or failed, for this reason")
    parser.add_argument("--decision", choices=("pass", "fail"), help="only with this verdict")
    parser.add_argument("--language", help="only of this language")
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand."""
    from veristone.generators.synthesis.pipeline.folder import is_run

    folder: Path = arguments.folder
    if arguments.n < 1:
        raise ConfigError("-n must be 1 or more")
    if not is_run(folder):
        return await _show_seeds(arguments)
    from veristone.cli.show_records import show_records

    with disk_trouble(folder):
        total = await show_records(
            folder,
            count=arguments.n,
            stage=arguments.stage,
            reason=arguments.reason,
            decision=arguments.decision,
            language=arguments.language,
        )
    print(f"{min(arguments.n, total):,} of {total:,}", file=sys.stderr)
    return 0


async def _show_seeds(arguments: argparse.Namespace) -> int:
    from veristone.cli.seeds import show

    folder: Path = arguments.folder
    if not (folder / "recipe.json").exists():
        raise ConfigError(f"{folder}: no run of `veristone generate` or `veristone seeds`")
    if arguments.decision is not None:
        raise ConfigError(f"{folder} holds seeds, which have no verdicts: leave --decision out")
    return await show(
        argparse.Namespace(
            output=folder,
            n=arguments.n,
            step=arguments.stage,
            reason=arguments.reason,
            language=arguments.language,
        )
    )
