"""What a recipe starts from: its `[input]`, and the file's rows as records, in its order.

A row needs no id: without one it is called after its content, so a file that is read again, or in
another order, makes the same records. Records that a run exported can be read as instructions: they
keep their seed, concepts, properties and traces.

A row that is not what the recipe says ends the reading with an error that names its line: a file
that is half wrong is the wrong file. Nothing of the file stays in memory but a digest of every row.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal, TypeAlias, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from veristone import ConfigError, DatasetError
from veristone.files import Row, read_table
from veristone.generators.code.completion import last_function
from veristone.generators.seeds.languages import KnownLanguage, known_language
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.synthesis.records import Record

__all__ = ["AnyInput", "Draws", "InstructionsInput", "Seeds", "Tasks", "read_input"]

T = TypeVar("T")
_CODE = ("code", "content", "seed")
_INSTRUCTION = ("instruction", "problem", "prompt")


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    gives: ClassVar[tuple[str, ...]] = ()
    """Variables of templates that have a value from the start."""

    language: KnownLanguage = "python"
    """Of records whose input does not say theirs."""


class Seeds(_Input):
    """What `veristone seeds` wrote, or any JSON lines or parquet file with code in a column
    `content`, `code` or `seed`."""

    gives: ClassVar[tuple[str, ...]] = ("seed_code",)

    kind: Literal["seeds"] = "seeds"


class InstructionsInput(_Input):
    """JSON lines or parquet with a column `instruction`, `problem` or `prompt`."""

    gives: ClassVar[tuple[str, ...]] = ("instruction",)

    kind: Literal["instructions"] = "instructions"


class Draws(_Input):
    """No file: so many empty records."""

    kind: Literal["draws"] = "draws"
    count: int = Field(ge=1)


class Tasks(_Input):
    """JSON lines of functions to complete: `id` (or `task_id`), `prompt` and `entry_point`, which
    is the last function of the prompt where it is not given."""

    gives: ClassVar[tuple[str, ...]] = ("seed_code", "instruction")

    kind: Literal["tasks"] = "tasks"


AnyInput: TypeAlias = Annotated[
    Seeds | InstructionsInput | Draws | Tasks, Field(discriminator="kind")
]


def read_input(settings: AnyInput, path: Path | None = None) -> Iterator[Record]:
    """Yield the records that a recipe begins with; rows equal to an earlier one are passed over.

    Raises:
        ConfigError: the recipe needs a file and there is none, or it takes none and there is one.
        DatasetError: a row is not what it should be, or two different rows have one id; the message
            names the line, counted from 1.
    """
    if isinstance(settings, Draws):
        if path is not None:
            raise ConfigError("this recipe starts from nothing: leave --input out")
        for number in range(settings.count):
            yield Record(id=f"draw-{number:08d}", language=settings.language)
        return
    if path is None:
        raise ConfigError(f"this recipe starts from {settings.kind}: give the file with --input")
    make = _MAKERS[settings.kind]
    seen: dict[bytes, bytes] = {}
    for row in read_table(path):
        record = make(row, settings.language)
        content = _digest(msgspec.json.encode(record))
        before = seen.setdefault(_digest(record.id.encode()), content)
        if before is content:
            yield record
        elif before != content:
            raise DatasetError(f"{row.where}: an earlier row has the id {record.id!r}, too")


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:12]


def _seed(row: Row, language: str) -> Record:
    """A seed of ours, or code in a column."""
    if "provenance" in row.fields and "code" in row.fields:
        seed = _converted(row, Seed)
        if not seed.code.strip():
            raise DatasetError(f"{row.where}: 'code' is empty")
        own = seed.id or seed_id(seed.language, seed.code)
        return Record(id=own, seed=seed, language=seed.language)
    code = _text(row, _CODE)
    language = _language(row, language)
    own = _id(row) or seed_id(language, code)
    return Record(id=own, seed=_plain(own, code, language, row), language=language)


def _instruction(row: Row, language: str) -> Record:
    """A record of ours, or an instruction in a column. What came after it is left behind."""
    text = _text(row, _INSTRUCTION)
    if "traces" in row.fields or "history" in row.fields:
        record = _converted(row, Record)
        return msgspec.structs.replace(record, response="", code="", tests="", verdict=None)
    return Record(
        id=_id(row) or seed_id("instruction", text),
        language=_language(row, language),
        instruction=text,
        category=_word(row, "category"),
        difficulty=_word(row, "difficulty"),
    )


def _task(row: Row, language: str) -> Record:
    """A function to complete."""
    prompt = _text(row, ("prompt",))
    entry = _word(row, "entry_point") or last_function(prompt)
    if not entry:
        raise DatasetError(f"{row.where}: no function in 'prompt', and no 'entry_point'")
    own = _id(row) or seed_id(language, prompt)
    seed = msgspec.structs.replace(_plain(own, prompt, language, row), name=entry)
    return Record(id=own, seed=seed, language=language, instruction=prompt, category="function")


_MAKERS: Mapping[str, Callable[[Row, str], Record]] = {
    "seeds": _seed,
    "instructions": _instruction,
    "tasks": _task,
}


def _plain(own: str, code: str, language: str, row: Row) -> Seed:
    file = Path(row.where.rpartition(":")[0]).name
    provenance = Provenance(source=file, path=_word(row, "path"))
    return Seed(id=own, code=code, language=language, shape="snippet", provenance=provenance)


def _text(row: Row, columns: tuple[str, ...]) -> str:
    """Return the first of the columns that has text in it."""
    for column in columns:
        value = row.fields.get(column)
        if isinstance(value, str) and value.strip():
            return _clean(value)
        if value is not None and not isinstance(value, str):
            raise DatasetError(f"{row.where}: {column!r} is not text")
    known = ", ".join(sorted(row.fields)[:20]) or "none"
    wanted = " or ".join(repr(column) for column in columns)
    raise DatasetError(f"{row.where}: no text in {wanted}; its fields are: {known}")


def _word(row: Row, *columns: str) -> str:
    """Return the first of the columns that is text, or a number; perhaps empty."""
    values = (row.fields.get(column) for column in columns)
    words = (str(value) for value in values if isinstance(value, str | int))
    return next((_clean(word) for word in words if word), "")


def _id(row: Row) -> str:
    """Return what the row calls itself; perhaps empty."""
    return _word(row, "id", "task_id")


def _language(row: Row, default: str) -> str:
    """Return the language that the row names."""
    word = _word(row, "language", "lang")
    try:
        return known_language(word) if word else default
    except ValueError as error:
        raise DatasetError(f"{row.where}: {error}") from error


def _converted(row: Row, kind: type[T]) -> T:
    """Return the row as one of our types."""
    try:
        return msgspec.convert(row.fields, kind)
    except msgspec.ValidationError as error:
        raise DatasetError(f"{row.where}: no {kind.__name__.lower()}: {error}") from error


def _clean(text: str) -> str:
    """Lone surrogates, which no file takes, become U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode(errors="replace")
