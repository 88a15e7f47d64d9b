"""Samples whose verdicts are known in advance, asked now and then of every pool of sandboxes.

A sandbox whose verdicts are wrong (a broken library in an image, a worn disk, a limit that somebody
set) teaches a model what nobody measured, and nothing in its answers shows it. So each pool is
asked what is known. The first answer that is not the known one puts the whole replica in
quarantine, and it stays there until somebody starts it anew. A canary that comes out `undecided` is
a fault that clients see as one, and so no reason.

Not promised: that a verdict was right because a canary behind it was. What was under way when the
first one disagreed is not passed on; what was answered before is.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Iterator

from veristone import Decision, Reason
from veristone.engine import Engine
from veristone.engine.demo import samples
from veristone.engine.languages import find
from veristone.engine.selftest import Selftest, selftests
from veristone.service.admission import Admission

__all__ = ["Canaries", "canaries_of"]

_log = logging.getLogger(__name__)
_QUICK = frozenset(
    {
        Reason.PASSED,
        Reason.WRONG_ANSWER,
        Reason.ASSERTION_FAILED,
        Reason.RUNTIME_ERROR,
        Reason.COMPILE_ERROR,
        Reason.EARLY_EXIT,
    }
)
"""What comes out within milliseconds of a program's start, however busy the machine is."""

_PLAIN = frozenset({"hello", "sum", "wrong", "raises", "no_compile", "no_syntax"})
"""Of a language's selftest, what asks for nothing but the language itself."""


def canaries_of(language: str) -> list[Selftest]:
    """Return the quick ones of a language's selftest; for Python those of the demo, too."""
    found = [each for each in selftests(find(language)) if each.sample.id in _PLAIN]
    if language == "python":
        found += [Selftest(sample, frozenset({reason})) for sample, reason in samples()]
    return [each for each in found if each.reasons <= _QUICK]


class Canaries:
    """The canaries of one engine.

    Args:
        engine: is asked, beside the queue of its clients' samples.
        admission: is shut at the first disagreement.
        counted: told of each: `agreed`, `disagreed`, `undecided`.
        every_s: seconds between two questions to a pool; 0: none is asked.
    """

    def __init__(
        self,
        engine: Engine,
        admission: Admission,
        counted: Callable[[str], None],
        every_s: float,
    ) -> None:
        self._engine = engine
        self._admission = admission
        self._counted = counted
        self._every_s = every_s
        self._next: dict[str, Iterator[Selftest]] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Ask from now on."""
        if self._every_s > 0:
            self._task = asyncio.ensure_future(self._ask_for_ever())

    async def end(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _ask_for_ever(self) -> None:
        while self._admission.quarantined is None:
            await asyncio.sleep(self._every_s)
            await self.ask()

    async def ask(self) -> None:
        """Ask every pool that there is one question."""
        pools = dict.fromkeys(pool.language for pool in self._engine.pools())
        await asyncio.gather(*(self._ask(language) for language in pools))

    async def ask_all(self, language: str) -> None:
        """Ask the pool of a language everything that is known."""
        await asyncio.gather(*(self._compare(each) for each in canaries_of(language)))

    async def _ask(self, language: str) -> None:
        if language not in self._next:
            # Read once, in a thread: they are files.
            known = await asyncio.to_thread(canaries_of, language)
            self._next[language] = itertools.cycle(known)
        canary = next(self._next[language], None)
        if canary is not None:
            await self._compare(canary)

    async def _compare(self, canary: Selftest) -> None:
        verdict = await self._engine.verify_anew(canary.sample)
        if verdict.decision is Decision.UNDECIDED:
            self._counted("undecided")
            return
        if verdict.reason in canary.reasons:
            self._counted("agreed")
            return
        self._counted("disagreed")
        wanted = " or ".join(sorted(canary.reasons))
        why = (
            f"the {canary.sample.language} canary {canary.sample.id!r} must be {wanted}"
            f" and is {verdict.reason}"
        )
        _log.critical("quarantine: %s: %s", why, verdict.message)
        self._admission.quarantine(why)
