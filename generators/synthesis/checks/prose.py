"""`wrong_language` of prose: an answer that is not in English, where English is asked for."""

from veristone.generators.code.fences import without_fences
from veristone.generators.seeds.filters.languages_of_prose import foreign_words, is_foreign_script
from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["prose"]


def prose(text: str, wanted: str) -> Problem | None:
    """Return whether the text outside of code is in another script or language; `wanted` is
    `english` or `any`."""
    if wanted != "english":
        return None
    plain = without_fences(text)
    if is_foreign_script(plain):
        return problem("wrong_language", "prose in another script")
    found = foreign_words(plain)
    if found:
        return problem("wrong_language", f"prose: {', '.join(found[:5])}")
    return None
