"""Engines on each back end for the tests."""

import asyncio
import contextlib
import functools
import os
import shutil
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from watched import INSPECTION, Watched, story

from veristone import BackendUnavailable
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.docker import connect
from veristone.engine.images import build
from veristone.engine.languages import find

__all__ = [
    "INSPECTION",
    "Watched",
    "built",
    "give_up",
    "missing",
    "need",
    "on",
    "open_engine",
    "story",
]

on = {
    "docker": pytest.param("docker", marks=pytest.mark.docker),
    "bubblewrap": pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
}
_built: set[str] = set()
runtime: str | None = None
"""Docker's runtime in this run of the tests: `pytest --runtime runsc`."""


def give_up(why: str) -> None:
    """Skip the test, or fail it where CI says that everything must be there."""
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(why)
    pytest.skip(why)


def built(language: str = "python") -> None:
    """Make sure that the image of a language is there, or give up."""
    image = find(language).image()
    if image in _built:
        return
    try:
        build(find(language), lambda line: None)
    except BackendUnavailable as error:
        give_up(str(error))
    _built.add(image)


@functools.cache
def missing(backend: str) -> str:
    """Return why there can be no sandbox of this back end here, or nothing."""
    if backend == "bubblewrap":
        return "" if shutil.which("bwrap") else "bubblewrap: the program bwrap is missing"
    try:
        connect().close()
    except BackendUnavailable:
        return "docker: no daemon answers"
    return ""


def need(backend: str) -> None:
    """Go on only where there are sandboxes of this back end; see `give_up`."""
    if missing(backend):
        give_up(missing(backend))
    if backend == "docker":
        built()


PROGRAMS = r"for p in /proc/[0-9]*/cmdline; do tr '\0' ' ' < $p; echo; done 2>/dev/null"
"""For a shell: a line for each process. Small images have no `ps`."""


@contextlib.asynccontextmanager
async def open_engine(backend: str, **settings: Any) -> AsyncGenerator[Engine]:
    """Open an engine on one back end, with one sandbox unless told otherwise."""
    await asyncio.to_thread(need, backend)
    if backend == "docker":
        settings = {"runtime": runtime, **settings}
    config = EngineConfig(backend=backend, **{"sandboxes": 1, **settings})  # pyright: ignore[reportArgumentType]
    async with contextlib.AsyncExitStack() as stack:
        try:
            engine = await stack.enter_async_context(Engine(config))
        except BackendUnavailable as error:
            give_up(str(error))
            raise
        yield engine
