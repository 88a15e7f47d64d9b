"""The selftest of a language: programs whose verdicts are known.

Each file in `sandbox_images/LANGUAGE/selftest/` is a program. Its first line says what must come
out, as a comment: ``# expect: wrong_answer``; a file ``NAME.out`` beside it holds its output.
"""

from collections.abc import Iterator

from veristone import Limits, ProgramCheck, Reason, Sample
from veristone.engine.languages import Language

__all__ = ["selftests"]


def selftests(language: Language) -> Iterator[tuple[Sample, Reason]]:
    """Yield each program as a sample, with the reason its verdict must have."""
    for path in sorted((language.folder / "selftest").iterdir()):
        if path.suffix == ".out" or not path.is_file():
            continue
        code = path.read_text()
        _, found, wanted = code.splitlines()[0].partition("expect:")
        output = path.with_suffix(".out")
        check = ProgramCheck(stdout=output.read_text() if output.exists() else None)
        limits = Limits(cpu_s=2.0, wall_s=5.0)
        sample = Sample(id=path.name, code=code, language=language.name, check=check, limits=limits)
        yield sample, Reason(wanted.strip()) if found else Reason.PASSED
