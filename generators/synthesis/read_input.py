"""What a recipe starts from: its `[input]`, and the file's rows as records, in its order.

A row needs no id: without one it is called after its content, so a file that is read again, or in
another order, makes the same records. Records that a run exported can be read as instructions: they
keep their seed, concepts, properties and traces.

A row that is not what the recipe says ends the reading with an error that names its line: a file
that is half wrong is the wrong file. Nothing of the file stays in memory but a digest of every row.
"""

import hashlib
import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeAlias, TypeVar, cast

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from veristone import ConfigError, DatasetError
from veristone.generators.code.completion import last_function
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.sources.streams import BROKEN_STREAM, open_stream
from veristone.generators.synthesis.draws import known_language
from veristone.generators.synthesis.records import Record

__all__ = [
    "AnyInput",
    "Draws",
    "InstructionsInput",
    "Row",
    "Seeds",
    "Tasks",
    "read_input",
    "rows_of",
]

T = TypeVar("T")
_CODE = ("code", "content", "seed")
_INSTRUCTION = ("instruction", "problem", "prompt")
_BATCH_ROWS = 256
_MAX_LINE_BYTES = 64 << 20
"""Longer lines are no records: a bound for what lies in memory."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    gives: ClassVar[tuple[str, ...]] = ()
    """Variables of templates that have a value from the start."""

    language: Annotated[str, AfterValidator(known_language)] = "python"
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


class Row(NamedTuple):
    """One row of a file."""

    where: str
    """For messages: `FILE, line 3`, counted from 1."""
    values: Mapping[str, Any]

    def text(self, columns: tuple[str, ...]) -> str:
        """Return the first of the columns that has text in it."""
        for column in columns:
            value = self.values.get(column)
            if isinstance(value, str) and value.strip():
                return _clean(value)
            if value is not None and not isinstance(value, str):
                raise DatasetError(f"{self.where}: {column!r} is not text")
        known = ", ".join(sorted(self.values)[:20]) or "none"
        wanted = " or ".join(repr(column) for column in columns)
        raise DatasetError(f"{self.where}: no text in {wanted}; its fields are: {known}")

    def word(self, *columns: str) -> str:
        """Return the first of the columns that is text, or empty."""
        values = (self.values.get(column) for column in columns)
        return next((_clean(value) for value in values if value and isinstance(value, str)), "")

    def id(self) -> str:
        """Return what the row calls itself; perhaps empty."""
        for column in ("id", "task_id"):
            value = cast(Any, self.values.get(column))
            if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                return _clean(str(value))
        return ""

    def language(self, default: str) -> str:
        """Return the language that the row names."""
        word = self.word("language", "lang")
        try:
            return known_language(word) if word else default
        except ValueError as error:
            raise DatasetError(f"{self.where}: {error}") from error

    def converted(self, kind: type[T], what: str) -> T:
        """Return the row as one of our types."""
        try:
            return msgspec.convert(self.values, kind)
        except msgspec.ValidationError as error:
            raise DatasetError(f"{self.where}: no {what}: {error}") from error


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
        seed = row.converted(Seed, "seed")
        if not seed.code.strip():
            raise DatasetError(f"{row.where}: 'code' is empty")
        own = seed.id or seed_id(seed.language, seed.code)
        return Record(id=own, seed=seed, language=seed.language)
    code = row.text(_CODE)
    spoken = row.language(language)
    own = row.id() or seed_id(spoken, code)
    return Record(id=own, seed=_plain(own, code, spoken, row), language=spoken)


def _instruction(row: Row, language: str) -> Record:
    """A record of ours, or an instruction in a column. What came after it is left behind."""
    text = row.text(_INSTRUCTION)
    spoken = row.language(language)
    own = row.id() or seed_id("instruction", text)
    if "traces" in row.values or "history" in row.values:
        record = row.converted(Record, "record")
        return msgspec.structs.replace(record, response="", code="", tests="", verdict=None)
    return Record(
        id=own,
        language=spoken,
        instruction=text,
        category=row.word("category"),
        difficulty=row.word("difficulty"),
    )


def _task(row: Row, language: str) -> Record:
    """A function to complete."""
    prompt = row.text(("prompt",))
    entry = row.word("entry_point") or last_function(prompt)
    if not entry:
        raise DatasetError(f"{row.where}: no function in 'prompt', and no 'entry_point'")
    own = row.id() or seed_id(language, prompt)
    seed = msgspec.structs.replace(_plain(own, prompt, language, row), name=entry)
    return Record(id=own, seed=seed, language=language, instruction=prompt, category="function")


_MAKERS: Mapping[str, Callable[[Row, str], Record]] = {
    "seeds": _seed,
    "instructions": _instruction,
    "tasks": _task,
}


def _plain(own: str, code: str, language: str, row: Row) -> Seed:
    place = Path(row.where.partition(", ")[0]).name
    provenance = Provenance(source=place, path=row.word("path"))
    return Seed(id=own, code=code, language=language, shape="snippet", provenance=provenance)


def _clean(text: str) -> str:
    """Lone surrogates, which no file takes, become U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode(errors="replace")


def rows_of(path: Path) -> Iterator[Row]:
    """Yield the rows of a file: JSON lines, plain or compressed, or parquet; blank lines are none.

    Raises:
        DatasetError: the file cannot be read, or a line is no JSON object; the message names it.
        ConfigError: it is a parquet file and pyarrow is not installed.
    """
    if path.suffix == ".parquet":
        yield from _parquet(path)
        return
    number = 0
    try:
        with open_stream(str(path)) as file:
            while line := file.readline(_MAX_LINE_BYTES + 1):
                number += 1
                where = f"{path}, line {number}"
                if len(line) > _MAX_LINE_BYTES:
                    raise DatasetError(f"{where}: longer than {_MAX_LINE_BYTES} bytes")
                if not line.isspace():
                    yield Row(where, _decoded(line, where))
    except DatasetError:
        raise
    except BROKEN_STREAM as error:
        raise DatasetError(f"{path}, after line {number}: {error}") from error


def _decoded(line: bytes, where: str) -> dict[str, Any]:
    line = line.removeprefix(b"\xef\xbb\xbf")
    try:
        # Python's own decoder, which knows what Python's encoder writes: NaN, lone surrogates.
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{where}: no JSON: {error}") from error
    if not isinstance(found, dict):
        raise DatasetError(f"{where}: not a JSON object")
    return cast(dict[str, Any], found)


def _parquet(path: Path) -> Iterator[Row]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError(f"{path}: parquet needs pyarrow; install veristone[generate]") from error
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for values in batch.to_pylist():
                    number += 1
                    yield Row(f"{path}, row {number}", values)
    except (OSError, ValueError) as error:  # pyarrow's own errors are either
        raise DatasetError(f"{path}, after row {number}: {error}") from error
