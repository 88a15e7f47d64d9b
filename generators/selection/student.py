"""What a student sees of a response: which sections, with comments or without, with which tests.

StarCoder2-Instruct leaves out the tests, and the reasoning and the explanation each of half the
answers, strips comments, and shows some of the tests in half of the instructions. Here each is a
probability, drawn from the hash of the instruction's id: both answers of a preference pair, and all
answers to an instruction, are treated alike.

What is kept never speaks of what is not: sentences and comments that mention a section that was
left out go with it. The wording of what is added is our own.
"""

import ast
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from veristone.generators.selection.comments import without_comments
from veristone.generators.selection.draws import draw
from veristone.generators.selection.sections import SECTIONS, Section, fenced, split_sections
from veristone.generators.synthesis.records import Record

__all__ = ["Shown", "Student", "show_instruction", "show_response"]

_MOST_SHOWN = 5
_LONGEST_ASSERT = 200
_SPEAKS_OF_TESTS = re.compile(r"\bassert|\btests?\b|\bfor example\b|\be\.g\.", re.IGNORECASE)
_MENTIONS = {
    "reasoning": r"\[reasoning\]|\bthe reasoning\b|\breason(?:ing|ed) (?:above|below)\b",
    "implementation": r"\[implementation\]|\bimplementation (?:above|below)\b",
    "explanation": r"\[explanation\]|\bthe explanation\b|\bexplained (?:above|below)\b",
    "tests": r"\[tests?\]|\b(?:unit |test )(?:tests?|cases?|suites?|code|functions?)\b"
    r"|\bassert(?:s|ions?)\b|\btests (?:above|below|pass|cover|show|check|verify|ensure)\b"
    r"|\b(?:the|these|those|following|some|our|write|with|by|few|several) (?:unit )?tests\b",
}
_FENCE_OF_PYTHON = re.compile(r"\s{0,3}(?:`{3,}|~{3,})\s*(?:python|python3|py)?\s*$", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=\S)")
_Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Student(BaseModel):
    """How rows look."""

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


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as the student sees it."""

    text: str
    sections: tuple[str, ...] = ()
    """Names of the sections that were kept."""
    asserts: int = 0
    """Asserts that were added."""


def show_response(record: Record, student: Student, random_seed: int, group: str) -> Shown:
    """Return the answer to the instruction `group` as the student sees it, perhaps empty."""
    chances = {
        "reasoning": student.reasoning,
        "implementation": 1.0,
        "explanation": student.explanation,
        "tests": student.tests,
    }
    wanted = {
        name
        for name, chance in chances.items()
        if draw(random_seed, "section", name, group) < chance
    }
    sections = split_sections(record.response)
    names = {part.name for part in sections if part.name}
    # What an answer never had cannot be missed, but for tests that were cut off before.
    dropped = names - wanted | ({"tests"} if record.tests and "tests" not in names else set[str]())
    mention = _mention(dropped)
    kept = [part for part in sections if part.name not in dropped]
    texts = [_section(part, student, mention) for part in kept]
    named = tuple(name for name in SECTIONS if name in {part.name for part in kept})
    return Shown("\n\n".join(filter(None, texts)), named)


def _mention(dropped: set[str]) -> re.Pattern[str] | None:
    patterns = [_MENTIONS[name] for name in SECTIONS if name in dropped]
    return re.compile("|".join(patterns), re.IGNORECASE) if patterns else None


def _section(part: Section, student: Student, mention: re.Pattern[str] | None) -> str:
    prose: list[str] = []
    code: list[str] = []
    for line, inside in [*fenced(part.text), ("", False)]:
        if inside:
            code.append(line)
            continue
        if code:
            prose.append(_block(code, student, mention))
            code = []
        prose.append(_spoken(line, mention))
    text = "".join(prose).strip()
    return f"{part.heading.rstrip()}\n{text}" if student.headings and part.heading else text


def _block(lines: list[str], student: Student, mention: re.Pattern[str] | None) -> str:
    """Return a fenced block, its comments as wanted."""
    if len(lines) < 2 or not _FENCE_OF_PYTHON.match(lines[0].rstrip("\r\n")):
        return "".join(lines)
    closed = lines[-1].strip()[:3] in ("```", "~~~")
    code = "".join(lines[1:-1] if closed else lines[1:])
    if student.comments == "strip":
        code = without_comments(code)
    elif mention is not None:
        code = without_comments(code, lambda comment: bool(mention.search(comment)))
    return lines[0] + code + (lines[-1] if closed else "")


def _spoken(line: str, mention: re.Pattern[str] | None) -> str:
    """Return a line of prose without the sentences that mention what was left out."""
    if mention is None or not mention.search(line):
        return line
    body = line.rstrip("\r\n")
    kept = [one for one in _SENTENCE.split(body) if not mention.search(one)]
    return " ".join(kept) + line[len(body) :] if kept else ""


def show_instruction(record: Record, student: Student, random_seed: int, group: str) -> Shown:
    """Return the instruction as the student sees it."""
    text = record.instruction.strip()
    chance = draw(random_seed, "show tests", group)
    if chance >= student.show_tests or record.language != "python" or _SPEAKS_OF_TESTS.search(text):
        return Shown(text)
    asserts = _plain_asserts(record.tests)
    if not asserts:
        return Shown(text)
    count = 1 + int(draw(random_seed, "shown tests", group) * min(_MOST_SHOWN, len(asserts)))
    chosen = sorted(
        range(len(asserts)), key=lambda at: draw(random_seed, "shown test", group, str(at))
    )[:count]
    shown = "\n".join(asserts[at] for at in sorted(chosen))
    lead = "This must hold:" if count == 1 else "All of this must hold:"
    return Shown(f"{text}\n\n{lead}\n\n```python\n{shown}\n```", asserts=count)


def _plain_asserts(tests: str) -> list[str]:
    """Return the asserts of test code that stand by themselves, each on one line."""
    try:
        tree = ast.parse(tests)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    made = {
        name.id
        for name in ast.walk(tree)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
    found: list[str] = []
    for node in tree.body:
        if not isinstance(node, ast.Assert):
            continue
        used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        text = ast.get_source_segment(tests, node) or ""
        # What test code prepared beforehand would be missing.
        if text and "\n" not in text and len(text) <= _LONGEST_ASSERT and not used & made:
            found.append(text)
    return list(dict.fromkeys(found))
