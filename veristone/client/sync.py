"""The client for programs without an event loop: a reward function of a trainer, a notebook."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from veristone import (
    BackendUnavailable,
    FileEntry,
    RunRequest,
    RunResult,
    Sample,
    SessionOptions,
    Verdict,
)
from veristone.client.client import Client
from veristone.client.session import ClientSession

__all__ = ["SyncClient", "SyncSession"]

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

    @contextlib.contextmanager
    def session(
        self, options: SessionOptions | None = None, *, patience_s: float = 60.0
    ) -> Generator["SyncSession"]:
        """Lend a sandbox for several calls; see `Client.session`."""
        opened = self._wait(self._client.open_session(options or SessionOptions(), patience_s))
        try:
            yield SyncSession(opened, self._wait)
        finally:
            with contextlib.suppress(BackendUnavailable):
                self._wait(opened.close())

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


class SyncSession:
    """`ClientSession`, called from ordinary functions. Made by `SyncClient.session`."""

    def __init__(
        self, session: ClientSession, wait: Callable[[Coroutine[Any, Any, Any]], Any]
    ) -> None:
        self.id = session.id
        self._session = session
        self._wait = wait

    def run(self, call: RunRequest | str) -> RunResult:
        """Run a cell or a command; see `ClientSession.run`."""
        return self._wait(self._session.run(call))

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files; see `ClientSession.write`."""
        self._wait(self._session.write(files))

    def read(self, name: str) -> bytes:
        """Return what is in a file; see `ClientSession.read`."""
        return self._wait(self._session.read(name))

    def files(self, folder: str = "") -> list[FileEntry]:
        """Return what lies below a folder; see `ClientSession.files`."""
        return self._wait(self._session.files(folder))


async def _made(*urls: str, **settings: Any) -> Client:
    return Client(*urls, **settings)


async def _all(client: Client, samples: Iterable[Sample]) -> list[Verdict]:
    return [verdict async for verdict in client.verify_stream(samples)]
