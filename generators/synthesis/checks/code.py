"""`no_code`, `wrong_language`, `does_not_parse`: the program in an answer.

Python is parsed by `ast`, other languages by their grammars where these are installed; code of a
language without one is taken as it is. A tag that names the language is believed; fences without a
tag count where there is none with the right one. Fences of other languages beside it (a shell
command, some output) do no harm.
"""

from collections.abc import Sequence

from veristone.generators.code.answers import joined
from veristone.generators.code.fences import Fence
from veristone.generators.code.grammars import accepts
from veristone.generators.code.python import Unparsable, parse, parses
from veristone.generators.seeds.languages import language_named
from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["code_of", "program"]

_ALIKE = {
    "javascript": frozenset({"javascript", "typescript", "tsx"}),
    "typescript": frozenset({"javascript", "typescript", "tsx"}),
    "tsx": frozenset({"typescript", "tsx"}),
    "cpp": frozenset({"c", "cpp"}),
    "c": frozenset({"c", "cpp"}),
}
"""Languages whose names are used for one another."""


def code_of(blocks: Sequence[Fence], language: str) -> str | Problem:
    """Return the program that an answer's fences make: all of the language that parse, joined; or
    why there is none."""
    whole = [block for block in blocks if block.code.strip()]
    if not whole:
        return problem("no_code", f"{len(blocks)} empty fences" if blocks else "no fence")
    ours = [block for block in whole if block.tag and _is_named(block, language)]
    # With code that says what it is, a fence without a tag is some output.
    ours = ours or [block for block in whole if not block.tag]
    if not ours:
        tags = sorted({block.tag for block in whole})
        return problem("wrong_language", f"fences: {', '.join(tags)}")
    if language == "python":
        good = [block.code for block in ours if parses(block.code)]
        if not good:
            return problem("does_not_parse", _why(ours[0].code))
        return joined(good)
    good = [block.code for block in ours if accepts(language, block.code) is not False]
    if not good:
        return problem("does_not_parse", f"not accepted by the grammar of {language}")
    return "\n\n".join(code.strip("\n") for code in good)


def program(code: str, language: str) -> Problem | None:
    """Return why a text that must be a program is none."""
    if not code.strip():
        return problem("no_code", "no fence")
    if language == "python":
        return None if parses(code) else problem("does_not_parse", _why(code))
    if accepts(language, code) is False:
        return problem("does_not_parse", f"not accepted by the grammar of {language}")
    return None


def _is_named(block: Fence, language: str) -> bool:
    # `pycon`, `text` and `output` name no language of ours: they are not code of this one.
    return language_named(block.tag) in _ALIKE.get(language, {language})


def _why(code: str) -> str:
    tree = parse(code)
    return tree.detail if isinstance(tree, Unparsable) else "no statement"
