"""Sandboxes that somebody else started: wardens under compose or Kubernetes, one Unix socket each.

The engine then needs no right to start anything, and no Docker socket. Whoever starts a warden, as
this package's other back ends would start it, gives it `--socket FOLDER/LANGUAGE.NAME.sock` in a
folder that it shares with the engine, and starts it again when it ends.

A warden serves one connection and ends with it, so to destroy a sandbox is to hang up. What this
cannot do is end one that does not want to: a warden that a sample took over could come back on its
socket. Where the walls around wardens are not to be relied on that far, let the engine start them.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from veristone import BackendUnavailable, SandboxFailure
from veristone.engine.backends.base import ToolchainMissing, ceilings_of
from veristone.engine.config import EngineConfig
from veristone.engine.languages import Language
from veristone.engine.sandbox import Connection, Sandbox

__all__ = ["Attached"]

_LOOK_S = 0.02
_OTHERS = 0o077


class Attached:
    """Takes wardens where they listen."""

    name = "attached"
    preambles: Path | None = None

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._folder = config.wardens
        self._taken: set[Path] = set()
        """Sockets that are being connected to; a warden takes the first who comes."""
        self._seen: set[str] = set()
        """Languages that there was a warden of."""
        self._opened = 0.0

    async def open(self) -> None:
        """See `Backend.open`."""
        try:
            mode = self._folder.stat().st_mode
        except OSError as error:
            raise BackendUnavailable(
                f"attached: {self._folder}: {error.strerror}; wardens listen in this folder"
                " (setting wardens)"
            ) from error
        if mode & _OTHERS:
            # Samples have user ids of their own: whoever may enter finds other sandboxes' sockets.
            raise BackendUnavailable(
                f"attached: {self._folder} can be entered by others, samples among them: chmod 700"
            )
        self._opened = time.monotonic()

    async def close(self) -> None:
        """See `Backend.close`."""

    async def make(self, language: Language, command: Sequence[str], folder: Path) -> None:
        """See `Backend.make`."""
        raise BackendUnavailable("attached: commands of ours have no sandbox here")

    async def start(self, language: Language, *, background: bool = False) -> Sandbox:
        """See `Backend.start`. Waits for a warden that starts anew; shares of CPUs are not ours."""
        began = time.monotonic()
        while True:
            for path in self._sockets(language):
                sandbox = await self._connected(path)
                if sandbox is not None:
                    return sandbox
            now = time.monotonic()
            if language.name not in self._seen and now > self._opened + self._patience_s:
                raise ToolchainMissing(
                    f"attached: no warden of {language.name} in {self._folder}"
                    f" ({language.name}.NAME.sock)"
                )
            if now > max(began, self._opened) + self._patience_s:
                raise BackendUnavailable(f"attached: every warden of {language.name} is taken")
            await asyncio.sleep(_LOOK_S)

    @property
    def _patience_s(self) -> float:
        return self._config.start_timeout_s

    def _sockets(self, language: Language) -> list[Path]:
        found = sorted(self._folder.glob(f"{language.name}.*.sock"))
        if found:
            self._seen.add(language.name)
        return [path for path in found if path not in self._taken]

    async def _connected(self, path: Path) -> Sandbox | None:
        """Return the warden that listens there; None where somebody else was first, or it ended."""
        loop = asyncio.get_running_loop()
        self._taken.add(path)
        try:
            _, connection = await loop.create_unix_connection(Connection, str(path))
            ceilings = ceilings_of(self._config)
            sandbox = Sandbox(f"attached-{path.stem}", connection, ceilings, _nothing)
            try:
                await sandbox.greet(
                    self._patience_s,
                    self.name,
                    self._config.runtime or "",
                    self._config.require,
                )
            except BaseException:
                await sandbox.destroy()
                raise
            return sandbox
        except (OSError, SandboxFailure):
            return None
        finally:
            self._taken.discard(path)


async def _nothing() -> None:
    """Hanging up was all."""
