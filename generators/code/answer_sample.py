"""The sample that a model's answer and a row of a dataset are: what is judged, and how."""

from typing import Any

import msgspec

from veristone import AssertsCheck, Check, FunctionCheck, Limits, Sample
from veristone.forms import check_of, is_ours
from veristone.generators.code.answers import solution_in_answer
from veristone.generators.code.fences import is_python, tags_of
from veristone.generators.code.names import asked_names, defines

__all__ = ["answer_sample", "code_for", "with_json_values", "without_entry"]

_MOST_NAMES = 20
"""Names that tests mention which are tried as that of the solution."""
_ENTRY = "veristone_entry"
_HEAD = f"\n\ndef {_ENTRY}(*arguments):\n"


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
    code = code_for(answer, found, language)
    if isinstance(found, FunctionCheck) and not is_ours(check):
        code, found = with_json_values(code, found)
    return Sample(code=code, check=found, language=language, limits=limits or Limits())


def code_for(answer: str, check: Check, language: str) -> str:
    """Return the program in an answer that a check is about."""
    if not is_python(language) and not language.lower().startswith("python"):
        return solution_in_answer(answer, tags=tags_of(language.lower())).code
    names, also = [""], list[str]()
    if isinstance(check, FunctionCheck):
        names = [check.entry_point.partition(".")[0], "Solution"]
    elif isinstance(check, AssertsCheck):
        names = also = asked_names(check.tests)[:_MOST_NAMES] or names
    for name in names:
        code = solution_in_answer(answer, entry_point=name, also=also).code
        if defines(code, name):
            return code
    return solution_in_answer(answer, entry_point=names[0]).code


def with_json_values(code: str, check: FunctionCheck) -> tuple[str, FunctionCheck]:
    """Return a program and its check where the expected values came from JSON.

    JSON has no tuples and no keys but text, so an answer is taken as JSON would write it. The
    function may be a method of `Solution`, as LeetCode has it.
    """
    if not check.entry_point.isidentifier():
        return code, check
    in_class = defines(code, "Solution") and not defines(code, check.entry_point)
    owner = "Solution()." if in_class else ""
    code += (
        f"{_HEAD}    import json\n"
        f"    answer = {owner}{check.entry_point}(*arguments)\n"
        "    try:\n"
        "        return json.loads(json.dumps(answer))\n"
        "    except (TypeError, ValueError, RecursionError):\n"
        "        return answer\n"
    )
    return code, msgspec.structs.replace(check, entry_point=_ENTRY)


def without_entry(code: str) -> str:
    """Return a program without what `with_json_values` put behind it."""
    return code.rpartition(_HEAD)[0] or code
