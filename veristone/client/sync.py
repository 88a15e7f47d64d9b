"""The client for programs without an event loop: a reward function of a trainer, a notebook."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from types import TracebackType
from typing import Any, Self, TypeVar

from veristone import Sample, Verdict
from veristone.client.client import Client

__all__ = ["SyncClient"]

T = TypeVar("T")


class SyncClient:
    """`Client`, called from ordinary functions. May be shared by threads, not by a fork.

    Takes the arguments of `Client`.
    """

    def __init__(self, *urls: str, **settings: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="veristone-client", daemon=True
        )
        self._thread.start()
        try:
            self._client = self._wait(_made(*urls, **settings))
        except BaseException:
            self._stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._wait(self._client.close())
        self._stop()

    def verify(self, sample: Sample, deadline_s: float | None = None) -> Verdict:
        """Judge one sample; see `Client.verify`."""
        return self._wait(self._client.verify(sample, deadline_s))

    def verify_many(self, samples: Iterable[Sample]) -> list[Verdict]:
        """Judge samples side by side and return their verdicts in the same order."""
        return self._wait(_all(self._client, samples))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl-C: nobody waits for this any more
            raise

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _made(*urls: str, **settings: Any) -> Client:
    return Client(*urls, **settings)


async def _all(client: Client, samples: Iterable[Sample]) -> list[Verdict]:
    return [verdict async for verdict in client.verify_stream(samples)]
