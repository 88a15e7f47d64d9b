"""The share of time that sandboxes are busy."""

import asyncio

import pytest
from backends import on, open_engine

from veristone import Sample
from veristone.engine.usage import EngineUsage, Meter


def test_sandbox_seconds_add_up() -> None:
    now = 100.0
    meter = Meter(2, lambda: now)
    meter.begin()
    now = 103.0
    meter.begin()
    now = 104.0
    meter.end()
    now = 106.0
    assert meter.read() == EngineUsage(busy_s=3 + 2 + 2, open_s=12)
    meter.end()
    now = 110.0
    later = meter.read()
    assert later == EngineUsage(busy_s=7, open_s=20)
    assert later.share_since(EngineUsage(busy_s=5, open_s=10)) == pytest.approx(0.2)
    assert later.share_since(later) == 0.0


@pytest.mark.parametrize("backend", [on["bubblewrap"]])
async def test_an_engine_tells_idleness_from_work(backend: str) -> None:
    async with open_engine(backend) as engine:
        before = engine.usage()
        await asyncio.sleep(0.3)
        idle = engine.usage()
        assert idle.share_since(before) == 0
        assert idle.open_s - before.open_s >= 0.3
        sleeping = [Sample(code="import time; time.sleep(0.2)") for _ in range(4)]
        async for verdict in engine.verify_stream(sleeping):
            assert verdict.decision == "pass"
        busy = engine.usage()
        assert 0.8 <= busy.busy_s - idle.busy_s <= busy.open_s - idle.open_s
        assert busy.share_since(idle) > 0.8
