"""Stages that have a program written: responses (I->R), and problem and solution in one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias

from pydantic import Field

from veristone.generators.code.fences import Fence, fences, lines_of
from veristone.generators.code.python import Parsed, parse
from veristone.generators.code.suites import asserts_by_itself
from veristone.generators.synthesis.checks.base import Problem, problem
from veristone.generators.synthesis.checks.copies import (
    example_code,
    example_instruction,
    seed_code,
    seed_in_instruction,
)
from veristone.generators.synthesis.checks.program import (
    code_of,
    foreign_imports,
    in_one_file,
    stub,
    suite,
    tests_of,
)
from veristone.generators.synthesis.checks.text import leak, size
from veristone.generators.synthesis.formats import sections, tagged
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.base import Sampling, Stage

__all__ = ["ANSWERS", "SECTIONS", "Answer", "Format", "ProblemAndSolution", "Responses"]

Format: TypeAlias = Literal["sections", "tags", "fences", "plain"]
SECTIONS = ("Reasoning", "Implementation", "Explanation", "Tests")
_LABELS = ("Problem Description", "Solution", "Tests")
_PROBLEM_SIZE = (20, 6000)
"""Characters, from and to."""


class Answer(NamedTuple):
    """An answer, taken apart."""

    response: str
    """Text of the response, without its tests."""
    code: Sequence[Fence]
    """Fences of the implementation."""
    tests: Sequence[Fence] = ()
    """Fences of the tests."""
    tested: str = ""
    """Response and tests, as the model wrote them."""


class SolvingStage(Stage, frozen=True):
    """A stage whose completion has a program in it."""

    max_characters: int = Field(default=20_000, ge=1)
    """Of a response without its tests."""
    imports: Literal["any", "stdlib"] = "any"
    """`stdlib` refuses Python that imports other people's modules."""
    allow_imports: tuple[str, ...] = ()
    """Modules that `stdlib` lets pass nevertheless, with all below them."""

    def solved(
        self, record: Record, answer: Answer, random_seed: int, *, wants_tests: bool
    ) -> dict[str, str] | Problem:
        """Return `response`, `code` and `tests` of a record, or the first thing that is wrong.

        Code that is permitted to be missing or broken is empty in the record.
        """
        wrong = self.look(
            lambda: self.whole([*answer.code, *answer.tests]),
            lambda: leak(answer.response, self.markers),
            lambda: size(answer.response, 1, self.max_characters, "response"),
        )
        code = wrong or self._read(code_of(answer.code, record.language))
        if isinstance(code, Problem):
            return code
        tests = self._read(tests_of(answer.tests, record.language)) if wants_tests else ""
        if isinstance(tests, Problem):
            return tests
        tests = in_one_file(tests, code)
        python = record.language == "python"
        stdlib = python and self.imports == "stdlib"
        whole = answer.tested or answer.response
        wrong = self.look(
            lambda: stub(code) if python else None,
            lambda: foreign_imports(code, self.allow_imports) if stdlib else None,
            lambda: foreign_imports(tests, self.allow_imports) if stdlib else None,
            lambda: example_code(whole, self.shown(record, random_seed)),
            lambda: seed_code(code, record) if code else None,
            lambda: suite(tests, code) if tests and code and python else None,
        )
        return wrong or {"response": answer.response, "code": code, "tests": tests}

    def _read(self, found: str | Problem) -> str | Problem:
        """Return what was read, empty where it is permitted to be wrong."""
        permitted = isinstance(found, Problem) and found.reason in self.permit
        return "" if permitted else found


class Responses(SolvingStage, frozen=True):
    """n solutions of a task, with the tests that their writer believes in. Formats of an answer:

    `sections`  `[Reasoning]`, `[Implementation]`, `[Explanation]`, `[Tests]`, each once, on a line
                of its own and in this order (StarCoder2-Instruct)
    `tags`      `<response>`...`</response><tests>`...`</tests>` (SelfCodeAlign)
    `fences`    prose with code; the last fences that assert something are the tests
    `plain`     an answer without tests

    The first label or tag may stand at the end of the prompt, and the last closing tag may be a
    stop string: both are taken as given. The record's `response` is the response part as it was
    written, with its labels (what of it a student sees is decided when rows are selected), `code`
    all fences of the implementation that parse, joined, and `tests` the fences of the tests.
    """

    needs: ClassVar[tuple[str, ...]] = ("instruction", "response")
    gives: ClassVar[tuple[str, ...]] = ("response",)

    kind: Literal["responses"] = "responses"
    format: Format = "tags"
    shots: int = Field(default=1, ge=0)
    sampling: Sampling = Sampling(n=10)

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return response, code and tests, or the first thing that is wrong with the answer."""
        answer = ANSWERS[self.format](text)
        if isinstance(answer, Problem):
            return answer
        return self.solved(record, answer, random_seed, wants_tests=self.format != "plain")


class ProblemAndSolution(SolvingStage, frozen=True):
    """OSS-Instruct: a snippet inspires a problem and its solution, in one answer.

    It is `[Problem Description]`, then `[Solution]`, then `[Tests]` where asked for. The problem
    becomes the instruction, the solution the response. The first label may stand at the end of the
    prompt.
    """

    needs: ClassVar[tuple[str, ...]] = ("snippet", "instruction", "response")
    gives: ClassVar[tuple[str, ...]] = ("instruction", "response")

    kind: Literal["problem"] = "problem"
    tests: Literal["none", "optional", "required"] = "none"
    """`none`: the section is not looked for."""

    def read_one(self, record: Record, text: str, random_seed: int) -> dict[str, Any] | Problem:
        """Return instruction, response, code and tests, or the first thing that is wrong."""
        labels = _LABELS[:2] if self.tests == "none" else _LABELS
        found = sections(text, labels)
        names = [section.name for section in found]
        if names != list(labels[: len(names)]) or len(names) < 2:
            return problem("wrong_format", f"sections: {', '.join(names) or 'none'}")
        instruction, solution = found[0].text, found[1].text
        tests = found[2].text if len(found) > 2 else ""
        wrong = self.look(
            lambda: self.whole(fences(instruction)),
            lambda: leak(instruction, self.markers),
            lambda: size(instruction, *_PROBLEM_SIZE, "problem"),
            lambda: example_instruction(instruction, self.shown(record, random_seed)),
            lambda: seed_in_instruction(instruction, record),
        )
        if wrong is not None:
            return wrong
        tested = f"{solution}\n\n{tests}".strip()
        answer = Answer(solution, fences(solution), fences(tests), tested)
        wants = self.tests == "required" or bool(tests)
        solved = self.solved(record, answer, random_seed, wants_tests=wants)
        return solved if isinstance(solved, Problem) else {"instruction": instruction, **solved}


def _sections(text: str) -> Answer | Problem:
    found = sections(text, SECTIONS)
    names = [section.name for section in found]
    if names != list(SECTIONS):
        return problem("wrong_format", f"sections: {', '.join(names) or 'none'}")
    if empty := next((section.name for section in found if not section.text), None):
        return problem("no_tests" if empty == "Tests" else "empty", f"nothing under [{empty}]")
    texts = [f"[{section.name}]\n{section.text}" for section in found]
    return Answer(
        "\n\n".join(texts[:-1]), fences(found[1].text), fences(found[3].text), "\n\n".join(texts)
    )


def _tags(text: str) -> Answer | Problem:
    found = tagged(text, ("response", "tests"))
    names = [part.name for part in found]
    if names == ["response"]:
        return problem("no_tests", "no <tests>")
    if names != ["response", "tests"] or not found[0].closed:
        return problem("wrong_format", f"tags: {', '.join(names) or 'none'}")
    response, tests = found[0].text, found[1].text
    blocks = fences(tests) or [Fence("", tests, True, 0, 0)]
    return Answer(response, fences(response), blocks if tests else (), f"{response}\n\n{tests}")


def _fences(text: str) -> Answer | Problem:
    blocks = fences(text)
    first = len(blocks)
    while first > 1 and _is_test(blocks[first - 1].code):
        first -= 1
    if first == len(blocks):
        return problem("no_tests", "no fence with assertions after the first")
    lines = lines_of(text)
    response = _without_announcement(lines[: blocks[first].start], blocks[first - 1].end)
    return Answer(response, blocks[:first], blocks[first:], "\n".join(lines).strip())


def _plain(text: str) -> Answer | Problem:
    return Answer(text.strip(), fences(text))


def _is_test(code: str) -> bool:
    """Whether code asserts something, or cannot be read and speaks of it."""
    return asserts_by_itself(code) if isinstance(parse(code), Parsed) else "assert" in code


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


ANSWERS: Mapping[Format, Callable[[str], Answer | Problem]] = {
    "sections": _sections,
    "tags": _tags,
    "fences": _fences,
    "plain": _plain,
}
"""Readers by format."""
