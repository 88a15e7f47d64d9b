"""A seed's run in a sandbox: how it is asked for, and what is believed of what comes back."""

import functools
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from veristone import (
    ConfigError,
    Decision,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    Verdict,
    Verifier,
)
from veristone.generators.seeds.steps import Rejected, Services
from veristone.text import line

__all__ = ["Asked", "Program", "Run", "run_all", "verifier_of"]

_HARNESS = Path(__file__).parent / "harness"
_TIMEOUTS = (Reason.CPU_TIMEOUT, Reason.WALL_TIMEOUT)

R = TypeVar("R", bound=msgspec.Struct)
Item = TypeVar("Item")


class Asked(NamedTuple):
    """A program of the harness that is ready to run."""

    sample: Sample
    token: str
    """What its report begins with. It is random: whatever a seed prints, it is not that."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the harness and the modules that it imports, by the names of their files."""

    main: str
    modules: tuple[str, ...]

    def sources(self) -> dict[str, bytes]:
        """Return its files."""
        return {name: _source(name) for name in (self.main, *self.modules)}

    def ask(
        self,
        id: str,
        request: Mapping[str, Any],
        limits: Limits,
        files: Mapping[str, bytes] | None = None,
    ) -> Asked:
        """Return a sample that runs the program. Outcomes do not depend on its token."""
        token = secrets.token_hex(16)
        shipped = self.sources()
        sample = Sample(
            code=shipped.pop(self.main).decode(),
            # ASCII: corpus text may hold halves of surrogate pairs, which are no UTF-8.
            check=ProgramCheck(stdin=json.dumps({**request, "token": token}), exit_code=None),
            id=id,
            limits=limits,
            files={**shipped, **(files or {})},
        )
        return Asked(sample, token)


@functools.cache
def _source(name: str) -> bytes:
    return (_HARNESS / name).read_bytes()


@dataclass(frozen=True, slots=True)
class Run:
    """How one run ended."""

    verdict: Verdict
    token: str

    def report(self, kind: type[R]) -> R | None:
        """Return what the harness reported, or None where it did not come to that.

        The last such line counts that is whole and of the right form. Everything in it may be
        made up by the seed: only its types are checked here.
        """
        output = self.verdict.stdout
        for row in reversed(f"{output.head}\n{output.tail}".split("\n")):
            token, _, text = row.partition(" ")
            if token == self.token:
                try:
                    return msgspec.json.decode(text, type=kind)
                except (msgspec.MsgspecError, UnicodeError, RecursionError):
                    continue
        return None

    def undecided(self) -> Rejected | None:
        """Return a rejection where the verifier failed, not the seed.

        It is a reason of its own: a fault of ours must neither condemn a seed nor wave it
        through. Such seeds are stored with the other rejections and can be run again.
        """
        if self.verdict.decision is not Decision.UNDECIDED:
            return None
        return Rejected("undecided", line(f"{self.verdict.reason}: {self.verdict.message}"))

    def broken(self) -> Rejected:
        """Return why a run without a report has none."""
        verdict = self.verdict
        reason = "timeout" if verdict.reason in _TIMEOUTS else "crashed"
        said = verdict.message or "ended before its report"
        return Rejected(reason, line(f"{verdict.reason}: {said}"))


def verifier_of(services: Services, kind: str) -> Verifier:
    """Return the verifier.

    Raises:
        ConfigError: there is none.
    """
    if services.verifier is None:
        raise ConfigError(
            f"step {kind!r} runs seeds in sandboxes and there is no verifier: start one (see"
            " `veristone doctor`), or take the step out of the recipe"
        )
    return services.verifier


async def run_all(
    verifier: Verifier, items: Sequence[Item], ask: Callable[[Item], Asked]
) -> AsyncIterator[tuple[Item, Run]]:
    """Yield each item and how its program ran, in order; `ask` is called as the verifier takes."""
    tokens: list[str] = []

    def samples() -> Iterable[Sample]:
        for item in items:
            sample, token = ask(item)
            tokens.append(token)
            yield sample

    position = 0
    async for verdict in verifier.verify_stream(samples()):
        yield items[position], Run(verdict, tokens[position])
        position += 1
    if position != len(items):
        raise RuntimeError(f"the verifier gave {position} verdicts for {len(items)} samples")
