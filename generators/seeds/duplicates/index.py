"""What is remembered of the kept seeds, on disk, and how to go back.

    FOLDER/
      state.json    what is valid of the rest, after each of the last parts; written last
      sets.u32      members of the rows' sets, appended
      ids.utf8      ids of the rows' seeds, appended
      ends.u64      for each row where its set and its id end, appended
      FIRST-LAST    segments: band entries of a range of rows (see `segments`)

A row is a kept seed, numbered from 0 in the order in which they were kept. The three logs only
grow; segments never change. So every earlier state is a handful of numbers and the names of its
segments, and going back is writing `state.json` anew. The states after each of the last
`_REMEMBERED` parts are kept, with every segment that one of them names; a merge takes nothing away
before the states that knew the parts of it are gone.

Killed between any two operations, the folder is still in the state that `state.json` describes:
nothing that it refers to is ever changed. Nothing here guards against two processes that work in
the same folder at once.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from veristone import ConfigError
from veristone.generators.seeds.duplicates.files import append, publish, remove
from veristone.generators.seeds.duplicates.ragged import Hashes, Ragged
from veristone.generators.seeds.duplicates.segments import Segment, merge, suffix_to_merge

__all__ = ["Index"]

_REMEMBERED = 3
"""The last part may come again, and the one before it if its result was not on disk yet."""
_MOST_ROWS = 1 << 32
_FORMAT = 1


class _Span(msgspec.Struct, frozen=True, array_like=True):
    """The rows of a segment."""

    first: int
    last: int

    @property
    def file(self) -> str:
        return f"{self.first}-{self.last}"


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """What is valid after some parts."""

    parts: int
    rows: int = 0
    members: int = 0
    """In all sets together."""
    id_bytes: int = 0
    segments: tuple[_Span, ...] = ()


class _States(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of `state.json`."""

    format: int
    settings: str
    states: tuple[_State, ...]
    """Oldest first."""


class Index:
    """The kept seeds of parts 0 to `part - 1`, to which those of `part` can be added once.

    Args:
        folder: made if it is not there.
        settings: whatever decides what is stored; an index cannot go on with other settings.
        part: number of the part at hand. What is remembered of it and of later ones is forgotten.
        bands: of every row.

    Raises:
        ConfigError: the folder holds another number of parts, other settings or damaged files.
    """

    def __init__(self, folder: Path, settings: str, part: int, bands: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._settings = settings
        self._history = _go_back(folder, settings, part)
        self._state = self._history[-1]
        self._ends = self._map("ends.u64", "<u8", 2 * self._state.rows).reshape(-1, 2)
        self._sets = self._map("sets.u32", "<u4", self._state.members)
        self._ids = self._map("ids.utf8", "u1", self._state.id_bytes)
        self.segments = [Segment.open(folder / s.file, bands) for s in self._state.segments]

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._state.rows

    def set_of(self, row: int) -> Hashes:
        """Return the set of a row: a view of the file."""
        start = int(self._ends[row - 1, 0]) if row else 0
        return self._sets[start : int(self._ends[row, 0])]

    def id_of(self, row: int) -> str:
        """Return the id of a row's seed."""
        start = int(self._ends[row - 1, 1]) if row else 0
        data = self._ids[start : int(self._ends[row, 1])].tobytes()
        return data.decode(errors="surrogatepass")

    def commit(
        self,
        sets: Ragged,
        ids: Sequence[str],
        keys: NDArray[np.uint32],
        listed: NDArray[np.bool_],
    ) -> None:
        """Add the rows of the part at hand; once this returns, the part is remembered.

        Args:
            sets: one for each new row.
            ids: one for each.
            keys: of their bands, shape (bands, rows).
            listed: which of those have an entry, same shape.
        """
        old = self._state
        segments = old.segments
        if ids:
            self._append(sets, ids)
            segments = self._add_segment(keys, listed)
        new = _State(
            parts=old.parts + 1,
            rows=old.rows + len(ids),
            members=old.members + len(sets.values),
            id_bytes=old.id_bytes + sum(len(_encode(one)) for one in ids),
            segments=segments,
        )
        self._history = (*self._history, new)[-_REMEMBERED:]
        _write_states(self._folder, self._settings, self._history)
        self._tidy()

    def _append(self, sets: Ragged, ids: Sequence[str]) -> None:
        old = self._state
        if old.rows + len(ids) > _MOST_ROWS:
            raise ConfigError(f"duplicates can be sought among {_MOST_ROWS} kept seeds, not more")
        names = [_encode(one) for one in ids]
        ends = np.empty((len(ids), 2), "<u8")
        ends[:, 0] = sets.ends + old.members
        ends[:, 1] = np.cumsum([len(name) for name in names]) + old.id_bytes
        values = np.ascontiguousarray(sets.values, "<u4")
        append(self._folder / "sets.u32", 4 * old.members, values.data)
        append(self._folder / "ids.utf8", old.id_bytes, b"".join(names))
        append(self._folder / "ends.u64", 16 * old.rows, ends.data)

    def _add_segment(
        self, keys: NDArray[np.uint32], listed: NDArray[np.bool_]
    ) -> tuple[_Span, ...]:
        """Write the new rows' segment, merged with its younger neighbours."""
        spans = self._state.segments
        if not len(keys):
            return ()
        rows = keys.shape[1]
        kept = len(spans) - suffix_to_merge([s.last - s.first for s in spans], rows)
        span = _Span(spans[kept].first if kept < len(spans) else len(self), len(self) + rows)
        fresh = Segment.build(keys, listed, len(self))
        pieces = merge([*self.segments[kept:], fresh])
        publish(self._folder / span.file, (piece.data for piece in pieces))
        return (*spans[:kept], span)

    def _tidy(self) -> None:
        """Remove segments that no state names any more, and what a kill left behind."""
        named = {span.file for state in self._history for span in state.segments}
        for path in sorted(self._folder.iterdir()):
            is_segment = path.name[0].isdigit() and path.name not in named
            if is_segment or path.name.endswith(".aside"):
                remove(path)

    def _map(self, name: str, kind: str, count: int) -> NDArray[Any]:
        path = self._folder / name
        size = path.stat().st_size if path.exists() else 0
        if size < count * np.dtype(kind).itemsize:
            raise ConfigError(f"{path} is damaged: delete the step's folder and let it begin anew")
        if not count:
            return np.empty(0, kind)
        return np.asarray(np.memmap(path, kind, "r", shape=(count,)))


def _go_back(folder: Path, settings: str, part: int) -> tuple[_State, ...]:
    """Return the states up to the one before a part, and forget later ones."""
    path = folder / "state.json"
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = None
    if data is None or part == 0:
        known = _States(format=_FORMAT, settings=settings, states=(_State(parts=0),))
    else:
        try:
            known = msgspec.json.decode(data, type=_States)
        except msgspec.MsgspecError as error:
            raise ConfigError(f"{path} cannot be read ({error}): begin anew") from None
    if (known.format, known.settings) != (_FORMAT, settings):
        raise ConfigError(f"{folder} was made with other settings: begin with part 0 again")
    states = tuple(state for state in known.states if state.parts <= part)
    if not states or states[-1].parts != part:
        held = ", ".join(str(state.parts) for state in known.states)
        raise ConfigError(
            f"part {part} cannot follow in {folder}, which knows the states after {held} parts:"
            " begin with part 0 again"
        )
    if data is not None and (part == 0 or len(states) < len(known.states)):
        # The logs are about to be cut where later states still refer to them.
        _write_states(folder, settings, states)
    return states


def _write_states(folder: Path, settings: str, states: tuple[_State, ...]) -> None:
    found = _States(format=_FORMAT, settings=settings, states=states)
    publish(folder / "state.json", [msgspec.json.encode(found)])


def _encode(name: str) -> bytes:
    return name.encode(errors="surrogatepass")
