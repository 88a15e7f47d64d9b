"""Writes a selection's folder as a dataset.

    OUT/
      README.md                               the card
      veristone.json                          what was written, for programs
      data/train-00000-of-00001.parquet       the rows; also validation-...
      messages/messages-train-...parquet      the same as conversations
      preferences/preferences-train-...       what failures are good for, and kto, repairs

The folder appears whole: it is made beside its place and moved there at the end. A dataset of ours
that stands there is replaced; anything else is left alone.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from veristone import ConfigError, DatasetError, __version__
from veristone.files import write_whole
from veristone.generators.code.draws import draw
from veristone.generators.dataset.card import CardFacts, render_card
from veristone.generators.dataset.clusters import cluster
from veristone.generators.dataset.rows import (
    CONFIGS,
    Render,
    arrow,
    default_row,
    messages_row,
    place,
    product_row,
)
from veristone.generators.selection.funnel import Funnel
from veristone.generators.selection.rows import Preference, Repair, Selected, Unpaired

__all__ = ["Manifest", "RowWriter", "write_dataset"]

SPLITS = ("train", "validation")
_MANIFEST = "veristone.json"
_PRODUCTS: dict[str, Any] = {"preferences": Preference, "kto": Unpaired, "repairs": Repair}
_GROUP_ROWS = 1000
"""Rows of a row group: so many are in memory, here and in whoever reads them."""
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class Manifest(msgspec.Struct, kw_only=True):
    """Contents of `veristone.json`."""

    veristone: str
    recipe: str
    """Name of the selection's."""
    digest: str
    """Of the selection."""
    template: str
    rows: dict[str, dict[str, int]]
    """By configuration and split."""
    files: dict[str, str]
    """SHA-256 of every parquet file, by its path."""


def write_dataset(
    selection: Path,
    out: Path,
    render: Render,
    *,
    template_name: str = "",
    validation: float = 0.02,
) -> Manifest:
    """Write the dataset of a finished selection.

    Args:
        selection: folder of `veristone select`.
        out: where it is to be.
        render: writes an instruction down as a prompt.
        template_name: for the card.
        validation: share of clusters for validation, 0 up to, not including, 1.

    Raises:
        ConfigError: `out` is something else, or a setting makes no sense.
        DatasetError: the selection is not finished, is empty, or cannot be read.
    """
    if not 0 <= validation < 1:
        raise ConfigError("validation: a share from 0 up to, not including, 1")
    funnel = _funnel(selection)
    _check_place(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.absolute().parent / f".{out.absolute().name}.{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        writers = _write_rows(selection, draft, render, validation)
        facts = CardFacts(
            name=out.name,
            funnel=funnel,
            rows=_counts(writers),
            template=render("{instruction}"),
            template_name=template_name,
        )
        manifest = _describe(draft, writers, facts)
        _move(draft, out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def _check_place(out: Path) -> None:
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists() and not (out / _MANIFEST).is_file():
        raise ConfigError(f"{out}: is there already and is no dataset of ours: give another place")


def _funnel(selection: Path) -> Funnel:
    path = selection / "funnel.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Funnel)
    except (FileNotFoundError, NotADirectoryError):
        raise DatasetError(
            f"{selection}: no finished selection in it; make one with `veristone select`"
        ) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise DatasetError(f"{path}: {error}") from error


class RowWriter:
    """Writes rows into a parquet file, which is made with the first."""

    def __init__(self, path: Path, columns: dict[str, str]) -> None:
        self.path = path
        self.count = 0
        self._schema = arrow(columns)
        self._rows: list[Mapping[str, Any]] = []
        self._writer: Any = None

    def add(self, row: Mapping[str, Any]) -> None:
        """Write a row."""
        self._rows.append(row)
        self.count += 1
        if len(self._rows) == _GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        pyarrow: Any = import_module("pyarrow")  # it has no types
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            parquet: Any = import_module("pyarrow.parquet")
            self._writer = parquet.ParquetWriter(self.path, self._schema, compression="zstd")
        self._writer.write_table(pyarrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows = []

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Write what is left, unless there was an error."""
        if self._rows and kind is None:
            self._flush()
        if self._writer is not None:
            self._writer.close()


_Writers = dict[tuple[str, str], RowWriter]
"""By configuration and split."""


def _write_rows(selection: Path, draft: Path, render: Render, validation: float) -> _Writers:
    clusters = _clusters(selection / "selected.jsonl")
    if not clusters:
        raise DatasetError(f"{selection}: nothing was selected, so there is nothing to write")
    # By the hash of a cluster, so that near-duplicates are never parted; what was made of an
    # instruction stands in the split of its rows.
    chosen = {one for one in set(clusters) if draw(0, "validation", one) < validation}
    split_of: dict[str, str] = {}
    writers: _Writers = {}
    with ExitStack() as stack:
        for config, columns in CONFIGS.items():
            for split in SPLITS:
                path = draft / f"{place(config, split)}-00000-of-00001.parquet"
                writers[config, split] = stack.enter_context(RowWriter(path, columns))
        rows = _lines(selection / "selected.jsonl", Selected)
        for row, root in zip(rows, clusters, strict=True):
            split = split_of[row.group] = SPLITS[root in chosen]
            writers["default", split].add(default_row(row, render, root))
            writers["messages", split].add(messages_row(row))
        for product, kind in _PRODUCTS.items():
            for one in _lines(selection / f"{product}.jsonl", kind):
                split = split_of.get(one.group, "train")
                writers[product, split].add(product_row(one, render))
    return {key: writer for key, writer in writers.items() if writer.count}


def _clusters(selected: Path) -> list[str]:
    """Return for each row the id of its cluster: of the first instruction in it."""
    groups: list[str] = []

    def texts() -> Iterator[str]:
        for row in _lines(selected, Selected):
            groups.append(row.group)
            yield row.record.instruction

    roots = cluster(texts())
    # Rows of one instruction belong together whatever their text: also where it has no words.
    first: dict[str, int] = {}
    return [groups[first.setdefault(groups[root], root)] for root in roots]


def _counts(writers: _Writers) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {}
    for (config, split), writer in writers.items():
        rows.setdefault(config, {})[split] = writer.count
    return rows


def _describe(draft: Path, writers: _Writers, facts: CardFacts) -> Manifest:
    """Write the card and the manifest."""
    files: dict[str, str] = {}
    for writer in writers.values():
        with open(writer.path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        files[writer.path.relative_to(draft).as_posix()] = digest
    write_whole(draft / "README.md", render_card(facts).encode(errors="replace"))
    manifest = Manifest(
        veristone=__version__,
        recipe=facts.funnel.recipe,
        digest=facts.funnel.digest,
        template=facts.template,
        rows=_counts(writers),
        files=files,
    )
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    write_whole(draft / _MANIFEST, text + b"\n")
    return manifest


def _lines(path: Path, kind: type[_Struct]) -> Iterator[_Struct]:
    decode = msgspec.json.Decoder(kind).decode
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                    raise DatasetError(f"{path}:{number}: {error}") from error
    except FileNotFoundError:
        raise DatasetError(f"{path}: is missing: select again") from None


def _move(draft: Path, out: Path) -> None:
    """Put the draft in its place; what stands there goes last."""
    old = draft.with_name(f"{draft.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    draft.rename(out)
    shutil.rmtree(old, ignore_errors=True)
