"""A limit on the rows of a selection, drawn at random from all of them.

Which rows stay is known at the end alone, so all outputs go to drafts first. The rows with the
smallest draws stay: which ones does not depend on their order, and a smaller limit takes some of
the same. Products of an instruction stay where one of its rows does.
"""

import heapq
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import msgspec

from veristone.generators.selection.draws import draw
from veristone.generators.selection.rows import Selected

__all__ = ["Limit"]


class _Line(msgspec.Struct):
    id: str
    group: str


_decode = msgspec.json.Decoder(_Line).decode


class Limit:
    """At most `most` rows; 0: no limit."""

    def __init__(self, most: int, random_seed: int) -> None:
        self._most = most
        self._random_seed = random_seed
        self._heap: list[tuple[float, str]] = []
        self._drafts: dict[str, tuple[IO[bytes], IO[bytes]]] = {}

    def divert(self, files: dict[str, IO[bytes]], work: Path, stack: ExitStack) -> None:
        """Put drafts in place of the files of rows and products."""
        folder = work / "drafts"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        for name in [name for name in files if name != "rejected"]:
            draft = stack.enter_context((folder / name).open("wb+"))
            self._drafts[name] = (draft, files[name])
            files[name] = draft

    def see(self, row: Selected) -> None:
        """Take note of a row."""
        if not self._most:
            return
        item = (-draw(self._random_seed, "limit", row.id), row.id)
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, item)
        else:
            heapq.heappushpop(self._heap, item)

    def settle(self, reject: Callable[[str, str, str], None]) -> Counter[str]:
        """Write what stays; return how many lines of each file went."""
        ids = {name for _, name in self._heap}
        groups: set[str] = set()
        gone: Counter[str] = Counter()
        # Rows come first: they say which instructions stay.
        for name, (draft, target) in self._drafts.items():
            draft.seek(0)
            for line in draft:
                known = _decode(line)
                if name == "selected" and known.id in ids:
                    groups.add(known.group)
                if known.id in ids if name == "selected" else known.group in groups:
                    target.write(line)
                    continue
                gone[name] += 1
                if name == "selected":
                    reject(known.id, "limit", "not_drawn")
        return gone
