"""Seeds and rejections to read, on a terminal or in a pipe."""

from collections.abc import Iterable, Iterator
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from veristone.generators.seeds.records import Rejection, Seed

__all__ = ["show"]

_LINES = 40


def show(
    folder: Path, *, count: int, step: str | None, reason: str | None, language: str | None
) -> int:
    """Print some seeds of a run, or some rejections where a step or a reason is named.

    Those with the smallest digests are shown: the same ones each time, and a fair sample.
    Returns how many there are to choose from.
    """
    from veristone.generators.seeds.funnel import key

    items = _rejections(folder, step, reason) if step or reason else _seeds(folder)
    total = 0

    def chosen() -> Iterator["Rejection | Seed"]:
        nonlocal total
        for item in items:
            if language is None or _language(item) == language:
                total += 1
                yield item

    for item in nsmallest(count, chosen(), key=key):
        _print(item)
    return total


def _seeds(folder: Path) -> "Iterable[Seed]":
    from veristone.generators.seeds.pipeline.storage import StageFolder, read_seeds

    if (folder / "seeds.jsonl").exists():
        yield from read_seeds(folder / "seeds.jsonl")
        return
    stages = _stages(folder)
    if stages:
        stage = StageFolder(stages[-1])
        for number in stage.done():
            yield from stage.seeds(number)


def _rejections(folder: Path, step: str | None, reason: str | None) -> "Iterable[Rejection]":
    from veristone.generators.seeds.pipeline.storage import StageFolder

    for path in _stages(folder):
        stage = StageFolder(path)
        for number in stage.done():
            for rejection in stage.rejections(number):
                if step in (None, rejection.step) and reason in (None, rejection.reason):
                    yield rejection


def _stages(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("[0-9]*-*") if (path / "stage.json").exists()]
    return sorted(found, key=lambda path: int(path.name.partition("-")[0]))


def _language(item: "Rejection | Seed") -> str:
    from veristone.generators.seeds.records import Rejection

    seed = item.seed if isinstance(item, Rejection) else item
    return seed.language if seed is not None else ""


def _print(item: "Rejection | Seed") -> None:
    from veristone.generators.seeds.records import Rejection
    from veristone.text import line

    where = item.provenance
    place = " ".join(filter(None, (where.repository, where.path)))
    if where.start_line:
        place += f":{where.start_line}"
    print(f"── {line(place)}  {line(', '.join(where.licences))}")
    seed = item
    if isinstance(item, Rejection):
        print(f"   rejected by {item.step}: {item.reason}  {line(item.detail)}")
        seed = item.seed
    if seed is not None and not isinstance(seed, Rejection):
        # A corpus may hold what moves a terminal's cursor or worse.
        rows = seed.text.split("\n")
        for row in rows[:_LINES]:
            print(f"   {line(row)}")
        if len(rows) > _LINES:
            print(f"   … {len(rows) - _LINES} more lines")
    print()
