"""Waiting for a coroutine from within synchronous code, inside a running loop too."""

from __future__ import annotations

from typing import Any


def run_to_end(awaitable: Any) -> Any:
    """Return what an awaitable comes to, on an event loop that outlives the call."""
    import asyncio

    running = asyncio.events._get_running_loop()
    asyncio.events._set_running_loop(None)
    loop = asyncio.new_event_loop() if running is not None else _lasting_loop()
    try:
        return loop.run_until_complete(_wait(awaitable))
    finally:
        if running is not None:
            loop.close()
        asyncio.events._set_running_loop(running)


async def _wait(awaitable: Any) -> Any:
    return await awaitable


_loops: list[Any] = []


def _lasting_loop() -> Any:
    import asyncio

    if not _loops:
        _loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(_loops[0])
    return _loops[0]
