"""The seam between the engine and whatever can hold a sandbox."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from veristone import BackendUnavailable
from veristone.engine.config import EngineConfig
from veristone.engine.languages import Language
from veristone.engine.sandbox import Sandbox
from veristone.engine.wire import Ceilings

__all__ = ["GUEST_PREAMBLES", "MAKE_S", "Backend", "ToolchainMissing", "ceilings_of"]

GUEST_PREAMBLES = "/opt/veristone/preambles"
MAKE_S = 120.0
"""Seconds that a command of ours may take."""


class ToolchainMissing(BackendUnavailable):
    """A language's compiler, interpreter or image is not here; the message says what brings it.

    Asked again, the answer is the same: nobody waits for it.
    """


class Backend(Protocol):
    """Starts sandboxes.

    Implementations: `docker`, `bubblewrap`, `attached`, and `fake` for tests.
    """

    name: str

    @property
    def preambles(self) -> Path | None:
        """The folder that sandboxes of a language with preambles see at `GUEST_PREAMBLES`.

        Read-only. None where this back end can show them none.
        """
        ...

    async def open(self) -> None:
        """Check that sandboxes can be had, and remove what a killed engine left behind.

        Raises:
            BackendUnavailable: they cannot; the message says what to do.
        """
        ...

    async def start(self, language: Language, *, background: bool = False) -> Sandbox:
        """Start a sandbox and wait until its warden is ready.

        One in the `background` gets a quarter of another one's share where CPUs are scarce and
        control groups can be made that say so.

        Raises:
            ToolchainMissing: this language cannot be run here.
            BackendUnavailable: the host or its daemon refuses.
            SandboxFailure: it started and broke.
        """
        ...

    async def make(self, language: Language, command: Sequence[str], folder: Path) -> None:
        """Run a command of ours in a sandbox of its own that can write to `folder`, and there.

        Raises:
            BackendUnavailable: it cannot be run, or it failed.
        """
        ...

    async def close(self) -> None:
        """Release what the back end itself holds; every sandbox was destroyed before."""
        ...


def ceilings_of(config: EngineConfig) -> Ceilings:
    """Return what a sandbox holds at most, whoever starts it."""
    return Ceilings(config.max_processes, config.max_disk_mib, config.max_memory_mib)
