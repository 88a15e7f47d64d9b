"""What a sandbox and the engine are made of: a name for it changes whenever an outcome may.

Images by the digest of their files; under bubblewrap the interpreter, its libraries and the host's
own compilers by path, size and time.
"""

import functools
import hashlib
from pathlib import Path

from veristone import __version__
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.backends.root import base_interpreter
from veristone.engine.backends.toolchain import find_toolchain
from veristone.engine.config import EngineConfig
from veristone.engine.languages import Language, find, serving

__all__ = ["engine_code", "sandboxes_of"]


def sandboxes_of(language: str, config: EngineConfig, backend: str) -> bytes:
    """Return what outcomes of programs of a language depend on, besides the programs."""
    return _sandboxes_of(find(language).name, config.python, config.runtime, backend)


@functools.cache
def _sandboxes_of(name: str, interpreter: str | None, runtime: str | None, backend: str) -> bytes:
    python = Path(interpreter or base_interpreter()).resolve()
    libraries = [
        (str(folder), folder.stat().st_mtime_ns)
        for folder in sorted(python.parents[1].glob("lib/python*/*-packages"))
    ]
    may_run = [find(name), *(other for _, other in serving(name))]
    images = [each.image() for each in may_run]
    programs = [_programs(each) for each in may_run] if backend == "bubblewrap" else []
    return repr((__version__, images, backend, runtime, python, libraries, programs)).encode()


def _programs(language: Language) -> list[tuple[str, int, int]]:
    try:
        paths = find_toolchain(language).programs.values()
        stats = [(str(path), path.stat()) for path in paths]
    except (ToolchainMissing, OSError):
        return []
    return [(path, stat.st_size, stat.st_mtime_ns) for path, stat in stats]


@functools.cache
def engine_code() -> bytes:
    """Return a digest of the code that judges, which in a checkout changes without its version."""
    state = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        state.update(str(path.relative_to(folder)).encode() + b"\0")
        state.update(path.read_bytes() + b"\0")
    return state.digest()
