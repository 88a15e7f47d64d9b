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
from veristone.files import write_whole
from veristone.generators.dataset.card import CardFacts, render_card
from veristone.generators.dataset.clusters import cluster
from veristone.generators.dataset.rows import (
    CONFIGS,
    Render,
    default_row,
    messages_row,
    product_row,
)
from veristone.generators.dataset.shards import ShardWriter
from veristone.generators.selection.draws import draw
from veristone.generators.selection.funnel import Funnel
from veristone.generators.selection.rows import Preference, Repair, Selected, Unpaired

__all__ = ["Manifest", "write_dataset"]

SPLITS = ("train", "validation")
_MANIFEST = "veristone.json"
_PRODUCTS: dict[str, Any] = {"preferences": Preference, "kto": Unpaired, "repairs": Repair}
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


class _Text(msgspec.Struct):
    instruction: str = ""


class _Line(msgspec.Struct):
    """What of a selected row decides about its split."""

    group: str
    record: _Text


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
        clusters = _clusters(selection / "selected.jsonl")
        if not clusters:
            raise DatasetError(f"{selection}: nothing was selected, so there is nothing to write")
        manifest = _write(
            selection, draft, render, clusters, validation, funnel, template_name, out.name
        )
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
    clusters: list[str],
    validation: float,
    funnel: Funnel,
    template_name: str,
    name: str,
) -> Manifest:
    # By the hash of a cluster, so that near-duplicates are never parted; what was made of an
    # instruction stands in the split of its rows.
    chosen = {one for one in set(clusters) if draw(0, "validation", one) < validation}
    split_of: dict[str, str] = {}
    writers: dict[tuple[str, str], ShardWriter] = {}
    with ExitStack() as stack:
        for config, columns in CONFIGS.items():
            folder = draft / ("data" if config == "default" else config)
            for split in SPLITS:
                stem = split if config == "default" else f"{config}-{split}"
                writer = ShardWriter(folder, stem, columns)
                writers[config, split] = stack.enter_context(writer)
        rows = _lines(selection / "selected.jsonl", Selected)
        for row, root in zip(rows, clusters, strict=True):
            split = split_of[row.group] = SPLITS[root in chosen]
            writers["default", split].add(default_row(row, render, root))
            writers["messages", split].add(messages_row(row))
        for product, kind in _PRODUCTS.items():
            for one in _lines(selection / f"{product}.jsonl", kind):
                split = split_of.get(one.group, "train")
                writers[product, split].add(product_row(one, render))
    return _describe(draft, writers, render, funnel, template_name, name)


def _clusters(selected: Path) -> list[str]:
    """Return for each row the id of its cluster: of the first instruction in it."""
    groups: list[str] = []

    def texts() -> Iterator[str]:
        for line in _lines(selected, _Line):
            groups.append(line.group)
            yield line.record.instruction

    roots = cluster(texts())
    # Rows of one instruction belong together whatever their text: also where it has no words.
    first: dict[str, int] = {}
    return [groups[first.setdefault(groups[root], root)] for root in roots]


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
    write_whole(draft / "README.md", render_card(facts).encode(errors="replace"))
    manifest = Manifest(
        veristone=__version__,
        recipe=funnel.recipe,
        digest=funnel.digest,
        template=facts.template,
        rows=rows,
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
