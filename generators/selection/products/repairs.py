"""Repairs: a failing answer and its error as a question, an answer that passes as the reply.

The reply is the pass that is most like the failure, so that as little as possible changes.
"""

import difflib

from veristone.generators.selection.products.errors import clean_error
from veristone.generators.selection.products.material import Material, Products, Shaped
from veristone.generators.selection.rows import Repair

__all__ = ["repairs"]

_COMPARED_CHARS = 4000
_COMPARED_PASSES = 20
"""Comparing two texts takes time with the product of their lengths."""


def repairs(material: Material, settings: Products) -> list[Repair]:
    """Return at most `settings.repairs` rows; failures without a message make none."""
    found: list[Repair] = []
    for failure in material.failures:
        if len(found) == settings.repairs:
            break
        verdict = failure.record.verdict
        error = clean_error(verdict) if verdict is not None else ""
        if verdict is None or not error or not material.passes:
            continue
        fixed = _nearest(failure, material.passes)
        found.append(
            Repair(
                id=f"{failure.record.id}>{fixed.record.id.rpartition('/')[2]}",
                group=material.group,
                prompt=_question(material.prompt, failure.text, error),
                completion=fixed.text,
                instruction=material.prompt,
                failing=failure.text,
                error=error,
                reason=str(verdict.reason),
                language=failure.record.language,
            )
        )
    return found


def _nearest(failure: Shaped, passes: tuple[Shaped, ...]) -> Shaped:
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(failure.text[:_COMPARED_CHARS].split())

    def likeness(one: Shaped) -> float:
        matcher.set_seq1(one.text[:_COMPARED_CHARS].split())
        return matcher.ratio()

    return max(passes[:_COMPARED_PASSES], key=likeness)


def _question(instruction: str, answer: str, error: str) -> str:
    fence = "```"
    while fence in error:
        fence += "`"
    return (
        f"{instruction}\n\nThis answer does not work:\n\n{answer}\n\n"
        f"When it is run, this is what is seen:\n\n{fence}\n{error}\n{fence}\n\n"
        "Give an answer that works."
    )
