"""Precompiled preambles: what many programs of a language begin with, compiled once for all.

A preamble is text that the language's own pattern lets through (`languages.Preamble`): of C++ the
includes of standard headers that a program begins with, as they stand there and nothing else. So it
adds nothing to a program and takes nothing from it. It is compiled in a sandbox in which nothing
else has run and nothing else will; to every other sandbox of the language it is shown read-only.
A program that the compiler refuses behind a preamble is compiled again without
(`checks.build`): what is said of a program is always said by the plain compiler.

What a sample can learn from them about those before it: nobody can list the folder, and a name
holds a secret, so that only who has a preamble himself finds it. When the last one was made can be
seen, as can other numbers that only rise (`warden.residue`).
"""

import asyncio
import collections
import contextlib
import dataclasses
import hashlib
import hmac
import logging
import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

from veristone import VeristoneError
from veristone.engine.backends.base import GUEST_PREAMBLES, Backend
from veristone.engine.languages import Language, Preamble

__all__ = ["Preambles"]

_log = logging.getLogger(__name__)
_SIGHTINGS = 2
"""Programs that must have begun so before it is compiled: one that comes once gains nothing."""
_REMEMBERED = 4096
"""Preambles whose sightings are counted."""
_MOST_BYTES = 2**30
"""Of all that are kept; one of all of C++'s standard headers takes 30 to 100 MB."""


@dataclasses.dataclass(slots=True)
class _Made:
    """A preamble that can be used."""

    folder: Path
    size: int
    users: int = 0


class Preambles:
    """What one engine has precompiled; the preamble least recently used goes first."""

    def __init__(self) -> None:
        self._backend: Backend | None = None
        self._secret = os.urandom(32)
        self._seen: collections.OrderedDict[str, int] = collections.OrderedDict()
        self._made: collections.OrderedDict[str, _Made] = collections.OrderedDict()
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, backend: Backend) -> None:
        """Show what is made in the sandboxes of this back end."""
        self._backend = backend

    async def close(self) -> None:
        """Stop what is under way; the back end removes what was made."""
        self._backend = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._made.clear()

    @contextlib.contextmanager
    def lent(self, language: Language, code: str) -> Generator[tuple[str, ...]]:
        """Lend the preamble of a program: the compiler's words for it, none where there is none."""
        preamble = language.preamble
        shown = self._backend.preambles if self._backend is not None else None
        text = preamble.of(code) if preamble is not None and shown is not None else ""
        if preamble is None or shown is None or not text:
            yield ()
            return
        name = self._name(language, text)
        made = self._made.get(name)
        if made is None:
            self._count(name, language, preamble, text, shown)
            yield ()
            return
        self._made.move_to_end(name)
        made.users += 1
        try:
            place = f"{GUEST_PREAMBLES}/{name}"
            yield tuple(word.replace("{preamble}", place) for word in preamble.add)
        finally:
            made.users -= 1

    def _name(self, language: Language, text: str) -> str:
        said = f"{language.name}\0{text}".encode()
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()[:32]

    def _count(
        self, name: str, language: Language, preamble: Preamble, text: str, shown: Path
    ) -> None:
        seen = self._seen[name] = self._seen.get(name, 0) + 1
        self._seen.move_to_end(name)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        if seen == _SIGHTINGS:
            task = asyncio.ensure_future(self._make(name, language, preamble, text, shown))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _make(
        self, name: str, language: Language, preamble: Preamble, text: str, shown: Path
    ) -> None:
        """Compile a preamble; what fails is not tried again as long as it is remembered."""
        if self._backend is None:
            return
        folder = await asyncio.to_thread(_begin, shown.parent, preamble.entry, text)
        try:
            async with self._one_at_a_time:
                await self._backend.make(language, preamble.command, folder)
            size = await asyncio.to_thread(_finish, folder)
            unused = self._make_room(size)
            for made in unused:
                await asyncio.to_thread(shutil.rmtree, made.folder)
            if self._taken() + size <= _MOST_BYTES:
                await asyncio.to_thread(folder.rename, shown / name)
                self._made[name] = _Made(shown / name, size)
        except (VeristoneError, OSError) as error:
            _log.info("%s: no preamble of %r: %s", language.name, text, error)
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder.parent, True))

    def _taken(self) -> int:
        return sum(made.size for made in self._made.values())

    def _make_room(self, size: int) -> list[_Made]:
        """Forget what was not used for longest until there is room; return what can be removed."""
        forgotten: list[_Made] = []
        for name in [name for name, made in self._made.items() if not made.users]:
            if self._taken() + size <= _MOST_BYTES:
                break
            forgotten.append(self._made.pop(name))
            self._seen.pop(name, None)
        return forgotten


def _begin(beside: Path, entry: str, text: str) -> Path:
    """Return a new folder with one file, in a new folder."""
    folder = Path(tempfile.mkdtemp(dir=beside), "made")
    folder.mkdir()
    (folder / entry).write_text(text)
    return folder


def _finish(folder: Path) -> int:
    """Let everybody read what was made, whatever the umask; return its bytes."""
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    return sum(path.stat().st_size for path in folder.iterdir())
