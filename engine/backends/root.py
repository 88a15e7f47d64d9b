"""The root that a bubblewrap sandbox sees: empty but for what programs need.

Of the host there is the interpreter with what it imports, the shared libraries, the small programs
of every shell (`programs.txt`), data that libraries read (time zones, certificates), and in the
sandboxes of a language what that needs (`toolchain`). Programs
and warden are copied once into a folder of ours, so that sandboxes start with few mounts and
neither the host's list of programs nor the place of this package is to be seen. What is bound
shows its path on the host to whoever reads /proc/self/mountinfo: the kernel offers no way to
hide that.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from typing import NamedTuple

from veristone import ConfigError
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.backends.toolchain import GUEST_PREPARED, Toolchain, find_toolchain, prepared
from veristone.engine.languages import WARDEN, Language

__all__ = [
    "GUEST_PLACES",
    "GUEST_WARDEN",
    "Interpreter",
    "Roots",
    "base_interpreter",
    "find_interpreter",
]

GUEST_WARDEN = "/opt/veristone"
_USR_BIN = "/usr/bin"
GUEST_PLACES = ("/work", "/tmp", "/dev/shm")
"""Folders that are a sandbox's own: what the host has there is not seen."""
_SHARED = ("/usr", "/usr/local", "/")
"""Prefixes that an interpreter shares with the rest of the host."""
# Bound where the host has them. Modules outside of the interpreter find their data there.
_DATA = (
    *("/usr/lib/locale", "/usr/lib/os-release", "/usr/lib/ssl", "/usr/share/zoneinfo"),
    *("/usr/share/terminfo", "/usr/share/ca-certificates", "/usr/share/tcltk", "/usr/share/perl"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/etc/mime.types"),
    "/etc/ssl/certs",
)
_HOSTS = "127.0.0.1 localhost sandbox\n::1 localhost\n"
_QUESTION = """
import compileall, json, sys, sysconfig
compileall.compile_dir(sys.argv[1], quiet=2)
library = (sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME") or "")
print(json.dumps({
    "executable": sys.executable,
    "version": sys.version_info[:2],
    "prefixes": sorted({sys.prefix, sys.base_prefix, sys.exec_prefix}),
    "path": [folder for folder in sys.path if folder],
    "library": "/".join(library),
}))
"""


_LACKS = """
import importlib.util, sys
print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name) is None))
"""


class Interpreter(NamedTuple):
    """A Python of the host: its executable and the folders and files that it needs to see."""

    executable: str
    needs: tuple[str, ...]


def base_interpreter() -> str:
    """Return the interpreter that runs this process, without its virtual environment."""
    return getattr(sys, "_base_executable", None) or sys.executable


def find_interpreter(executable: str, warden: Path) -> Interpreter:
    """Ask a Python where its files are; have it compile the modules of the warden.

    Raises:
        ConfigError: it is no Python that a warden can run on.
    """
    try:
        answer = subprocess.run(
            [executable, "-I", "-c", _QUESTION, str(warden)],
            capture_output=True,
            timeout=60,
            check=True,
        )
        found = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise ConfigError(f"python: {executable!r} does not run: {error}") from error
    if tuple(found["version"]) < (3, 9):
        raise ConfigError(f"python: {executable!r} is too old, sandboxes need 3.9 or newer")
    hidden = next(
        (own for own in GUEST_PLACES if Path(found["executable"]).is_relative_to(own)), None
    )
    if hidden is not None:
        raise ConfigError(
            f"python: {executable!r} lies under {hidden}, where a sandbox has a folder of its own:"
            f" use one that lies elsewhere"
        )
    own = [prefix for prefix in found["prefixes"] if prefix not in _SHARED]
    # An environment's executable is a link into another interpreter's prefix.
    real = Path(found["executable"]).resolve()
    if str(real.parent.parent) not in _SHARED:
        own.append(str(real.parent.parent))
    needs = [*own, *found["path"], found["library"]]
    if str(real.parent) != _USR_BIN:
        needs.append(str(real))
    return Interpreter(found["executable"], tuple(needs))


class Roots:
    """What sandboxes see, by language. Programs and warden are copied once into a folder of ours.

    Raises:
        ConfigError: `executable` is no Python that a warden can run on.
    """

    def __init__(self, folder: Path, executable: str) -> None:
        self._folder = folder
        self._warden = folder / "warden"
        shutil.copytree(WARDEN, self._warden, ignore=shutil.ignore_patterns("Dockerfile"))
        self.interpreter = find_interpreter(executable, self._warden)
        self._programs = folder / "bin"
        self._hosts = folder / "hosts"
        self._hosts.write_text(_HOSTS)
        self._copies = _programs(self._programs, self.interpreter)
        self._known: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def words(self, language: Language) -> list[str]:
        """Return bwrap's words for the root of a language's sandboxes.

        Raises:
            ToolchainMissing: the host lacks what the language needs.
        """
        with self._lock:
            if language.name not in self._known:
                self._need_modules(language)
                self._known[language.name] = self._words(language, find_toolchain(language))
            return self._known[language.name]

    def _need_modules(self, language: Language) -> None:
        host, python = language.host, self.interpreter.executable
        if host is None or not host.modules:
            return
        question = [python, "-I", "-c", _LACKS, *host.modules]
        done = subprocess.run(question, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0 or done.stdout.split():
            raise ToolchainMissing(
                f"bubblewrap: {language.name} needs {' '.join(host.modules)} in {python};"
                f" run: {host.install}"
            )

    def _words(self, language: Language, tools: Toolchain) -> list[str]:
        interpreter = self.interpreter
        shown = _outermost([*_libraries(), *_DATA, *interpreter.needs, *tools.needs])
        words = _folders([_USR_BIN, "/etc", f"{GUEST_WARDEN}/warden", *shown])
        words += self._usr_bin(language, tools)
        for path in shown:
            words += ["--ro-bind-try", path, path]
        real, given = Path(interpreter.executable).resolve(), Path(interpreter.executable)
        if real != given and str(given.parent.parent) in _SHARED and str(given.parent) != _USR_BIN:
            words += ["--symlink", str(real), str(given)]
        words += ["--symlink", "bin", "/usr/sbin"]
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            words += _at_the_top(Path("/", name))
        if (made := prepared(language)) is not None:
            words += ["--ro-bind", str(made), GUEST_PREPARED]
        words += ["--ro-bind", str(self._hosts), "/etc/hosts"]
        return [*words, "--ro-bind", str(self._warden), f"{GUEST_WARDEN}/warden"]

    def _usr_bin(self, language: Language, tools: Toolchain) -> list[str]:
        """Words that show the copied programs, and beside them those of a language."""
        if not self._copies:
            return ["--ro-bind", _USR_BIN, _USR_BIN]
        folder = self._programs
        if tools.programs:
            folder = self._folder / language.name
            shutil.copytree(self._programs, folder, symlinks=True, copy_function=os.link)
        words = ["--ro-bind", str(folder), _USR_BIN]
        for name, program in tools.programs.items():
            place = folder / name
            if place.exists():
                continue
            if str(program.parent) == _USR_BIN:
                place.touch()
                words += ["--ro-bind", str(program), f"{_USR_BIN}/{name}"]
            else:
                place.symlink_to(program)
        return words


def _libraries() -> list[str]:
    """Where the dynamic linker looks: one architecture, where the host keeps them apart."""
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    own = f"/usr/lib/{triplet}" if triplet and Path("/usr/lib", triplet).is_dir() else "/usr/lib"
    return [own, "/usr/lib32", "/usr/lib64", "/usr/libx32"]


def _outermost(paths: list[str]) -> list[str]:
    """Return the paths that are there and not below another one."""
    found: list[str] = []
    for path in sorted(set(paths), key=len):
        if Path(path).exists() and not any(Path(path).is_relative_to(one) for one in found):
            found.append(path)
    return found


def _folders(paths: list[str]) -> list[str]:
    """Words that make the folders above `paths`, open to the sample's user.

    bwrap would make those that are missing, for root alone.
    """
    above = {str(parent) for path in paths for parent in Path(path).parents[:-1]}
    return [word for path in sorted(above, key=len) for word in ("--perms", "0755", "--dir", path)]


def _at_the_top(path: Path) -> list[str]:
    """Words that make /bin, /lib and their kind as the host has them."""
    if path.name in ("bin", "sbin"):
        return ["--symlink", f"usr/{path.name}", str(path)]
    if path.is_symlink():
        return ["--symlink", str(path.readlink()), str(path)]
    return ["--ro-bind", str(path), str(path)] if path.is_dir() else []


def _programs(folder: Path, interpreter: Interpreter) -> bool:
    """Copy the programs of the list into `folder`; False where copies could not be started."""
    folder.mkdir(mode=0o755)
    if os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return False
    lines = (Path(__file__).parent / "programs.txt").read_text().splitlines()
    for name in " ".join(line for line in lines if not line.startswith("#")).split():
        found = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
        if found is not None:
            _copy(folder, name, Path(found).resolve())
    real = Path(interpreter.executable).resolve()
    if str(real.parent) == _USR_BIN:
        _copy(folder, real.name, real)
    for name in {Path(interpreter.executable).name, "python3"}:
        link = folder / name
        if not link.exists():
            link.symlink_to(real if str(real.parent) != _USR_BIN else real.name)
    return True


def _copy(folder: Path, name: str, program: Path) -> None:
    """Copy a program once, however many names it has."""
    copy = folder / program.name
    if not copy.exists():
        shutil.copyfile(program, copy)
        copy.chmod(0o755)
    if not (folder / name).exists():
        (folder / name).symlink_to(program.name)
