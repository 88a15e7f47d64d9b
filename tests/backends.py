"""Engines on each back end for the tests, and what a spotless sandbox looks like from inside."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from engine import Engine, EngineConfig
from engine.images import build
from engine.languages import find
from engine.pool import Pool
from veristone import BackendUnavailable, Limits, Reason, Sample, Verdict

__all__ = ["INSPECTION", "Watched", "built", "give_up", "on", "open_engine", "story"]

INSPECTION = (Path(__file__).parent / "inspection.py").read_text()
"""A well-behaved program that prints, as JSON, everything an earlier sample could have left."""

on = {
    "docker": pytest.param("docker", marks=pytest.mark.docker),
    "bubblewrap": pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
}
_built: set[str] = set()


def give_up(why: str) -> None:
    """Skip the test, or fail it where CI says that everything must be there."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(why)
    pytest.skip(why)


def built(language: str = "python") -> None:
    """Make sure that the image of a language is there, or give up."""
    if language in _built:
        return
    try:
        build(find(language), lambda line: None)
    except BackendUnavailable as error:
        give_up(str(error))
    _built.add(language)


@contextlib.asynccontextmanager
async def open_engine(backend: str, **settings: Any) -> AsyncIterator[Engine]:
    """Open an engine on one back end, with one sandbox unless told otherwise."""
    if backend == "docker":
        await asyncio.to_thread(built)
    if backend == "bubblewrap" and shutil.which("bwrap") is None:
        give_up("bubblewrap: the program bwrap is missing")
    config = EngineConfig(backend=backend, **{"sandboxes": 1, **settings})  # pyright: ignore[reportArgumentType]
    async with contextlib.AsyncExitStack() as stack:
        try:
            engine = await stack.enter_async_context(Engine(config))
        except BackendUnavailable as error:
            give_up(str(error))
            raise
        yield engine


def story(verdict: Verdict) -> str:
    """Return what a person needs to understand a verdict that is not the expected one."""
    output = f"stdout: {verdict.stdout.text[-2000:]}\nstderr: {verdict.stderr.text[-2000:]}"
    facts = f"attempts {verdict.attempts}, exit {verdict.exit_code}, signal {verdict.signal}"
    return f"{verdict.reason}: {verdict.message}\n{facts}, {verdict.usage}\n{output}"


class Watched:
    """An engine with one sandbox, and what that sandbox looked like when it was new."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._new: dict[str, Any] = {}
        self._replaced = 0

    @property
    def pool(self) -> Pool:
        """The pool of the Python sandboxes."""
        return self.engine._pools["python"].result()

    async def look(self) -> dict[str, Any]:
        """Run the well-behaved program; it must pass at the first attempt."""
        limits = Limits(cpu_s=5.0, wall_s=20.0)
        verdict = await self.engine.verify(Sample(code=INSPECTION, limits=limits))
        assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)
        return json.loads(verdict.stdout.text)

    async def prepare(self) -> None:
        """Note what the sandbox looks like before an attack."""
        self._new = await self.look()
        self._replaced = self.pool.replaced

    async def attack(self, sample: Sample) -> Verdict:
        """Judge a hostile sample; show that its sandbox is spotless and in use afterwards."""
        await self.prepare()
        verdict = await self.engine.verify(sample)
        await self.expect_spotless()
        return verdict

    async def expect_spotless(self) -> None:
        """The same sandbox judges the next sample, and nothing in it has changed."""
        changed = {
            name: (self._new[name], value)
            for name, value in (await self.look()).items()
            if value != self._new[name]
        }
        assert not changed, "(before, after) differ"
        assert self.pool.replaced == self._replaced, "the sandbox was thrown away"
