"""The selected rows against the benchmarks that the recipe names."""

import re
from itertools import islice
from pathlib import Path

from veristone import VeristoneError
from veristone.generators.seeds.contamination.benchmarks import Item, load_items
from veristone.loop.report.facts import Similarity
from veristone.loop.report.measures.similarity import MOST_TEXT, RowText, similarity
from veristone.loop.report.reading.files import as_table, as_tables
from veristone.loop.report.reading.run import Run
from veristone.loop.report.reading.selected import drawn_rows

__all__ = ["nearness"]

_ROWS = 20_000
"""Rows that are compared: about ten seconds' work with the usual benchmarks."""
_ITEMS = 20_000


def nearness(run: Run, selection: Path, rows: int) -> Similarity | None:
    """Return how near the selected rows are to benchmarks; None where none can be read.

    Args:
        run: its recipe names the benchmarks.
        selection: folder of a selection.
        rows: how many it selected.
    """
    found: dict[str, list[Item]] = {}
    unread: list[str] = []
    for name, path in _files(run).items():
        try:
            found[name] = load_items(path, name)[:_ITEMS]
        except (VeristoneError, OSError, ValueError, RecursionError) as error:
            unread.append(name)
            run.trouble.note(path, f"benchmark {name}: {_without_folder(str(error), path)}")
    drawn = islice(drawn_rows(selection, _ROWS, rows, run.trouble), 2 * _ROWS)
    texts = [RowText(row.id, f"{row.instruction}\n\n{row.response}"[:MOST_TEXT]) for row in drawn]
    return similarity(texts, found, rows, unread)


def _files(run: Run) -> dict[str, Path]:
    """Return the benchmarks that nothing may be near to, then what else is evaluated."""
    found: dict[str, Path] = {}
    for name, path in as_table(run.recipe.get("benchmarks")).items():
        if isinstance(path, str) and path:
            found[name] = run.folder / path
    for each in as_tables(run.recipe.get("evaluation")):
        path = each.get("dataset")
        name = str(each.get("name") or each.get("benchmark") or "")
        if name and isinstance(path, str) and path and run.folder / path not in found.values():
            found.setdefault(name, run.folder / path)
    return found


def _without_folder(said: str, path: Path) -> str:
    return re.sub(r"^(?:: )+", "", said.replace(str(path), ""))
