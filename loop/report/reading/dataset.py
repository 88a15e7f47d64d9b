"""What a dataset step wrote: `veristone.json`."""

from pathlib import Path

import msgspec

from veristone.loop.report.reading.files import Trouble, read_struct

__all__ = ["DatasetRead", "read_dataset"]


class _Manifest(msgspec.Struct, frozen=True, kw_only=True):
    veristone: str = ""
    rows: dict[str, dict[str, int]] = {}


class DatasetRead(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of the dataset's own configuration."""

    train: int
    others: dict[str, int]
    """By split: `validation`."""
    version: str

    @property
    def rows(self) -> int:
        """Of all splits."""
        return self.train + sum(self.others.values())


def read_dataset(folder: Path, trouble: Trouble) -> DatasetRead | None:
    """Return what the manifest says; None where there is none.

    The dataset lies in a folder of its own inside the step's.
    """
    place = folder / "rows" if (folder / "rows").is_dir() else folder
    found = read_struct(place / "veristone.json", _Manifest, trouble)
    if found is None:
        return None
    rows = dict(found.rows.get("default", {}))
    return DatasetRead(train=rows.pop("train", 0), others=rows, version=found.veristone)
