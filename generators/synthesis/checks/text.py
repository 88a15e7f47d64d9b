"""Checks of prose: whether it is whole, of the right size, and the model's own."""

import re
from collections.abc import Sequence

from veristone.generators.code.answers import SPECIAL_TOKEN
from veristone.generators.code.fences import outside
from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["concepts", "finish", "leak", "size"]

_ENDED = frozenset({"stop", "eos", "eos_token", "stop_sequence", "end_turn", ""})
"""Words of servers for a model that came to its end, or to a stop string."""
_MARKERS = re.compile(
    r"[ ]{0,3}(?:"
    r"#{1,6}[ \t]*(?:Example(?:[ \t]+\d+)?|Instruction|Response|Snippet|Seed|Concepts"
    r"|Propert(?:y|ies)|#?Rewritten Prompt#?)[ \t]*:?[ \t]*#*"
    r"|@@[ \t]*(?:Instruction|Response)"
    r"|</?(?:instruction|response|tests|snippet|concepts|example)>"
    r"|===[ \t]+(?:system|user|assistant)"
    r")[ \t]*"
)
_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_MOST_CONCEPTS = 12
_MOST_WORDS, _MOST_CHARACTERS = 10, 80
"""Of one concept; longer ones are sentences."""
_LONGEST_LINE = 10_000
"""Characters of a line that are looked at; spans make the search more than linear."""


def finish(text: str, finish_reason: str) -> Problem | None:
    """`empty`, `truncated`, `unfinished`: why a completion is not to be read.

    What can be seen is what counts: zero-width spaces alone are empty.
    """
    if finish_reason == "length":
        return problem("truncated", f"cut after {len(text)} characters")
    if finish_reason not in _ENDED:
        return problem("unfinished", finish_reason)
    if not any(char.isprintable() and not char.isspace() for char in text):
        return problem("empty")
    return None


def size(text: str, least: int, most: int, what: str) -> Problem | None:
    """`too_long`, `too_short`: characters of `what`, blanks around it aside."""
    characters = len(text.strip())
    if not characters:
        return problem("empty", f"no {what}")
    if characters < least:
        return problem("too_short", f"{what}: {characters} characters, {least} at least")
    if characters > most:
        return problem("too_long", f"{what}: {characters} characters, {most} at most")
    return None


def leak(text: str, markers: Sequence[str] = ()) -> Problem | None:
    """`leaked_template`: pieces of a prompt, or tokens of a tokenizer; `markers` are more
    beginnings of lines that are leaks.

    A base model that does not stop goes on with the next example; a tokenizer's special tokens come
    as text. Only prose is looked at: a tokenizer's own source code has such strings by right, in
    fences or in backticks. Markers of ours count alone on their line, so that a heading such as
    `## Example usage` is none.
    """
    for line in outside(text):
        shown = line.text[:_LONGEST_LINE]
        if _MARKERS.fullmatch(shown):
            return problem("leaked_template", shown.strip())
        for marker in markers:
            if marker and shown.lstrip().startswith(marker):
                return problem("leaked_template", marker)
        token = SPECIAL_TOKEN.search(_SPAN.sub("", shown) if "`" in shown else shown)
        if token is not None:
            return problem("leaked_template", token[0])
    return None


def concepts(found: Sequence[str]) -> Problem | None:
    """`bad_concepts`: a list with too few or too many phrases, or with one that is a sentence, code
    or nothing but signs."""
    if not 1 <= len(found) <= _MOST_CONCEPTS:
        return problem("bad_concepts", f"{len(found)} concepts, 1 to {_MOST_CONCEPTS} are expected")
    for phrase in found:
        if len(phrase) > _MOST_CHARACTERS or len(phrase.split()) > _MOST_WORDS:
            return problem("bad_concepts", f"too long: {phrase}")
        if not any(char.isalpha() for char in phrase):
            return problem("bad_concepts", f"no word: {phrase}")
        if "```" in phrase or phrase.startswith(("#", "def ", "class ", "import ", "return ")):
            return problem("bad_concepts", f"no concept: {phrase}")
    return None
