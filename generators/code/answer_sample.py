"""The sample that a model's answer and a row of a dataset are: what is judged, and how."""

from typing import Any

from veristone import FunctionCheck, Limits, Sample
from veristone.forms import check_of
from veristone.generators.code.answers import solution_in_answer

__all__ = ["answer_sample"]


def answer_sample(
    answer: str, check: Any, language: str = "python", limits: Limits | None = None
) -> Sample:
    """Return the sample that a model's answer and a row's check are.

    Args:
        answer: what the model wrote, with or without words and fences around its code.
        check: in any form that `veristone.forms.check_of` knows.
        language: of the code.
        limits: of the sample; the usual ones where left out.

    Raises:
        InvalidSample: the check is none.
    """
    found = check_of(check)
    entry_point = found.entry_point if isinstance(found, FunctionCheck) else ""
    code = solution_in_answer(answer, entry_point=entry_point).code
    return Sample(code=code, check=found, language=language, limits=limits or Limits())
