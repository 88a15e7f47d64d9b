"""What local models share: a thread that owns the engine, and no wait in the event loop.

The thread loads the model, serves jobs until the inbox closes, and frees the model. All calls into
torch or vLLM happen there and nowhere else, so neither needs to be safe for threads.

An engine that breaks takes the model down: what is under way and what comes later raise
`ModelUnavailable`, and only opening a new model helps. Nothing is promised about requests that are
under way when the model is closed; they raise `ModelUnavailable` too.
"""

import asyncio
import contextlib
import logging
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from veristone.errors import ConfigError, ModelUnavailable
from veristone.generation import Generation, GenerationRequest
from veristone.generators.models.local.jobs import Inbox, Job

__all__ = ["ThreadedModel", "cannot_load", "needs"]

_log = logging.getLogger(__name__)

_OPEN_S: Final = 3600
"""A large model from a slow disk takes minutes; what takes an hour will not come."""
_CLOSE_S: Final = 120
"""The thread ends after the step it is in; the longest is the prompt of a large model on a CPU."""


class ThreadedModel(ABC):
    """A `veristone.Model` whose work is done in one thread; an async context manager, used once."""

    def __init__(self, model: str) -> None:
        # A path says where something lay on this machine, and that is in no record's interest.
        self._name = Path(model).resolve().name if Path(model).exists() else model
        self._inbox = Inbox()
        self._thread: threading.Thread | None = None
        self._broken: Exception | None = None

    @property
    def name(self) -> str:
        """The name on the hub, or the last part of the folder's name."""
        return self._name

    @abstractmethod
    def _load(self) -> None:
        """Get ready to serve; may take minutes.

        Raises:
            ConfigError: a package is missing, or there is no such model.
        """

    @abstractmethod
    def _serve(self, inbox: Inbox) -> None:
        """Answer jobs until the inbox is closed.

        Every job taken is settled before this returns or raises.
        """

    @abstractmethod
    def _free(self) -> None:
        """Give back what `_load` took, also after `_load` failed half-way."""

    async def __aenter__(self) -> Self:
        if self._thread is not None:
            raise RuntimeError("a model is opened once")
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        self._thread = threading.Thread(
            target=self._live, args=(loop, ready), name=f"model {self.name}", daemon=True
        )
        self._thread.start()
        try:
            async with asyncio.timeout(_OPEN_S):
                await ready
        except TimeoutError:
            self._inbox.close()
            raise ModelUnavailable(f"{self.name}: not loaded after {_OPEN_S} s") from None
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.shield(self._close())

    async def _close(self) -> None:
        self._inbox.close()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _CLOSE_S)
            if self._thread.is_alive():
                _log.warning("%s: still busy %s s after it was closed", self.name, _CLOSE_S)

    async def generate(self, request: GenerationRequest) -> Generation:
        """See `veristone.Model`."""
        request.validate()
        loop = asyncio.get_running_loop()
        job = Job(request, loop, loop.create_future())
        if self._thread is None or not self._inbox.put(job):
            raise self._unavailable()
        try:
            return await job.answer
        finally:
            job.withdrawn = True

    def _live(self, loop: asyncio.AbstractEventLoop, ready: "asyncio.Future[None]") -> None:
        def opened(error: Exception | None) -> None:
            if ready.done():
                return
            if error is None:
                ready.set_result(None)
            else:
                ready.set_exception(error)

        try:
            try:
                self._load()
            except Exception as error:
                _tell(loop, opened, error)
                return
            _tell(loop, opened, None)
            self._serve(self._inbox)
        except Exception as error:
            _log.exception("%s: the engine broke", self.name)
            self._broken = error
        finally:
            self._inbox.close()
            for job in self._inbox.take(sys.maxsize):
                job.fail(self._unavailable())
            self._free()

    def _unavailable(self) -> ModelUnavailable:
        if self._broken is not None:
            return ModelUnavailable(f"{self.name}: the engine broke: {self._broken}")
        return ModelUnavailable(f"{self.name}: the model is not open")


def _tell(
    loop: asyncio.AbstractEventLoop,
    opened: Callable[[Exception | None], None],
    error: Exception | None,
) -> None:
    # A loop that is closed has nobody left to tell.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(opened, error)


def needs(package: str, extra: str, error: ImportError) -> ConfigError:
    """Say what is missing and how to get it."""
    return ConfigError(
        f"{package} is not installed ({error}). In a checkout: make models. "
        f"Elsewhere: pip install 'veristone[{extra}]'"
    )


def cannot_load(model: str, error: Exception) -> ConfigError:
    """Say why there is no such model, in the loader's own words."""
    return ConfigError(f"{model}: cannot be loaded: {error}")
