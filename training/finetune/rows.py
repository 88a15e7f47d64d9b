"""Reads training samples from Parquet and JSONL, whatever of the usual forms they have.

    instruction + response      the StarCoder2 fields
    prompt + completion         TRL's; text, or two lists of messages
    messages                    a conversation whose last turn is learnt

The first form that a row has counts, in this order. What is malformed raises; nothing is guessed.
The same bytes give the same samples in the same order.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from veristone import DatasetError
from veristone.files import read_table
from veristone.training.finetune.template import Turn

__all__ = ["DataFile", "RawSample", "describe", "find_files", "read_samples"]

_SUFFIXES = (".parquet", ".jsonl", ".jsonl.gz")
_ROLES = {"user": "user", "assistant": "assistant", "system": "system"}
_COLUMNS = ("instruction", "response", "prompt", "completion", "messages")


@dataclass(frozen=True, slots=True)
class RawSample:
    """One sample before the template: a conversation and the answer to learn."""

    turns: tuple[Turn, ...]
    """Up to and with the user's last turn."""
    completion: str
    where: str
    """File and row, for messages."""
    literal: bool = False
    """A `prompt` that was text: it may be written in the template already."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that was read, for the record: its name, bytes and SHA-256."""

    name: str
    size: int
    sha256: str


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files to read: those named, and those in the folders named, by name.

    In a folder, hidden files are left out, and where there are files of a split called `train`
    (`train-00000-of-00002.parquet`, as `datasets` writes them), the other splits are left out too.

    Raises:
        DatasetError: a path is not there, is of another kind, or a folder holds no data.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if _is_data(each.relative_to(path)))
            inside = [each for each in inside if each.is_file()]
            train = [each for each in inside if each.name.startswith(("train-", "train."))]
            if not inside:
                raise DatasetError(f"{path}: no {', '.join(_SUFFIXES)} files in this folder")
            found += train or inside
        elif not path.exists():
            raise DatasetError(f"{path}: no such file")
        elif not path.name.endswith(_SUFFIXES):
            raise DatasetError(f"{path}: not one of {', '.join(_SUFFIXES)}")
        else:
            found.append(path)
    if not found:
        raise DatasetError("no data: give --data PATH, a file or a folder")
    twice = {path for path in found if found.count(path) > 1}
    if twice:
        raise DatasetError(f"{min(twice)}: named twice")
    return found


def describe(path: Path) -> DataFile:
    """Return a file's name, size and SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return DataFile(path.name, path.stat().st_size, digest)


def read_samples(path: Path) -> Iterator[RawSample]:
    """Yield the samples of one file.

    Raises:
        DatasetError: it cannot be read, or a row has none of the forms; names the file and the row.
    """
    for row in read_table(path, _COLUMNS):
        try:
            yield _sample(row.fields, row.where)
        except ValueError as error:
            raise DatasetError(f"{row.where}: {error}") from None


def _is_data(path: Path) -> bool:
    return path.name.endswith(_SUFFIXES) and not any(part.startswith(".") for part in path.parts)


def _sample(row: Mapping[str, Any], where: str) -> RawSample:
    """Return the row's sample; ValueError says what is wrong with it."""
    # A column that is not this row's is null in Parquet.
    has = {key for key, value in row.items() if value is not None}
    if {"instruction", "response"} <= has:
        turns = (Turn("user", _text(row, "instruction")),)
        return RawSample(turns, _text(row, "response"), where)
    if {"prompt", "completion"} <= has:
        if isinstance(row["prompt"], list):
            messages = [*row["prompt"], *_list(row, "completion")]
            return _conversation(messages, where)
        turns = (Turn("user", _text(row, "prompt")),)
        return RawSample(turns, _text(row, "completion"), where, literal=True)
    if "messages" in has:
        return _conversation(_list(row, "messages"), where)
    raise ValueError("has neither instruction and response, prompt and completion, nor messages")


def _conversation(messages: list[Any], where: str) -> RawSample:
    turns: list[Turn] = []
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict):
            raise ValueError(f"message {number} is no object")
        fields = cast("dict[str, Any]", message)
        role = _ROLES.get(str(fields.get("role")))
        if role is None:
            raise ValueError(f"message {number}: role {fields.get('role')!r} is unknown")
        turns.append(Turn(role, _text(fields, "content")))  # pyright: ignore[reportArgumentType]
    if not turns or turns[-1].role != "assistant":
        raise ValueError("the last message must be the assistant's")
    return RawSample(tuple(turns[:-1]), turns[-1].content, where)


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{key} holds half a surrogate pair, which no tokenizer takes") from None
    return value


def _list(row: Mapping[str, Any], key: str) -> list[Any]:
    value = row.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} is no list of messages")
    return cast("list[Any]", value)
