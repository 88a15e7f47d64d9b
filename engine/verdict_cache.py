"""Verdicts that are kept, so that what is judged again is judged once. Off unless a file is named.

A verdict is found by all that it follows from: the sample but for its id and metadata, what its
sandboxes are made of, the engine's own code, and the settings that a verdict depends on. Kept is
what would come out the same again: no verdict that is `undecided` or `flaky`, and no
`wall_timeout`, since how long a program waits is not its doing alone. Of equal samples that are
under way at one time the first is judged, and the others wait for it.

Not promised: that a program whose outcome is chance, or which is close to its limits, would be
judged the same again. `--reruns` finds those, with this cache or without.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec

from veristone import Decision, FunctionCheck, Reason, Sample, Verdict
from veristone.engine.config import EngineConfig
from veristone.engine.kept import KeptBytes, name_of
from veristone.engine.made_of import engine_code, sandboxes_of

__all__ = ["VerdictCache"]

_MOST_BYTES = 1 << 30
_LONGEST = 1 << 20
"""Bytes of a verdict: one with the files of a program is not kept."""
_CHANCE = frozenset((Reason.FLAKY, Reason.WALL_TIMEOUT))
"""Reasons of decided verdicts that are not kept."""
_NOTHING_TO_VERDICTS = {
    *("sandboxes", "require", "attempts", "references", "cache", "start_timeout_s", "window"),
    "sessions",
}
"""Settings that no verdict depends on."""


class VerdictCache:
    """Verdicts by what they follow from, in one file that several processes may use."""

    def __init__(self, file: Path, config: EngineConfig, backend: str) -> None:
        self._store = KeptBytes(file, _MOST_BYTES)
        self._config = config
        self._backend = backend
        settings = config.model_dump_json(exclude=_NOTHING_TO_VERDICTS)
        self._shared = engine_code() + settings.encode()
        self._under_way: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def verdict(self, sample: Sample, judge: Callable[[], Awaitable[Verdict]]) -> Verdict:
        """Return the verdict that is kept of a sample, or judge it, and keep what lasts."""
        name = await asyncio.to_thread(self._name, sample)
        lock = self._under_way.get(name)
        if lock is None:
            lock = self._under_way[name] = asyncio.Lock()
        async with lock:  # who comes next finds what was kept
            content = await self._store.get(name)
            with contextlib.suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
                if content is not None:
                    kept = msgspec.json.decode(content, type=Verdict)
                    return msgspec.structs.replace(kept, id=sample.id, cached=True)
            verdict = await judge()
            if verdict.decision is not Decision.UNDECIDED and verdict.reason not in _CHANCE:
                content = msgspec.json.encode(msgspec.structs.replace(verdict, id="-"))
                if len(content) <= _LONGEST:
                    await self._store.put(name, content)
            return verdict

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _name(self, sample: Sample) -> bytes:
        languages = {sample.language, *(program.language for program in sample.jury().values())}
        if isinstance(sample.check, FunctionCheck):
            languages.add("python")  # its reference and its validator
        made_of = (sandboxes_of(name, self._config, self._backend) for name in sorted(languages))
        return name_of(sample.content(), self._shared, *made_of)
