"""Writes the report of a run: `report.html`, `report.md`, `report.json`."""

from pathlib import Path

import msgspec

from veristone import ConfigError
from veristone.files import whole_file
from veristone.loop.report.gathering.whole import gather
from veristone.loop.report.page import render_page
from veristone.loop.report.text import render_text

__all__ = ["write_report"]


def write_report(folder: Path) -> list[Path]:
    """Write the report of a run of `veristone align`, in whatever state the run is.

    Args:
        folder: of the run. What is not there, or cannot be read, is left out and named.

    Returns:
        The files: a page, the same as Markdown, and everything in both as data. Each appears whole
        or not at all. Equal folders give equal files.

    Raises:
        ConfigError: there is no such folder.
        OSError: the files cannot be written.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no folder of a run")
    facts = gather(folder)
    data = msgspec.json.format(msgspec.json.encode(facts), indent=1)
    contents = {
        "report.html": render_page(facts).encode(errors="replace"),
        "report.md": render_text(facts).encode(errors="replace"),
        "report.json": data + b"\n",
    }
    paths: list[Path] = []
    for name, content in contents.items():
        with whole_file(folder / name) as file:
            file.write(content)
        paths.append(folder / name)
    return paths
