"""Answers to a task: response, code and tests, taken apart by the format that was asked for."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from veristone.generators.code.fences import Fence, fences, lines_of
from veristone.generators.code.python import Parsed, parse
from veristone.generators.code.suites import asserts_by_itself
from veristone.generators.synthesis.checks.base import Problem, problem
from veristone.generators.synthesis.parsing.sections import sections
from veristone.generators.synthesis.parsing.tags import tagged

__all__ = ["ANSWERS", "SECTIONS", "Format", "Parts"]

Format: TypeAlias = Literal["sections", "tags", "fences", "plain"]
SECTIONS = ("Reasoning", "Implementation", "Explanation", "Tests")


class Parts(NamedTuple):
    """An answer, taken apart."""

    response: str
    """Text of the response, without its tests."""
    code: Sequence[Fence]
    """Fences of the implementation."""
    tests: Sequence[Fence] = ()
    """Fences of the tests."""
    tested: str = ""
    """Response and tests, as the model wrote them."""


def _sections(text: str) -> Parts | Problem:
    found = sections(text, SECTIONS)
    names = [section.label for section in found]
    if names != list(SECTIONS):
        return problem("wrong_format", f"sections: {', '.join(names) or 'none'}")
    if empty := next((section.label for section in found if not section.text), None):
        return problem("no_tests" if empty == "Tests" else "empty", f"nothing under [{empty}]")
    texts = [f"[{section.label}]\n{section.text}" for section in found]
    return Parts(
        response="\n\n".join(texts[:-1]),
        code=fences(found[1].text),
        tests=fences(found[3].text),
        tested="\n\n".join(texts),
    )


def _tags(text: str) -> Parts | Problem:
    found = tagged(text, ("response", "tests"))
    names = [part.name for part in found]
    if names == ["response"]:
        return problem("no_tests", "no <tests>")
    if names != ["response", "tests"] or not found[0].closed:
        return problem("wrong_format", f"tags: {', '.join(names) or 'none'}")
    response, tests = found[0].text, found[1].text
    blocks = fences(tests) or [Fence("", tests, True, 0, 0)]
    return Parts(response, fences(response), blocks if tests else (), f"{response}\n\n{tests}")


def _fences(text: str) -> Parts | Problem:
    blocks = fences(text)
    first = len(blocks)
    while first > 1 and _is_test(blocks[first - 1]):
        first -= 1
    if first == len(blocks):
        return problem("no_tests", "no fence with assertions after the first")
    lines = lines_of(text)
    before = lines[: blocks[first].start]
    return Parts(
        response=_without_announcement(before, blocks[first - 1].end),
        code=blocks[:first],
        tests=blocks[first:],
        tested="\n".join(lines).strip(),
    )


def _plain(text: str) -> Parts | Problem:
    return Parts(response=text.strip(), code=fences(text))


def _is_test(block: Fence) -> bool:
    """Whether a fence asserts something, or cannot be read and speaks of it."""
    if isinstance(parse(block.code), Parsed):
        return asserts_by_itself(block.code)
    return "assert" in block.code


def _without_announcement(lines: list[str], last_code: int) -> str:
    """Take off a heading, or a paragraph that ends in a colon, right before the tests."""
    kept = list(lines)
    while len(kept) > last_code:
        last = kept[-1].strip()
        if not last:
            kept.pop()
        elif last.startswith("#") or last.strip("*_").endswith(":"):
            while len(kept) > last_code and kept[-1].strip():
                kept.pop()
        else:
            break
    return "\n".join(kept).strip()


ANSWERS: Mapping[Format, Callable[[str], Parts | Problem]] = {
    "sections": _sections,
    "tags": _tags,
    "fences": _fences,
    "plain": _plain,
}
"""Readers by format."""
