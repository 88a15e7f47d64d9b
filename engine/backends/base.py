"""The seam between the engine and whatever can hold a sandbox."""

from typing import Protocol

from veristone.engine.languages import Language
from veristone.engine.sandbox import Sandbox

__all__ = ["Backend"]


class Backend(Protocol):
    """Starts sandboxes. Implementations: `docker`, `bubblewrap`, and `fake` for tests."""

    name: str

    async def open(self) -> None:
        """Check that sandboxes can be had, and remove what a killed engine left behind.

        Raises:
            BackendUnavailable: they cannot; the message says what to do.
        """
        ...

    async def start(self, language: Language) -> Sandbox:
        """Start a sandbox and wait until its warden is ready.

        Raises:
            BackendUnavailable: the host or its daemon refuses.
            SandboxFailure: it started and broke.
        """
        ...

    async def close(self) -> None:
        """Release what the back end itself holds; every sandbox was destroyed before."""
        ...
