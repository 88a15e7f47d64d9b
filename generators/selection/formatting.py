"""What a student sees of a response: which sections, with comments or without, with which tests.

StarCoder2-Instruct leaves out the tests, and the reasoning and the explanation each of half the
answers, strips comments, and shows some of the tests in half of the instructions. Here each is a
probability, drawn from the hash of the instruction's id: both answers of a preference pair, and all
answers to an instruction, are treated alike.

What is kept never speaks of what is not: sentences and comments that mention a section that was
left out go with it. The wording of what is added is our own.

A section begins with a line of its own: `[Reasoning]`, as StarCoder2-Instruct's examples have it,
or a Markdown heading or bold line with that word. Lines inside fenced code begin nothing. What
stands before the first such line, and an answer without any, is a section without a name.
"""

import ast
import re
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from veristone.generators.code.comments import without_comments
from veristone.generators.code.draws import draw
from veristone.generators.code.fences import Fence, fences, is_tagged, lines_of
from veristone.generators.code.python import Parsed, parse
from veristone.generators.synthesis.records import Record

__all__ = [
    "SECTIONS",
    "Formatting",
    "Section",
    "Shown",
    "show_instruction",
    "show_response",
    "split_sections",
]

_WORDS = {
    "reasoning": ("reasoning", "thinking", "approach"),
    "implementation": ("implementation", "solution", "code"),
    "explanation": ("explanation",),
    "tests": ("tests", "test", "testing", "test cases"),
}
SECTIONS = tuple(_WORDS)
_NAMES = {word: name for name, words in _WORDS.items() for word in words}
_HEADING = re.compile(
    r"(?:\[(?P<tag>[A-Za-z ]{1,20})\]|\#{1,6}\s+(?P<head>[A-Za-z ]{1,20}?):?"
    r"|\*\*(?P<bold>[A-Za-z ]{1,20}?):?\*\*:?)\s*"
)
_MAX_SHOWN = 5
_MAX_ASSERT_CHARS = 200
_SPEAKS_OF_TESTS = re.compile(r"\bassert|\btests?\b|\bfor example\b|\be\.g\.", re.IGNORECASE)
_MENTIONS = {
    "reasoning": r"\[reasoning\]|\bthe reasoning\b|\breason(?:ing|ed) (?:above|below)\b",
    "implementation": r"\[implementation\]|\bimplementation (?:above|below)\b",
    "explanation": r"\[explanation\]|\bthe explanation\b|\bexplained (?:above|below)\b",
    "tests": r"\[tests?\]|\b(?:unit |test )(?:tests?|cases?|suites?|code|functions?)\b"
    r"|\bassert(?:s|ions?)\b|\btests (?:above|below|pass|cover|show|check|verify|ensure)\b"
    r"|\b(?:the|these|those|following|some|our|write|with|by|few|several) (?:unit )?tests\b",
}
_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=\S)")
_Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Formatting(BaseModel):
    """How rows look: the table `[student]` of a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reasoning: _Probability = 1.0
    """Probability that a reasoning section is kept, and so on."""
    explanation: _Probability = 1.0
    tests: _Probability = 1.0
    headings: bool = False
    """Whether the lines that name sections are kept."""
    comments: Literal["keep", "strip"] = "keep"
    """Of Python code in answers."""
    show_tests: _Probability = 0.0
    """Probability that one to five of the response's asserts are added to the instruction, where it
    does not speak of tests or examples itself."""


class Shown(NamedTuple):
    """A text as the student sees it."""

    text: str
    sections: tuple[str, ...] = ()
    """Names of the sections that were kept."""
    asserts: int = 0
    """Asserts that were added."""


class Section(NamedTuple):
    """A part of an answer."""

    name: str
    """One of SECTIONS; empty for what belongs to none."""
    heading: str
    """The line that begins it, as it stands there; empty for the first part."""
    lines: list[str]
    """The lines that follow, without their ends."""


def show_response(record: Record, formatting: Formatting, random_seed: int, group: str) -> Shown:
    """Return the answer to the instruction `group` as the student sees it, perhaps empty."""
    unwanted = {
        name
        for name in SECTIONS
        if draw(random_seed, "section", name, group) >= getattr(formatting, name, 1.0)
    }
    sections = split_sections(record.response)
    names = {part.name for part in sections}
    # What an answer never had cannot be missed, but for tests that were cut off before.
    dropped = unwanted & names | (
        {"tests"} if record.tests and "tests" not in names else set[str]()
    )
    patterns = [_MENTIONS[name] for name in SECTIONS if name in dropped]
    mention = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None
    kept = [part for part in sections if part.name not in dropped]
    texts = [_section(part, formatting, mention) for part in kept]
    named = tuple(name for name in SECTIONS if name in {part.name for part in kept})
    return Shown("\n\n".join(filter(None, texts)), named)


def split_sections(response: str) -> list[Section]:
    """Return the sections in order; their headings and lines together are the response."""
    inside = {at for fence in fences(response) for at in range(fence.start, fence.end)}
    found = [Section("", "", [])]
    for number, line in enumerate(lines_of(response)):
        name = "" if number in inside else _section_name(line)
        if name:
            found.append(Section(name, line, []))
        else:
            found[-1].lines.append(line)
    return found if found[0].lines else found[1:]


def _section_name(line: str) -> str:
    match = _HEADING.fullmatch(line)
    if match is None:
        return ""
    word = match["tag"] or match["head"] or match["bold"]
    return _NAMES.get(" ".join(word.lower().split()), "")


def _section(part: Section, formatting: Formatting, mention: re.Pattern[str] | None) -> str:
    found: list[str] = []
    at = 0
    for fence in fences("\n".join(part.lines)):
        found += _prose(part.lines[at : fence.start], mention)
        found += _block(part.lines[fence.start : fence.end], fence, formatting, mention)
        at = fence.end
    text = "\n".join([*found, *_prose(part.lines[at:], mention)]).strip()
    return f"{part.heading.rstrip()}\n{text}" if formatting.headings and part.heading else text


def _block(
    lines: list[str], fence: Fence, formatting: Formatting, mention: re.Pattern[str] | None
) -> list[str]:
    """Return a fenced block, its comments as wanted."""
    if fence.tag and not is_tagged(fence):
        return lines
    end = len(lines) - fence.closed
    code = "\n".join(lines[1:end]) + "\n"
    if formatting.comments == "strip":
        code = without_comments(code)
    elif mention is not None:
        code = without_comments(code, lambda comment: bool(mention.search(comment)))
    return [lines[0], *code.split("\n")[:-1], *lines[end:]]


def _prose(lines: list[str], mention: re.Pattern[str] | None) -> list[str]:
    """Return lines of prose without the sentences that mention what was left out."""
    if mention is None:
        return lines
    found: list[str] = []
    for line in lines:
        kept = [one for one in _SENTENCE.split(line) if not mention.search(one)]
        if not mention.search(line):
            found.append(line)
        elif kept:
            found.append(" ".join(kept))
    return found


def show_instruction(record: Record, formatting: Formatting, random_seed: int, group: str) -> Shown:
    """Return the instruction as the student sees it."""
    text = record.instruction.strip()
    wanted = draw(random_seed, "show tests", group) < formatting.show_tests
    if not wanted or record.language != "python" or _SPEAKS_OF_TESTS.search(text):
        return Shown(text)
    asserts = _plain_asserts(record.tests)
    if not asserts:
        return Shown(text)
    count = 1 + int(draw(random_seed, "shown tests", group) * min(_MAX_SHOWN, len(asserts)))
    drawn = sorted(
        range(len(asserts)), key=lambda at: draw(random_seed, "shown test", group, str(at))
    )
    shown = "\n".join(asserts[at] for at in sorted(drawn[:count]))
    lead = "This must hold:" if count == 1 else "All of this must hold:"
    return Shown(f"{text}\n\n{lead}\n\n```python\n{shown}\n```", asserts=count)


def _plain_asserts(tests: str) -> list[str]:
    """Return the asserts of test code that stand by themselves, each on one line."""
    tree = parse(tests)
    if not isinstance(tree, Parsed):
        return []
    names = [node for node in tree.nodes if isinstance(node, ast.Name)]
    made = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    found: list[str] = []
    for node in tree.module.body:
        if not isinstance(node, ast.Assert):
            continue
        used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        text = ast.get_source_segment(tests, node) or ""
        # What test code prepared beforehand would be missing.
        if text and "\n" not in text and len(text) <= _MAX_ASSERT_CHARS and not used & made:
            found.append(text)
    return list(dict.fromkeys(found))
