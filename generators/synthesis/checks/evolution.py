"""`not_evolved`: an instruction that did not become another one.

WizardCoder dropped evolutions that said nothing new, that a model could not answer, or that had
words of the prompt in them; the last is `leaked_template` here.
"""

import re

from veristone.generators.code.fences import fences
from veristone.generators.synthesis.checks.base import Problem, problem
from veristone.generators.synthesis.parsing.words import folded, rouge_l, words

__all__ = ["evolution"]

_SAME = 0.98
"""ROUGE-L from which two instructions are the same but for a word or two in a hundred."""
_ANSWERS = re.compile(
    r"\A\W*(?:sure\b|certainly\b|of course\b"
    r"|here(?:'s| is)\b[^\n]{0,60}\b(?:solution|implementation|code|answer)\b"
    r"|i(?:'m| am) sorry\b|i can(?:not|'t)\b|as an ai\b"
    r"|\[?(?:solution|answer|implementation)\]?\s*:)",
    re.IGNORECASE,
)
_MOSTLY = 0.7
"""Share of a text from which the code in it is the text."""


def evolution(text: str, parent: str, *, growth: float, shrink: float) -> Problem | None:
    """Return whether an evolution repeats its parent, is out of proportion to it, or answers it.

    `growth` and `shrink` are how many times longer and shorter it may be, in characters.
    """
    mine, theirs = folded(text), folded(parent)
    if mine == theirs or rouge_l(words(text), words(parent)) > _SAME:
        return problem("not_evolved", "says the same as before")
    if len(mine) > growth * max(len(theirs), 1):
        return problem("too_long", f"{len(mine) / max(len(theirs), 1):.1f} times its parent")
    if len(mine) * shrink < len(theirs):
        return problem("too_short", f"1/{len(theirs) / max(len(mine), 1):.1f} of its parent")
    if _ANSWERS.match(text):
        return problem("not_evolved", f"answers: {text.strip()[:60]}")
    code = sum(len(folded(fence.code)) for fence in fences(text))
    before = sum(len(folded(fence.code)) for fence in fences(parent))
    if code - before > _MOSTLY * len(mine):
        return problem("not_evolved", "mostly code")
    return None
