"""What stages share that have a program written: the code in an answer, and the checks of it."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from veristone.generators.code.fences import Fence
from veristone.generators.code.names import defined_names
from veristone.generators.code.python import Parsed, parse
from veristone.generators.synthesis.checks.base import Check, Problem
from veristone.generators.synthesis.checks.code import code_of
from veristone.generators.synthesis.checks.copies import example_code, seed_code
from veristone.generators.synthesis.checks.imports import foreign_imports
from veristone.generators.synthesis.checks.leaks import leak
from veristone.generators.synthesis.checks.prose import prose
from veristone.generators.synthesis.checks.size import size
from veristone.generators.synthesis.checks.stubs import stub
from veristone.generators.synthesis.checks.tests import suite
from veristone.generators.synthesis.parsing.python import without_imports_of
from veristone.generators.synthesis.records import Record
from veristone.generators.synthesis.stages.answers import Parts
from veristone.generators.synthesis.stages.reading import ReadingStage

__all__ = ["SolvingStage"]


class SolvingStage(ReadingStage, frozen=True):
    """A stage whose completion has a program in it."""

    tests_in_response: bool = False
    """Whether the tests stay in what a student is to answer."""
    max_characters: int = Field(default=20_000, ge=1)
    """Of a response without its tests."""
    imports: Literal["any", "stdlib"] = "any"
    """`stdlib` refuses Python that imports other people's modules."""
    allow_imports: tuple[str, ...] = ()
    """Modules that `stdlib` lets pass nevertheless, with all below them."""
    prose: Literal["any", "english"] = "any"
    """`english` refuses text in another script or, as far as stop words tell, language."""

    def solved(
        self, record: Record, parts: Parts, random_seed: int, *, wants_tests: bool
    ) -> dict[str, str] | Problem:
        """Return `response`, `code` and `tests` of a record, or the first thing that is wrong.

        Code that is permitted to be missing or broken is empty in the record.
        """
        found = self.look(
            lambda: self.whole([*parts.code, *parts.tests]),
            lambda: leak(parts.response, self.markers),
            lambda: size(parts.response, 1, self.max_characters, "response"),
            lambda: prose(parts.response, self.prose),
        )
        code = code_of(parts.code, record.language)
        if found is None and isinstance(code, Problem) and code.reason not in self.permit:
            found = code
        code = "" if isinstance(code, Problem) else code
        tests = ""
        if found is None and wants_tests:
            written = tests_of(parts.tests, record.language)
            tests = "" if isinstance(written, Problem) else _in_one_file(written, code)
            if isinstance(written, Problem) and written.reason not in self.permit:
                found = written
        found = found or self.look(*self._code_checks(record, code, tests, parts, random_seed))
        if found is None and tests and record.language == "python" and code:
            found = self.look(lambda: suite(tests, code))
        whole = parts.tested or parts.response
        response = whole if self.tests_in_response else parts.response
        return found or {"response": response, "code": code, "tests": tests}

    def _code_checks(
        self, record: Record, code: str, tests: str, parts: Parts, random_seed: int
    ) -> tuple[Check, ...]:
        python = record.language == "python"

        def imported() -> Problem | None:
            if not python or self.imports == "any":
                return None
            return foreign_imports(code, self.allow_imports) or foreign_imports(
                tests, self.allow_imports
            )

        return (
            lambda: stub(code) if python else None,
            imported,
            lambda: example_code(parts.tested or parts.response, self.shown(record, random_seed)),
            lambda: seed_code(code, record) if code else None,
        )


def _in_one_file(tests: str, code: str) -> str:
    """Tests are run behind the code: what they import of it is there."""
    tree = parse(code)
    names = defined_names(tree.module) if isinstance(tree, Parsed) else {}
    return without_imports_of(tests, names)


def tests_of(blocks: Sequence[Fence], language: str) -> str | Problem:
    """Return the test code that fences make. Python that does not parse is given as it is: what is
    wrong with it is for `suite` to say."""
    found = code_of(blocks, language)
    if isinstance(found, str):
        return found
    if found.reason == "does_not_parse" and language == "python":
        return "\n\n".join(block.code for block in blocks)
    return Problem("no_tests", found.detail)
