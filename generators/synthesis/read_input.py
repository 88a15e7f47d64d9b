"""Input files to records, one at a time, in the order of the file.

A row needs no id: without one it is called after its content, so a file that is read again, or in
another order, makes the same records. Records that a run exported can be read as instructions: they
keep their seed, concepts, properties and traces.

A row that is not what the recipe says ends the reading with an error that names its line: a file
that is half wrong is the wrong file. Nothing of the file stays in memory but a digest of every row.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from veristone import ConfigError, DatasetError
from veristone.generators.code.completion import last_function
from veristone.generators.seeds.languages import LANGUAGES, language_named
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.synthesis.inputs import AnyInput, Draws
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.rows import Row, rows_of

__all__ = ["read_input"]

_CODE = ("code", "content", "seed")
_INSTRUCTION = ("instruction", "problem", "prompt")


def read_input(settings: AnyInput, path: Path | None = None) -> Iterator[Record]:
    """Yield the records that a recipe begins with; rows equal to an earlier one are passed over.

    Raises:
        ConfigError: the recipe needs a file and there is none, or it takes none and there is one.
        DatasetError: a row is not what it should be, or two different rows have one id; the message
            names the line, counted from 1.
    """
    if isinstance(settings, Draws):
        if path is not None:
            raise ConfigError(f"{path}: this recipe draws its records and reads no file")
        for number in range(settings.count):
            yield Record(id=f"draw-{number:08d}", language=settings.language)
        return
    if path is None:
        raise ConfigError(f"this recipe begins with {settings.kind}: name the file that has them")
    make = _MAKERS[settings.kind]
    seen: dict[bytes, bytes] = {}
    for row in rows_of(path):
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
    if "provenance" in row.values and "code" in row.values:
        try:
            seed = msgspec.convert(row.values, Seed)
        except msgspec.ValidationError as error:
            raise DatasetError(f"{row.where}: no seed: {error}") from error
        if not seed.code.strip():
            raise DatasetError(f"{row.where}: 'code' is empty")
        return Record(
            id=seed.id or seed_id(seed.language, seed.code), seed=seed, language=seed.language
        )
    code = _text(row, _CODE)
    spoken = _language(row, language)
    own = _id(row) or seed_id(spoken, code)
    return Record(id=own, seed=_plain(own, code, spoken, row), language=spoken)


def _instruction(row: Row, language: str) -> Record:
    """A record of ours, or an instruction in a column. What came after it is left behind."""
    text = _text(row, _INSTRUCTION)
    spoken = _language(row, language)
    own = _id(row) or seed_id("instruction", text)
    if "traces" in row.values or "history" in row.values:
        try:
            record = msgspec.convert(row.values, Record)
        except msgspec.ValidationError as error:
            raise DatasetError(f"{row.where}: no record: {error}") from error
        return msgspec.structs.replace(record, response="", code="", tests="", verdict=None)
    return Record(
        id=own,
        language=spoken,
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
    place = Path(row.where.partition(", ")[0]).name
    return Seed(
        id=own,
        code=code,
        language=language,
        shape="snippet",
        provenance=Provenance(source=place, path=_word(row, "path")),
    )


def _text(row: Row, columns: tuple[str, ...]) -> str:
    """The first of the columns that has text in it."""
    for column in columns:
        value = row.values.get(column)
        if isinstance(value, str) and value.strip():
            return _clean(value)
        if value is not None and not isinstance(value, str):
            raise DatasetError(f"{row.where}: {column!r} is not text")
    known = ", ".join(sorted(row.values)[:20]) or "none"
    wanted = " or ".join(repr(column) for column in columns)
    raise DatasetError(f"{row.where}: no text in {wanted}; its fields are: {known}")


def _word(row: Row, column: str) -> str:
    value = row.values.get(column)
    return _clean(value) if isinstance(value, str) else ""


def _id(row: Row) -> str:
    for column in ("id", "task_id"):
        value = cast(Any, row.values.get(column))
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return _clean(str(value))
    return ""


def _language(row: Row, default: str) -> str:
    word = _word(row, "language") or _word(row, "lang")
    if not word:
        return default
    name = language_named(word)
    if name is None:
        raise DatasetError(f"{row.where}: no language {word!r}; there are {', '.join(LANGUAGES)}")
    return name


def _clean(text: str) -> str:
    """Lone surrogates, which no file takes, become U+FFFD."""
    return (
        text if text.isascii() else text.encode("utf-8", "surrogatepass").decode(errors="replace")
    )
