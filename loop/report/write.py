"""Writes the report of a run: `report.html`, `report.md`, `report.json`."""

from pathlib import Path

import msgspec

from veristone import ConfigError
from veristone.files import write_whole
from veristone.generators.pages.markdown import render_text
from veristone.generators.pages.page import render_page
from veristone.loop.report.gather import gather
from veristone.loop.report.measures import need_libraries
from veristone.loop.report.sections import report

__all__ = ["write_report"]


def write_report(folder: Path) -> list[Path]:
    """Write the report of a run of `veristone align`, in whatever state the run is.

    Args:
        folder: of the run. What is not there, or cannot be read, is left out and named.

    Returns:
        The files: a page, the same as Markdown, and everything in both as data. Each appears whole
        or not at all. Equal folders give equal files.

    Raises:
        ConfigError: there is no such folder, or a package of the extra `report` is missing.
        OSError: the files cannot be written.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no folder of a run")
    need_libraries()
    facts = gather(folder)
    whole = report(facts)
    contents = {
        "report.html": render_page(whole).encode(errors="replace"),
        "report.md": render_text(whole).encode(errors="replace"),
        "report.json": msgspec.json.format(msgspec.json.encode(facts), indent=1) + b"\n",
    }
    for name, content in contents.items():
        write_whole(folder / name, content)
    return [folder / name for name in contents]
