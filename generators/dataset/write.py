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
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from veristone import ConfigError, DatasetError, __version__
from veristone.generators.dataset.card import CardFacts, render_card
from veristone.generators.dataset.rows import (
    Render,
    default_row,
    kto_row,
    messages_row,
    preference_row,
    repair_row,
)
from veristone.generators.dataset.schema import CONFIGS
from veristone.generators.dataset.shards import ShardWriter
from veristone.generators.dataset.splits import SPLITS, Splits, plan_splits
from veristone.generators.selection.funnel import Funnel
from veristone.generators.selection.rows import Preference, Repair, Selected, Unpaired

__all__ = ["Manifest", "write_dataset"]

_MANIFEST = "veristone.json"
_PRODUCTS: dict[str, Any] = {
    "preferences": (Preference, preference_row),
    "kto": (Unpaired, kto_row),
    "repairs": (Repair, repair_row),
}
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
        splits = plan_splits(selection / "selected.jsonl", validation)
        if not splits.clusters:
            raise DatasetError(f"{selection}: nothing was selected, so there is nothing to write")
        manifest = _write(selection, draft, render, splits, funnel, template_name, out.name)
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
    except FileNotFoundError:
        raise DatasetError(
            f"{selection}: no finished selection in it; make one with `veristone select`"
        ) from None
    except (OSError, msgspec.MsgspecError) as error:
        raise DatasetError(f"{path}: {error}") from error


def _write(
    selection: Path,
    draft: Path,
    render: Render,
    splits: Splits,
    funnel: Funnel,
    template_name: str,
    name: str,
) -> Manifest:
    writers: dict[tuple[str, str], ShardWriter] = {}
    with ExitStack() as stack:
        for config, columns in CONFIGS.items():
            folder = draft / ("data" if config == "default" else config)
            for split in SPLITS:
                stem = split if config == "default" else f"{config}-{split}"
                writer = ShardWriter(folder, stem, columns)
                writers[config, split] = stack.enter_context(writer)
        rows = _lines(selection / "selected.jsonl", Selected)
        for row, cluster in zip(rows, splits.clusters, strict=True):
            split = splits.of(row.group)
            writers["default", split].add(default_row(row, render, cluster))
            writers["messages", split].add(messages_row(row))
        for product, (kind, make) in _PRODUCTS.items():
            for one in _lines(selection / f"{product}.jsonl", kind):
                writers[product, splits.of(one.group)].add(make(one, render))
    return _describe(draft, writers, render, funnel, template_name, name)


def _describe(
    draft: Path,
    writers: dict[tuple[str, str], ShardWriter],
    render: Render,
    funnel: Funnel,
    template_name: str,
    name: str,
) -> Manifest:
    rows: dict[str, dict[str, int]] = {}
    patterns: dict[str, dict[str, str]] = {}
    files: dict[str, str] = {}
    for (config, split), writer in writers.items():
        if not writer.count:
            continue
        rows.setdefault(config, {})[split] = writer.count
        folder = writer.files[0].parent.name
        stem = split if config == "default" else f"{config}-{split}"
        patterns.setdefault(config, {})[split] = f"{folder}/{stem}-*.parquet"
        for path in writer.files:
            with open(path, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            files[path.relative_to(draft).as_posix()] = digest
    facts = CardFacts(
        name=name,
        funnel=funnel,
        rows=rows,
        patterns=patterns,
        template=render("{instruction}"),
        template_name=template_name,
        columns={config: list(columns) for config, columns in CONFIGS.items()},
    )
    (draft / "README.md").write_text(render_card(facts), encoding="utf-8", errors="replace")
    manifest = Manifest(
        veristone=__version__,
        recipe=funnel.recipe,
        digest=funnel.digest,
        template=facts.template,
        rows=rows,
        files=files,
    )
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (draft / _MANIFEST).write_bytes(text + b"\n")
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
