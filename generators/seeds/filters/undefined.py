"""The undefined step: rejects seeds that use names which are bound nowhere.

By ruff's F821 and F822, at a hundredth of the cost of a type checker and with the same verdict:
whatever is undefined here is an error in Pyright too, so the step goes before it.

Names in annotations count, quoted ones too. Names that exist only in type comments do not, and
after a star import any name may be defined: both are left to Pyright. `# noqa` excuses nothing.
A name that is bound in one branch only counts as bound.
"""

import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

import msgspec

from veristone import ConfigError
from veristone.generators.seeds.filters.details import one_line
from veristone.generators.seeds.filters.pyright_process import CheckerFailed, Limits, run, settle
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import BatchStep, Outcome, Rejected

__all__ = ["RUFF_VERSION", "Undefined", "find_ruff"]

RUFF_VERSION = "0.17.5"
"""Another version may know other builtins and another grammar."""

_BATCH = 1000
_UNDEFINED = frozenset({"F821", "F822"})
_LIMITS = Limits(address_space_bytes=8 * 1024**3)
_NAME = re.compile("`(.*?)`", re.DOTALL)
_HARMLESS = b"x = 1\n"
_SENTINEL = b"undefined\n"
_ARGUMENTS = (
    *("check", "--isolated", "--no-cache", "--no-respect-gitignore", "--ignore-noqa", "--no-fix"),
    *("--config", "exclude=[]", "--select", ",".join(sorted(_UNDEFINED))),
    *("--target-version", "py311", "--output-format", "json", "."),
)


class _Location(msgspec.Struct):
    row: int
    column: int


class _Finding(msgspec.Struct):
    code: str | None
    filename: str
    message: str
    location: _Location


_DECODER = msgspec.json.Decoder(list[_Finding])


class Undefined(BatchStep, frozen=True):
    """Rejects seeds with undefined names or wrong syntax."""

    kind: Literal["undefined"] = "undefined"
    languages: ClassVar[frozenset[str] | None] = frozenset({"python"})
    reasons: ClassVar[tuple[str, ...]] = (
        "undefined_name",
        "syntax_error",
        "not_utf8",
        "checker_timeout",
        "checker_crashed",
    )

    def prepare(self, folder: Path) -> None:
        """Check ruff's version, and sweep what killed workers left."""
        ruff = find_ruff()
        try:
            told = subprocess.run(
                [ruff, "--version"], capture_output=True, text=True, check=True, timeout=60
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ConfigError(f"step undefined: ruff does not run: {error}") from error
        found = told.stdout.strip().removeprefix("ruff ").partition(" ")[0]
        if found != RUFF_VERSION:
            raise ConfigError(
                f"step undefined: ruff {RUFF_VERSION} is needed and {found} is installed:"
                f" pip install ruff=={RUFF_VERSION}"
            )
        for left in folder.glob("batch-*"):
            shutil.rmtree(left)

    def apply(self, seeds: Sequence[Seed], folder: Path) -> list[Outcome]:
        """Look for undefined names, many seeds in one process."""
        outcomes: list[Outcome] = list(seeds)
        texts: list[tuple[int, bytes]] = []
        for number, seed in enumerate(seeds):
            try:
                texts.append((number, seed.text.encode()))
            except UnicodeEncodeError as error:
                outcomes[number] = Rejected("not_utf8", one_line(str(error)))
        for first in range(0, len(texts), _BATCH):
            some = texts[first : first + _BATCH]
            check = functools.partial(_check, folder=folder)
            found = settle([text for _, text in some], check, _broken, _HARMLESS)
            for (number, _), rejected in zip(some, found, strict=True):
                if rejected is not None:
                    outcomes[number] = rejected
        return outcomes


@functools.cache
def find_ruff() -> str:
    """Return the path of the ruff program that belongs to this Python's `ruff` distribution.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        from ruff import find_ruff_bin

        return str(find_ruff_bin())
    except (ImportError, FileNotFoundError) as error:
        raise ConfigError(
            "step undefined: ruff is not installed; install the extra: pip install"
            " 'veristone[seeds]'"
        ) from error


def _check(texts: Sequence[bytes], folder: Path) -> list[Rejected | None]:
    with tempfile.TemporaryDirectory(prefix="batch-", dir=folder) as name:
        room = Path(name).resolve()
        for number, text in enumerate((*texts, _SENTINEL)):
            (room / f"{number}.py").write_bytes(text)
        # One worker for each core, so one thread for each worker.
        environment = {"HOME": name, "TMPDIR": name, "RAYON_NUM_THREADS": "1", "NO_COLOR": "1"}
        findings = _findings(run([find_ruff(), *_ARGUMENTS], room, environment, _LIMITS))
    by_file: list[list[_Finding]] = [[] for _ in range(len(texts) + 1)]
    for finding in findings:
        by_file[int(Path(finding.filename).stem)].append(finding)
    # A run that looked at nothing would find nothing.
    if not by_file.pop():
        raise CheckerFailed("checker_crashed", "ruff did not look at its files")
    return [_verdict(found) for found in by_file]


def _findings(output: bytes) -> list[_Finding]:
    try:
        return _DECODER.decode(output)
    except msgspec.MsgspecError as error:
        raise CheckerFailed(
            "checker_crashed", "output that is no report", said=str(error)
        ) from error


def _verdict(found: list[_Finding]) -> Rejected | None:
    found.sort(key=lambda one: (one.location.row, one.location.column))
    names: list[str] = []
    for one in found:
        if one.code in (None, "invalid-syntax"):
            return Rejected("syntax_error", one_line(one.message))
        quoted = _NAME.search(one.message)
        if one.code not in _UNDEFINED or quoted is None:
            raise CheckerFailed("checker_crashed", f"{one.code}: {one.message}")
        names.append(quoted.group(1))
    if not names:
        return None
    return Rejected("undefined_name", one_line(", ".join(dict.fromkeys(names))))


def _broken(failure: CheckerFailed) -> Rejected:
    return Rejected(failure.reason, one_line(failure.detail))
