"""Reads samples from a file and prints what became of them, one JSON line each.

Run in a process of its own, so that it may be another user:

    python verdicts.py SAMPLES

Each sample is judged by an engine with one bubblewrap sandbox; before and after each the sandbox
is looked at as `watched.Watched` does.
"""

import asyncio
import json
import sys
from pathlib import Path

import msgspec
from watched import Watched

from veristone import Sample
from veristone.engine import Engine, EngineConfig


async def main() -> None:
    samples = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=list[Sample])
    config = EngineConfig(backend="bubblewrap", sandboxes=1, python=sys.executable)
    async with Engine(config) as engine:
        watched = Watched(engine)
        for sample in samples:
            lasting = sample.metadata.get("lasting")
            await watched.prepare()
            verdict = await engine.verify(sample)
            try:
                await watched.expect_spotless(lasting=lasting)
                dirt = ""
            except AssertionError as error:
                dirt = str(error)
            line = {"verdict": msgspec.to_builtins(verdict), "dirt": dirt}
            sys.stdout.write(json.dumps(line) + "\n")


asyncio.run(main())
