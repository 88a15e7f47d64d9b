"""`bad_concepts`: a list of phrases that is none."""

from collections.abc import Sequence

from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["concepts"]


def concepts(
    found: Sequence[str], *, least: int, most: int, most_words: int, most_characters: int
) -> Problem | None:
    """Return what is wrong with a list: too few, too many, or a phrase that is a sentence, code or
    nothing but signs."""
    if not least <= len(found) <= most:
        return problem("bad_concepts", f"{len(found)} concepts, {least} to {most} are expected")
    for phrase in found:
        if len(phrase) > most_characters or len(phrase.split()) > most_words:
            return problem("bad_concepts", f"too long: {phrase}")
        if not any(char.isalpha() for char in phrase):
            return problem("bad_concepts", f"no word: {phrase}")
        if "```" in phrase or phrase.startswith(("#", "def ", "class ", "import ", "return ")):
            return problem("bad_concepts", f"no concept: {phrase}")
    return None
