"""Where a language's compiler or interpreter is on this host, and what of the host it needs to see.

`language.toml` names the programs and the folders in a table `host`. A program in /usr/bin is shown
as it is. One elsewhere (a JVM, an installation of the user's own) is shown with the folder that it
was installed into, and linked into /usr/bin.

What a language's `prepare` makes (a standard library, compiled) is made once for each version of
the toolchain, of what of the host is shown with it, and of the language's folder, and kept in the
user's cache.
"""

import fcntl
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from veristone import BackendUnavailable
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.kept import cache_folder
from veristone.engine.languages import Language, files_of

__all__ = ["GUEST_PREPARED", "Toolchain", "find_toolchain", "prepared"]

_log = logging.getLogger(__name__)
GUEST_PREPARED = "/opt/veristone/prepared"
_PREPARE_S = 900

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
    home = _asked(host.home)
    path = os.environ.get("PATH", os.defpath)
    search = f"{home}/bin{os.pathsep}{path}" if home else path
    found = {name: shutil.which(name, path=search) for name in host.programs}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        mend = f"; run: {host.install}" if host.install else ""
        raise ToolchainMissing(
            f"bubblewrap: {language.name} needs {', '.join(missing)} on this host{mend}"
        )
    programs = {name: Path(path).resolve() for name, path in found.items() if path is not None}
    shown = [path for pattern in host.shows for path in sorted(Path("/").glob(pattern.lstrip("/")))]
    programs |= {path.name: path.resolve() for path in shown if path.parent == _USR_BIN}
    needs = [str(path) for path in shown if path.parent != _USR_BIN]
    needs += [_home(path, shown) for path in programs.values() if path.parent != _USR_BIN]
    return Toolchain(programs, tuple(needs))


def prepared(language: Language) -> Path | None:
    """Return the folder that a language's `prepare` fills, filled; None where it has none.

    Raises:
        BackendUnavailable: it cannot be filled.
    """
    script = language.folder / "prepare"
    if not script.exists():
        return None
    made_from = b"".join(path.read_bytes() for path in files_of(language.folder))
    made_from += "\0".join([_asked(language.version), *find_toolchain(language).needs]).encode()
    cache = cache_folder()
    place = cache / f"{language.name}-{hashlib.sha256(made_from).hexdigest()[:12]}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / f"{language.name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not place.exists():
                _prepare(script, cache, place)
    except (OSError, subprocess.SubprocessError) as error:
        raise BackendUnavailable(f"bubblewrap: {script} failed: {error}") from error
    return place


def _prepare(script: Path, cache: Path, place: Path) -> None:
    _log.info("preparing %s, once for this version", place.name)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        made = Path(folder, "made")
        made.mkdir(mode=0o755)
        subprocess.run(["sh", script, made, GUEST_PREPARED], check=True, timeout=_PREPARE_S)
        made.rename(place)


def _asked(command: list[str]) -> str:
    """Return what a command says in its first line; nothing where there is no such command."""
    if not command or shutil.which(command[0]) is None:
        return ""
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return said.stdout.partition("\n")[0]


def _home(program: Path, shown: list[Path]) -> str:
    """Return what must be shown for a program outside of /usr/bin to work."""
    if any(program.is_relative_to(folder) for folder in shown):
        return str(program)
    home = program.parent.parent
    return str(program if home in _SHARED else home)
