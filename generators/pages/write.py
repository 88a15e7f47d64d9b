"""Writes a report: a page, and the facts that it was made of."""

from pathlib import Path

import msgspec

from veristone.files import write_whole
from veristone.generators.pages.page import render_page
from veristone.generators.pages.sections import Report

__all__ = ["write_report"]


def write_report(folder: Path, report: Report, facts: object, facts_name: str) -> list[Path]:
    """Write `report.html` and the facts as JSON; return the files in this order.

    Each appears whole or not at all. Equal reports give equal files.

    Raises:
        ConfigError: jinja2 is not installed.
        OSError: the files cannot be written.
    """
    contents = {
        "report.html": render_page(report).encode(errors="replace"),
        facts_name: msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n",
    }
    for name, content in contents.items():
        write_whole(folder / name, content)
    return [folder / name for name in contents]
