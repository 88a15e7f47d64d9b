"""Train and validation: by the hash of a row's cluster, so that near-duplicates are never parted.

Products of an instruction stand in the split of its rows. A row's split depends on its cluster's
first instruction and the share alone.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from veristone import DatasetError
from veristone.generators.dataset.clusters import cluster
from veristone.generators.selection.draws import draw

__all__ = ["SPLITS", "Splits", "plan_splits"]

SPLITS = ("train", "validation")


class _Text(msgspec.Struct):
    instruction: str = ""


class _Line(msgspec.Struct):
    """What of a selected row decides about its split."""

    group: str
    record: _Text


_decode = msgspec.json.Decoder(_Line).decode


class Splits:
    """Where each row goes.

    Args:
        clusters: for each row, in order, the id of its cluster.
        groups: for each row the id of its instruction.
        validation: share of clusters that are for validation, 0 to 1.
    """

    def __init__(self, clusters: list[str], groups: list[str], validation: float) -> None:
        self.clusters = clusters
        chosen = {name for name in set(clusters) if draw(0, "validation", name) < validation}
        self._held_out = {
            group for group, name in zip(groups, clusters, strict=True) if name in chosen
        }

    def of(self, group: str) -> str:
        """Return the split of an instruction."""
        return "validation" if group in self._held_out else "train"


def plan_splits(selected: Path, validation: float) -> Splits:
    """Read the rows once and return where each goes.

    Raises:
        DatasetError: a line is no selected row.
    """
    groups: list[str] = []

    def texts() -> Iterator[str]:
        with open(selected, "rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    row = _decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                    raise DatasetError(f"{selected}:{number}: {error}") from error
                groups.append(row.group)
                yield row.record.instruction

    roots = cluster(texts())
    # Rows of one instruction belong together whatever their text: also where it has no words.
    first: dict[str, int] = {}
    names = [groups[first.setdefault(groups[root], root)] for root in roots]
    return Splits(names, groups, validation)
