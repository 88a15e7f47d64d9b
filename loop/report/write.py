"""Writes the report of a run: `report.html`, `report.json`."""

from pathlib import Path

from veristone import ConfigError
from veristone.generators.pages import write
from veristone.loop.report.gather import gather
from veristone.loop.report.measures import need_libraries
from veristone.loop.report.sections import report

__all__ = ["write_report"]


def write_report(folder: Path) -> list[Path]:
    """Write the report of a run of `veristone align`, in whatever state the run is.

    Args:
        folder: of the run. What is not there, or cannot be read, is left out and named.

    Returns:
        The files: a page, and everything in it as data. Each appears whole or not at all. Equal
        folders give equal files.

    Raises:
        ConfigError: there is no such folder, or a package of the extra `report` is missing.
        OSError: the files cannot be written.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no folder of a run")
    need_libraries()
    facts = gather(folder)
    return write.write_report(folder, report(facts), facts, "report.json")
