"""`veristone images`: build, list and try the sandbox images."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from veristone.cli.options import add_engine_options

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers

__all__ = ["add_parser"]


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("images", help="build, list and test the sandbox images")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    build = actions.add_parser("build", help="build the images that are missing")
    build.add_argument("languages", nargs="*", metavar="LANGUAGE", help="default: all")
    build.add_argument("--package", action="append", default=[], help="more Debian packages")
    build.add_argument("--force", action="store_true", help="build what is built already")
    build.set_defaults(run=run_build)
    listing = actions.add_parser("list", help="show every language and its image")
    listing.set_defaults(run=run_list)
    test = actions.add_parser("test", help="run each language's selftest in its sandbox")
    test.add_argument("languages", nargs="*", metavar="LANGUAGE", help="default: all")
    add_engine_options(test)
    test.set_defaults(run=run_test)


async def run_build(arguments: argparse.Namespace) -> int:
    """Build images."""
    from veristone.engine.images import build
    from veristone.engine.languages import find, installed

    for name in arguments.languages or list(installed()):
        await asyncio.to_thread(
            build,
            find(name),
            lambda text: print(text, flush=True),
            tuple(arguments.package),
            force=arguments.force,
        )
    return 0


async def run_list(arguments: argparse.Namespace) -> int:
    """List images."""
    from rich.console import Console
    from rich.table import Table

    from veristone.engine.images import statuses

    table = Table("language", "image", "built", "size")
    for status in await asyncio.to_thread(statuses):
        table.add_row(
            status.language,
            status.image,
            "yes" if status.built else "no: veristone images build",
            f"{status.size_mib} MiB" if status.built else "",
        )
    Console().print(table)
    return 0


async def run_test(arguments: argparse.Namespace) -> int:
    """Run selftests."""
    from veristone.cli.options import engine_config
    from veristone.engine import Engine
    from veristone.engine.languages import find, installed
    from veristone.engine.selftest import selftests

    failed = 0
    async with Engine(engine_config(arguments)) as engine:
        for name in arguments.languages or list(installed()):
            for sample, wanted in selftests(find(name)):
                verdict = await engine.verify(sample)
                good = verdict.reason == wanted
                failed += not good
                mark = "ok  " if good else "FAIL"
                print(f"{mark} {name}/{sample.id}: {verdict.reason} {verdict.message}".rstrip())
    if failed:
        print(f"veristone: {failed} selftests failed", file=sys.stderr)
    return 1 if failed else 0
