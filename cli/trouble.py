"""What may be wrong with a machine, said in one line: a missing package, a disk that refuses."""

import contextlib
import importlib
from collections.abc import Generator
from pathlib import Path

from veristone import ConfigError

__all__ = ["disk_trouble", "need_modules"]

_ROOMS = frozenset({"engine", "generators", "training", "veristone"})


def need_modules(*modules: str, extra: str) -> None:
    """Import modules of ours before anything is begun, so that none is missed after a night's work.

    Args:
        modules: by their full names.
        extra: what brings the packages that they need, as in ``veristone[extra]``.

    Raises:
        ConfigError: a package is not installed.
    """
    try:
        for module in modules:
            importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in _ROOMS:
            raise
        raise ConfigError(
            f"{package} is not installed: pip install 'veristone[{extra}]'"
        ) from error


@contextlib.contextmanager
def disk_trouble(folder: Path) -> Generator[None]:
    """Say in one line what the machine refuses: a full disk, a folder that cannot be written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ConfigError(f"{folder}: {error}") from error
