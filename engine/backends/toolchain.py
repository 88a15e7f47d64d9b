"""Where a language's compiler or interpreter is on this host, and what of the host it needs to see.

`language.toml` names the programs and the folders in a table `host`. A program in /usr/bin is shown
as it is. One elsewhere (a JVM, an installation of the user's own) is shown with the folder that it
was installed into, and linked into /usr/bin.
"""

import shutil
from pathlib import Path
from typing import NamedTuple

from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.languages import Language

__all__ = ["Toolchain", "find_toolchain"]

_USR_BIN = Path("/usr/bin")
_SHARED = tuple(map(Path, ("/", "/usr", "/usr/local", "/usr/share", "/usr/lib", "/opt")))
"""Folders that belong to no single program."""


class Toolchain(NamedTuple):
    """The programs of a language, and the paths of the host that they need."""

    programs: dict[str, Path]
    """By the name that it is started by: the file itself, links followed."""
    needs: tuple[str, ...] = ()


def find_toolchain(language: Language) -> Toolchain:
    """Find what a language needs of this host.

    Raises:
        ToolchainMissing: it is not there; the message says what brings it.
    """
    host = language.host
    if host is None:
        return Toolchain({})
    found = {name: shutil.which(name) for name in host.programs}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        mend = f"; run: {host.install}" if host.install else ""
        raise ToolchainMissing(
            f"bubblewrap: {language.name} needs {', '.join(missing)} on this host{mend}"
        )
    programs = {name: Path(path).resolve() for name, path in found.items() if path is not None}
    shown = [path for pattern in host.shows for path in sorted(Path("/").glob(pattern.lstrip("/")))]
    needs = [_home(path, shown) for path in programs.values() if path.parent != _USR_BIN]
    return Toolchain(programs, (*map(str, shown), *needs))


def _home(program: Path, shown: list[Path]) -> str:
    """Return what must be shown for a program outside of /usr/bin to work."""
    if any(program.is_relative_to(folder) for folder in shown):
        return str(program)
    home = program.parent.parent
    return str(program if home in _SHARED else home)
