"""The pyright step: keeps seeds in which Pyright finds no error.

The verdict is on `Seed.text` as a module of its own, by a pinned Pyright with our own
configuration, and is the same on every machine: see `pyright_config` for what is an error and
`pyright_runner` for how a seed is kept from seeing anything but the standard library's stubs.

Not promised: that code which cannot be reached is checked (after a `return`, or under
`if sys.version_info < (3,)`); Pyright never looks at it.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from veristone import ConfigError
from veristone.generators.seeds.filters.details import one_line
from veristone.generators.seeds.filters.pyright_config import PYRIGHT_VERSION, configuration
from veristone.generators.seeds.filters.pyright_process import CheckerFailed, Limits, settle
from veristone.generators.seeds.filters.pyright_runner import TypeFault, check, neutral, version
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import BatchStep, Outcome, Rejected

__all__ = ["Pyright"]

_CONFIGURATION = "pyrightconfig.json"
_HARMLESS = b"x = 1\n"


class Pyright(BatchStep, frozen=True):
    """Rejects seeds in which Pyright finds an error, and those with which it cannot finish."""

    kind: Literal["pyright"] = "pyright"
    gathers: ClassVar[bool] = True
    languages: ClassVar[frozenset[str] | None] = frozenset({"python"})
    reasons: ClassVar[tuple[str, ...]] = (
        "type_error",
        "syntax_error",
        "not_utf8",
        "checker_timeout",
        "checker_crashed",
    )

    missing_imports: bool = False
    """Whether an import that is neither in the standard library nor among Pyright's bundled stubs
    is an error too."""
    batch: Annotated[int, Field(ge=1)] = 2000
    """Seeds in one Pyright process. Larger is faster, as each process reads the standard library's
    stubs anew, and takes more memory: about 700 MiB at 2000."""
    cpu_limit_s: Annotated[int, Field(ge=1)] = 60
    """CPU seconds of one Pyright process, whether for one seed or for a whole batch, which takes
    about 20."""

    def prepare(self, folder: Path) -> None:
        """Write the configuration, sweep what killed workers left, and check the version."""
        found = version()
        if found != PYRIGHT_VERSION:
            raise ConfigError(
                f"step pyright: Pyright {PYRIGHT_VERSION} is needed and {found} is installed:"
                f" pip install 'pyright[nodejs]=={PYRIGHT_VERSION}'"
            )
        for left in folder.glob("batch-*"):
            shutil.rmtree(left)
        (folder / _CONFIGURATION).write_bytes(configuration(self.missing_imports))

    def apply(self, seeds: Sequence[Seed], folder: Path) -> list[Outcome]:
        """Type-check the seeds, a batch in one process."""
        outcomes: list[Outcome] = list(seeds)
        texts: list[tuple[int, bytes]] = []
        for number, seed in enumerate(seeds):
            try:
                texts.append((number, neutral(seed.text).encode()))
            except UnicodeEncodeError as error:
                outcomes[number] = Rejected("not_utf8", one_line(str(error)))
        for first in range(0, len(texts), self.batch):
            some = texts[first : first + self.batch]
            found = self._check([text for _, text in some], folder)
            for (number, _), rejected in zip(some, found, strict=True):
                if rejected is not None:
                    outcomes[number] = rejected
        return outcomes

    def _check(self, texts: Sequence[bytes], folder: Path) -> list[Rejected | None]:
        settings = (folder / _CONFIGURATION).read_bytes()
        limits = Limits(cpu_s=self.cpu_limit_s)

        def judge(some: Sequence[bytes]) -> list[Rejected | None]:
            return [_verdict(fault) for fault in check(some, settings, folder, limits)]

        return settle(texts, judge, _broken, _HARMLESS)


def _verdict(fault: TypeFault | None) -> Rejected | None:
    if fault is None:
        return None
    message = fault.message.partition("\n")[0]
    if not fault.rule:
        return Rejected("syntax_error", one_line(message))
    return Rejected("type_error", one_line(f"{fault.rule}: {message}"))


def _broken(failure: CheckerFailed) -> Rejected:
    return Rejected(failure.reason, one_line(failure.detail))
