"""Reads training samples from Parquet and JSONL, whatever of the usual forms they have.

    instruction + response      the StarCoder2 fields
    prompt + completion         TRL's; each text or a list of messages
    messages                    a conversation whose last turn is learnt

The first form that a row has counts, in this order. What is malformed raises; nothing is guessed.
The same bytes give the same samples in the same order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from veristone import DatasetError
from veristone.files import Row, read_table
from veristone.training.finetune.template import Turn

__all__ = ["RawSample", "find_files", "read_samples"]

_SUFFIXES = (".parquet", ".jsonl", ".jsonl.gz")


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


class _Response(msgspec.Struct):
    instruction: str
    response: str


class _Completion(msgspec.Struct):
    prompt: str | list[Turn]
    completion: str | list[Turn]


class _Conversation(msgspec.Struct):
    messages: list[Turn]


_FORMS = (_Response, _Completion, _Conversation)
_COLUMNS = [name for form in _FORMS for name in form.__struct_fields__]


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


def read_samples(path: Path) -> Iterator[RawSample]:
    """Yield the samples of one file.

    Raises:
        DatasetError: it cannot be read, or a row has none of the forms; names the file and the row.
    """
    for row in read_table(path, _COLUMNS):
        try:
            yield _sample(row)
        except ValueError as error:
            raise DatasetError(f"{row.where}: {error}") from None


def _is_data(path: Path) -> bool:
    return path.name.endswith(_SUFFIXES) and not any(part.startswith(".") for part in path.parts)


def _sample(row: Row) -> RawSample:
    """Return the row's sample; ValueError says what is wrong with it."""
    # A column that is not this row's is null in Parquet.
    fields = {name: value for name, value in row.fields.items() if value is not None}
    form = next((each for each in _FORMS if fields.keys() >= set(each.__struct_fields__)), None)
    if form is None:
        raise ValueError(f"has neither {', nor '.join(map(_names, _FORMS))}")
    match msgspec.convert(fields, form):
        case _Response(instruction, response):
            turns = [Turn("user", instruction), Turn("assistant", response)]
        case _Completion(prompt, completion):
            turns = [*_turns("user", prompt), *_turns("assistant", completion)]
        case _Conversation(turns):
            pass
    if not turns or turns[-1].role != "assistant":
        raise ValueError("the last message must be the assistant's")
    for turn in turns:
        _check_text(turn.content)
    literal = isinstance(fields.get("prompt"), str) and form is _Completion
    return RawSample(tuple(turns[:-1]), turns[-1].content, row.where, literal)


def _names(form: type[msgspec.Struct]) -> str:
    return " and ".join(form.__struct_fields__)


def _turns(role: Literal["user", "assistant"], said: str | list[Turn]) -> list[Turn]:
    return [Turn(role, said)] if isinstance(said, str) else said


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("half a surrogate pair, which no tokenizer takes") from None
