"""Packages that only some uses need; where one is missing, the error says what to install."""

import importlib

from veristone.errors import ConfigError

__all__ = ["need_modules"]


def need_modules(*modules: str, extra: str) -> None:
    """Import modules before anything is begun, so that none is missed after a night's work.

    Args:
        modules: by their full names; ours or other people's.
        extra: what brings the packages that they need, as in ``veristone[extra]``.

    Raises:
        ConfigError: a package is not installed.
    """
    try:
        for module in modules:
            importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "veristone":
            raise
        raise ConfigError(
            f"{package} is not installed: pip install 'veristone[{extra}]'"
        ) from error
