"""The seam between the engine and whatever can hold a sandbox."""

from typing import Protocol

from veristone import BackendUnavailable
from veristone.engine.languages import Language
from veristone.engine.sandbox import Sandbox

__all__ = ["Backend", "ToolchainMissing"]


class ToolchainMissing(BackendUnavailable):
    """A language's compiler, interpreter or image is not here; the message says what brings it.

    Asked again, the answer is the same: nobody waits for it.
    """


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
            ToolchainMissing: this language cannot be run here.
            BackendUnavailable: the host or its daemon refuses.
            SandboxFailure: it started and broke.
        """
        ...

    async def close(self) -> None:
        """Release what the back end itself holds; every sandbox was destroyed before."""
        ...
