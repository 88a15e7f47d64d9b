"""Files of a run, read so that a damaged one is a note and not the end of the report."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

__all__ = ["Trouble", "as_table", "as_tables", "read_lines", "read_struct", "read_table"]

_MOST_NOTES = 50
_MOST_FILE_BYTES = 1 << 30
_MOST_LINE_BYTES = 64 * 1024 * 1024
_Struct = TypeVar("_Struct")


class Trouble:
    """Collects what could not be read; `notes` says it in words, with paths inside the run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._more = 0
        self._notes: list[str] = []

    def note(self, path: Path, error: Exception | str) -> None:
        """Add a note."""
        where = path.relative_to(self._folder) if path.is_relative_to(self._folder) else path.name
        said = f"{where}: {_plain(error)}"
        if said in self._notes:
            return
        if len(self._notes) < _MOST_NOTES:
            self._notes.append(said)
        else:
            self._more += 1

    @property
    def notes(self) -> list[str]:
        """All notes, the oldest first; of very many the first ones."""
        return self._notes + ([f"and {self._more} other files"] if self._more else [])


def _plain(error: Exception | str) -> str:
    if isinstance(error, OSError):
        # Its text holds the absolute path.
        return error.strerror or type(error).__name__
    return str(error)


def read_struct(path: Path, kind: type[_Struct], trouble: Trouble) -> _Struct | None:
    """Return the content of a JSON file; None where there is none, or none that can be read."""
    try:
        if path.stat().st_size > _MOST_FILE_BYTES:
            trouble.note(path, "is larger than 1 GiB and was not read")
            return None
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        trouble.note(path, error)
        return None


def as_table(value: object) -> dict[str, Any]:
    """Return an object of JSON; an empty one for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_tables(value: object) -> list[dict[str, Any]]:
    """Return the objects in a list of JSON; nothing for anything else."""
    found = cast("list[object]", value) if isinstance(value, list) else []
    return [as_table(cast("object", each)) for each in found if isinstance(each, dict)]


def read_table(path: Path, trouble: Trouble) -> dict[str, Any]:
    """Return the object in a JSON file; an empty one where there is none."""
    value = read_struct(path, object, trouble)
    if value is not None and not isinstance(value, dict):
        trouble.note(path, "holds no object")
        return {}
    return cast("dict[str, Any]", value or {})


def read_lines(path: Path, kind: type[_Struct], trouble: Trouble) -> Iterator[_Struct]:
    """Yield the lines of a JSON Lines file that can be read, one in memory at a time.

    How many could not is noted at the end.
    """
    decode = msgspec.json.Decoder(kind).decode
    bad = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(_MOST_LINE_BYTES):
                if not line.strip():
                    continue
                try:
                    yield decode(line)
                except (ValueError, RecursionError):
                    bad += 1
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        trouble.note(path, error)
    if bad:
        trouble.note(path, f"{bad:,} {'line' if bad == 1 else 'lines'} could not be read")
