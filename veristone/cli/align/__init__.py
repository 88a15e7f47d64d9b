"""`veristone align`: the whole self-alignment loop, one recipe, one folder, one report."""

from veristone.cli.align.command import add_parser

__all__ = ["add_parser"]
