"""Where sandboxes come from, and how one is chosen."""

from veristone import BackendUnavailable
from veristone.engine.backends.attached import Attached
from veristone.engine.backends.base import Backend
from veristone.engine.backends.bubblewrap import Bubblewrap
from veristone.engine.backends.docker import Docker
from veristone.engine.config import EngineConfig

__all__ = ["Attached", "Backend", "Bubblewrap", "Docker", "choose"]


async def choose(config: EngineConfig) -> Backend:
    """Return the open back end that the configuration names, or the first that works.

    Raises:
        BackendUnavailable: none works. Veristone never runs a sample without isolation.
    """
    kinds = {"docker": Docker, "bubblewrap": Bubblewrap, "attached": Attached}
    wanted = ["docker", "bubblewrap"] if config.backend == "auto" else [config.backend]
    errors: list[str] = []
    for name in wanted:
        backend = kinds[name](config)
        try:
            await backend.open()
        except BackendUnavailable as error:
            errors.append(str(error))
        else:
            return backend
    raise BackendUnavailable(
        "no sandbox can be had here, and samples are never run without one:\n  "
        + "\n  ".join(errors)
        + "\n`veristone doctor` shows what is missing."
    )
