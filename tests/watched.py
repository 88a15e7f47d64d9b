"""A look into a sandbox before and after a hostile sample. Needs no pytest."""

import json
from pathlib import Path
from typing import Any

from veristone import Limits, Reason, Sample, Verdict
from veristone.engine import Engine
from veristone.engine.pool import Pool

__all__ = ["INSPECTION", "Watched", "story"]

INSPECTION = (Path(__file__).parent / "inspection.py").read_text()
"""A well-behaved program that prints, as JSON, everything an earlier sample could have left."""


def story(verdict: Verdict) -> str:
    """Return what a person needs to understand a verdict that is not the expected one."""
    output = f"stdout: {verdict.stdout.text[-2000:]}\nstderr: {verdict.stderr.text[-2000:]}"
    facts = f"attempts {verdict.attempts}, exit {verdict.exit_code}, signal {verdict.signal}"
    return f"{verdict.reason}: {verdict.message}\n{facts}, {verdict.usage}\n{output}"


class Watched:
    """An engine with one sandbox, and what that sandbox looked like when it was new."""

    def __init__(self, engine: Engine, language: str = "python") -> None:
        self.engine = engine
        self.language = language
        self._new: dict[str, Any] = {}
        self._replaced = 0

    @property
    def pool(self) -> Pool:
        """The pool of these sandboxes."""
        return self.engine._pools._opened[self.language].result()

    async def look(self) -> dict[str, Any]:
        """Run the well-behaved program; it must pass at the first attempt."""
        limits = Limits(cpu_s=30.0, wall_s=60.0)
        look = Sample(code=INSPECTION, language=self.language, limits=limits)
        verdict = await self.engine.verify(look)
        assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)
        return json.loads(verdict.stdout.text)

    async def prepare(self) -> None:
        """Note what the sandbox looks like before an attack: what two looks in a row agree on.

        The kernel frees a closed socket a moment after its process is gone, so one look right
        after another sample may still count the other's. A sandbox is noted once: it has to look
        like that after the last attack as well.
        """
        if self._new and self._replaced == self.pool.replaced:
            return
        self._new = await self.look()
        for _ in range(10):
            before, self._new = self._new, await self.look()
            if before == self._new:
                break
        self._replaced = self.pool.replaced

    async def attack(self, sample: Sample, *, lasting: bool | None = False) -> Verdict:
        """Judge a hostile sample; show that the next one finds everything as it was.

        In the same sandbox, or, where what the sample left is `lasting`, in a new one.
        """
        await self.prepare()
        verdict = await self.engine.verify(sample)
        await self.expect_spotless(lasting=lasting)
        return verdict

    async def expect_spotless(self, *, lasting: bool | None = False) -> None:
        """The next sample finds nothing changed; see `attack`."""
        now = await self.look()
        if now["sockets"] != self._new["sockets"]:
            # The kernel takes a closed socket off its lists when it has the time.
            now["sockets"] = (await self.look())["sockets"]
        changed = {
            name: (self._new[name], value)
            for name, value in now.items()
            if value != self._new[name]
        }
        if changed:
            self._new = {}  # the next attack is not to blame for it
        assert not changed, f"changed (before, after): {changed}"
        before, self._replaced = self._replaced, self.pool.replaced
        if lasting:
            assert self._replaced == before + 1, "the sandbox was used again"
        elif lasting is not None:
            assert self._replaced == before, "the sandbox was thrown away"
