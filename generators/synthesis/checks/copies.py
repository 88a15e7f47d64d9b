"""Texts that were there before: in the prompt, in an earlier completion, before an evolution.

Compared without white space and case. A short piece of code that two texts share is no copy: only
pieces of MIN_CHARACTERS and more count, and whole texts of any length.
"""

import re
from collections.abc import Collection, Iterable, Sequence

from veristone.generators.code.fences import fences, without_fences
from veristone.generators.code.python import parses
from veristone.generators.synthesis.checks.base import Problem, problem
from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.records import Record

__all__ = [
    "MIN_CHARACTERS",
    "NEAR",
    "duplicate",
    "evolution",
    "example_code",
    "example_instruction",
    "folded",
    "rouge_l",
    "seed_code",
    "seed_in_instruction",
    "words",
]

MIN_CHARACTERS = 60
"""Of a shared piece, without white space: two or three lines of code."""
NEAR = 0.9
"""ROUGE-L from which an instruction is an example's with a word changed."""
_SAME = 0.98
"""ROUGE-L from which two instructions are the same but for a word or two in a hundred."""
_GROWTH, _SHRINK = 4.0, 3.0
"""How many times as long as its parent, and how many times shorter, an evolution may be, in
characters."""
_MOSTLY = 0.7
"""Share of a text from which the code in it is the text."""
_WORD = re.compile(r"\w+")
_PLEASE = re.compile(r"\A\W*(?:please|kindly)\b\W*", re.IGNORECASE)
_KINDS = r"(?:prompt|task|instruction|problem|question|exercise|version)"
_ANSWERS = re.compile(
    r"\A\W*(?:sure\b|certainly\b|of course\b|absolutely\b|ok(?:ay)?\b[,.!:]|great\b[,.!:]"
    r"|here(?:'s| is| are)\b[^\n]{0,60}\b(?:solution|implementation|code|answer)\b"
    rf"|(?:here(?:'s| is)|below is|this is)\b[^\n]{{0,80}}\b{_KINDS}\b[^\n]{{0,60}}:"
    r"|(?:i(?:'m| am)(?: very| so)? |we(?:'re| are) )?sorry\b"
    r"|i (?:can(?:not|'t)|won't|apologi[sz]e)\b"
    r"|i(?:'m| am) (?:unable|not able)\b|unfortunately\b|as an? (?:ai|(?:large )?language model)\b"
    r"|\[?(?:solution|answer|implementation)\]?\s*:)",
    re.IGNORECASE,
)
_EVOLVED = r"(?:re-?written|evolved|given|created|new|original|final|modified|revised|harder)"
_KIND = rf"(?:programming |coding )?{_KINDS}"
_OF_THE_PROMPT = (
    re.compile(rf"#+ ?(?:the )?{_EVOLVED} {_KIND} ?#+", re.IGNORECASE),
    re.compile(rf"\A\W*(?:the )?{_EVOLVED} {_KIND}\W*(?::|\n)", re.IGNORECASE),
    re.compile(rf"\b(?:re-?written|evolved) {_KIND}\b", re.IGNORECASE),
    re.compile(rf"^\W*(?:the )?(?:re-?written|evolved|original)(?: {_KIND})?\W*:", re.I | re.M),
    re.compile(rf"\bthe original {_KIND} (?:asks|asked|was|is)\b", re.IGNORECASE),
    re.compile(
        rf"^\W*(?:changes|modifications) made\W*:|^\W*this (?:new )?version (?:adds|of the"
        rf" {_KIND}|requires|asks|makes)\b",
        re.I | re.M,
    ),
    re.compile(r"\b(?:given|original|initial|previous) (?:prompt|instruction)\b", re.IGNORECASE),
    re.compile(
        rf"\b(?:given|original|initial|previous|above) {_KINDS}\b[^.\n]{{0,40}}"
        r"\b(?:made|harder|rewrit|complex|difficult|evolv|modif|extend|increas)",
        re.IGNORECASE,
    ),
    re.compile(
        r"\bI(?:'ve| have)? (?:added|changed|replaced|rewrote|rewritten|modified|increased"
        r"|introduced|extended|made)\b"
    ),
)
"""What speaks of the rewriting, and not of the task."""


def folded(text: str) -> str:
    """Return the text without white space and without case, as equality means it here."""
    return "".join(text.split()).casefold()


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case, without punctuation."""
    return _WORD.findall(text.casefold())


def rouge_l(first: Sequence[str], second: Sequence[str]) -> float:
    """Return ROUGE-L of two lists of words: the F measure (beta 1) of their longest common
    subsequence, from 0 to 1. Nothing has nothing in common with anything.

    Bit-parallel (Hyyrö 2004): one big integer has a bit for each word of `first`.
    """
    if not first or not second:
        return 0.0
    places: dict[str, int] = {}
    for index, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << index
    mask = (1 << len(first)) - 1
    row = mask
    for word in second:
        match = row & places.get(word, 0)
        row = ((row + match) | (row - match)) & mask
    return 2 * (len(first) - row.bit_count()) / (len(first) + len(second))


def duplicate(text: str, kept: Collection[str]) -> Problem | None:
    """`duplicate`: a completion says what one before it said, of those that were kept, which are
    given `folded`."""
    if folded(text) in kept:
        return problem("duplicate", "equal to an earlier completion of the same request")
    return None


def example_instruction(
    text: str, examples: Iterable[Example], most: float = NEAR
) -> Problem | None:
    """`copies_example`: a text repeats the instruction of an example, or nearly so: `most` is the
    ROUGE-L from which it does."""
    mine, my_words = folded(text), words(text)
    for example in examples:
        theirs = folded(example.instruction)
        if not theirs:
            continue
        if _holds(mine, theirs):
            return problem("copies_example", example.name)
        likeness = rouge_l(my_words, words(example.instruction))
        if likeness > most:
            return problem("copies_example", f"{example.name}: ROUGE-L {likeness:.2f}")
    return None


def example_code(text: str, examples: Iterable[Example]) -> Problem | None:
    """`copies_example`: a text has the code of an example in it: its solution, tests or snippet."""
    mine = folded(text)
    for example in examples:
        solution = [fence.code for fence in fences(example.response)]
        for code in (*solution, example.tests, example.snippet):
            if _holds(mine, folded(code)):
                return problem("copies_example", f"code of {example.name}")
    return None


def seed_in_instruction(text: str, record: Record) -> Problem | None:
    """`copies_seed`: an instruction shows the code that inspired it: then the answer is given."""
    if record.seed is not None and _piece(folded(record.seed.code), folded(text)):
        return problem("copies_seed", "the instruction shows the seed's code")
    return None


def seed_code(code: str, record: Record) -> Problem | None:
    """`copies_seed`: a solution is nothing but the seed."""
    if record.seed is not None and folded(record.seed.code) == folded(code):
        return problem("copies_seed", "the solution is the seed")
    return None


def evolution(text: str, parent: str) -> Problem | None:
    """`not_evolved`: an evolution repeats its parent, or answers it; `too_long`, `too_short`.

    WizardCoder dropped evolutions that said nothing new, that a model could not answer, or that had
    words of the prompt in them; the last is `leaked_template` here.
    """
    mine, theirs = folded(text), folded(parent)
    asked = words(_PLEASE.sub("", text))
    if mine == theirs or rouge_l(asked, words(_PLEASE.sub("", parent))) > _SAME:
        return problem("not_evolved", "says the same as before")
    if len(mine) > _GROWTH * max(len(theirs), 1):
        return problem("too_long", f"{len(mine) / max(len(theirs), 1):.1f} times its parent")
    if len(mine) * _SHRINK < len(theirs):
        return problem("too_short", f"1/{len(theirs) / max(len(mine), 1):.1f} of its parent")
    if _ANSWERS.match(text):
        return problem("not_evolved", f"answers: {text.strip()[:60]}")
    prose, before = without_fences(text), without_fences(parent)
    for words_of in _OF_THE_PROMPT:
        leaked = words_of.search(prose)
        if leaked is not None and leaked[0].lower() not in before.lower():
            return problem("leaked_template", leaked[0])
    return _code_alone(text, parent)


def _code_alone(text: str, parent: str) -> Problem | None:
    """`not_evolved`: an evolution is the program that answers its parent."""
    code, before = (
        sum(len(folded(fence.code)) for fence in fences(whole)) for whole in (text, parent)
    )
    prose = len(folded(without_fences(text)))
    if code > before and code - before > _MOSTLY * (code + prose):
        return problem("not_evolved", "mostly code")
    bare = "\n" in text.strip() and parses(text) and not parses(parent)
    return problem("not_evolved", "nothing but code") if bare else None


def _holds(whole: str, part: str) -> bool:
    return bool(part) and (whole == part or _piece(part, whole))


def _piece(part: str, whole: str) -> bool:
    return len(part) >= MIN_CHARACTERS and part in whole
