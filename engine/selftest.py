"""The selftest of a language: programs whose verdicts are known.

Each file in `sandbox_images/LANGUAGE/selftest/` is a program. Its first line says which reasons
are right, as a comment: ``# expect: memory_limit runtime_error``. A file ``NAME.in`` beside it is
its input, ``NAME.out`` holds its output. What is long and the same in every language lies once, in
the folder `selftest` beside those of the languages.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from veristone import Limits, ProgramCheck, Reason, Sample
from veristone.engine.languages import Language

__all__ = ["Selftest", "selftests"]

_BESIDE = (".in", ".out")
# CPU time decides; the wall clock is no test of a machine that does other things too.
_LIMITS = Limits(cpu_s=2.0, wall_s=30.0)


class Selftest(NamedTuple):
    """A program, and the reasons that its verdict may have."""

    sample: Sample
    reasons: frozenset[Reason]


def selftests(language: Language) -> Iterator[Selftest]:
    """Yield the programs of a language, by name."""
    for path in sorted((language.folder / "selftest").iterdir()):
        if path.suffix in _BESIDE or not path.is_file():
            continue
        code = path.read_text()
        _, _, wanted = code.splitlines()[0].partition("expect:")
        check = ProgramCheck(
            stdin=_beside(path, language, ".in") or "", stdout=_beside(path, language, ".out")
        )
        sample = Sample(
            id=path.stem, code=code, language=language.name, check=check, limits=_LIMITS
        )
        words = [word for word in wanted.split() if word in set(Reason)]
        yield Selftest(sample, frozenset(map(Reason, words)))


def _beside(path: Path, language: Language, suffix: str) -> str | None:
    """Return the text that goes with a program: the language's own, else that of all languages."""
    own = path.with_suffix(suffix)
    for place in (own, language.folder.parent / "selftest" / own.name):
        if place.exists():
            return place.read_text()
    return None
