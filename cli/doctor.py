"""`veristone doctor`: what works here, tried and not assumed, and what to do about the rest."""

import argparse
from typing import TYPE_CHECKING

from veristone.cli.options import add_engine_options

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers

__all__ = ["add_parser"]


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("doctor", help="show what works here and which walls stand")
    add_engine_options(parser)
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand: 0 where at least one back end is sound."""
    from rich.console import Console

    from veristone.cli.options import engine_config
    from veristone.engine.doctor import examine

    console = Console()
    bad: dict[str, int] = {}
    current = ""
    async for finding in examine(engine_config(arguments)):
        if finding.backend != current:
            current = finding.backend
            bad[current] = 0
            console.print(f"\n[bold]{current}[/]")
        mark = {True: "[green]ok  [/]", False: "[red]no  [/]", None: "[yellow]weak[/]"}
        bad[current] += finding.good is False
        detail = f"  {finding.detail}" if finding.detail else ""
        console.print(f"  {mark[finding.good]} {finding.subject}{detail}", highlight=False)
    sound = [name for name, count in bad.items() if count == 0]
    console.print()
    if sound:
        console.print(f"Samples can be judged here with: {', '.join(sound)}", highlight=False)
        return 0
    console.print("[red]No back end is sound here.[/] The lines marked 'no' say what to do.")
    return 1
