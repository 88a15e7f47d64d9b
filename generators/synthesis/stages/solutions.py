"""Solutions: a function's head is continued n times, and so is a list of asserts about it (CodeT).

Two requests for a record: `STAGE/ID` continues the function, `STAGE.tests/ID` the tests. Solution i
goes with the asserts of continuation i, or of the next one that asserts something: the tests were
written for the task and not for a solution, and most continuations of a base model hold none.
"""

import ast
from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from veristone import Completion, Generation, GenerationRequest
from veristone.generators.code.assertions import called, calls, truth
from veristone.generators.code.completion import asserts_in, completed
from veristone.generators.code.python import Parsed, parse
from veristone.generators.synthesis.checks.base import Problem, problem
from veristone.generators.synthesis.checks.program import foreign_imports, program, stub
from veristone.generators.synthesis.checks.text import finish
from veristone.generators.synthesis.records import Record, Refusal, StageResult
from veristone.generators.synthesis.stages.base import Sampling, Stage, account
from veristone.generators.synthesis.templates import Template

__all__ = ["Solutions"]

_TESTS = "tests"
"""Part of the second request's id."""
_MARK = "# --- continuation of the tests ---"
"""Between the two texts of a refused pair."""


class Solutions(Stage, frozen=True):
    """Records come from an input of tasks: `seed_code` is the prompt, `record.seed.name` the entry
    point. Both templates are raw, not conversations; that of the solutions ends in the prompt, that
    of the tests in `assert `.

    The record's `code` is the whole function and `response` the same in a fence; the instruction is
    the prompt. Equal solutions are kept: how many agree is what CodeT counts."""

    gives: ClassVar[tuple[str, ...]] = ("response",)

    kind: Literal["solutions"] = "solutions"
    tests_template: Template
    sampling: Sampling = Sampling(n=100, temperature=0.8, top_p=0.95, max_tokens=300)
    """CodeT's: 100 solutions and 100 continuations of tests, T 0.8, top-p 0.95, 300 tokens."""
    tests_max_tokens: int = Field(default=300, ge=1)
    max_asserts: int = Field(default=0, ge=0)
    """Asserts to keep of each continuation, from the first; 0: all. CodeT kept 5."""
    imports: Literal["any", "stdlib"] = "any"
    allow_imports: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _are_raw(self) -> Self:
        for template in self.templates:
            if template.is_chat:
                raise ValueError(f"{template.name}: code is continued, not talked about")
        return self

    @property
    def templates(self) -> tuple[Template, ...]:
        """Both templates."""
        return (self.template, self.tests_template)

    def requests(self, record: Record, random_seed: int) -> list[GenerationRequest]:
        """Return the request for solutions and the one for tests."""
        drawn = self.drawn(record, random_seed)
        sampling = self.sampling.model_copy(
            update={"max_tokens": self.tests_max_tokens, "stop": ()}
        )
        return [
            self.request(drawn, self.template, random_seed),
            self.request(drawn, self.tests_template, random_seed, sampling=sampling, part=_TESTS),
        ]

    def read(self, record: Record, answers: Sequence[Generation], random_seed: int) -> StageResult:
        """Return each solution with the asserts of a continuation."""
        solutions, continuations = answers
        drawn = self.drawn(record, random_seed)
        head = _head(self.prompt(drawn, self.template, random_seed).text, drawn)
        opening = self.prompt(drawn, self.tests_template, random_seed).text.rpartition("\n")[2]
        suites = [
            self._suite(drawn, opening, continuation) for continuation in continuations.completions
        ]
        kept: list[Record] = []
        refused: list[Refusal] = []
        for index, solution in enumerate(solutions.completions):
            number = _next_suite(suites, index)
            suite = suites[number]
            found = self._solution(head, solution)
            if isinstance(found, Problem) or isinstance(suite, Problem):
                wrong = found if isinstance(found, Problem) else suite
                assert isinstance(wrong, Problem)
                both = (
                    f"{solution.text}\n\n{_MARK}\n{opening}{continuations.completions[number].text}"
                )
                whole = Completion(text=both, finish_reason=solution.finish_reason)
                refused.append(self.refusal(record, index, wrong, whole))
                continue
            traces = (
                self.trace(drawn, solutions, index, random_seed),
                self.trace(drawn, continuations, number, random_seed),
            )
            kept.append(self.child(drawn, index, *traces, **found, tests=suite))
        return account(record, kept, refused, answers)

    def _solution(self, head: str, solution: Completion) -> dict[str, str] | Problem:
        text = solution.text
        cut = completed(head, text)
        # A function that something follows is whole, wherever the text was cut.
        reason = "stop" if cut.ended and solution.finish_reason == "length" else None
        code = head + cut.continuation
        found = self.look(
            lambda: finish(text, reason or solution.finish_reason),
            lambda: program(code, "python"),
            lambda: stub(code),
            lambda: self._imports(code),
        )
        code = f"{code.rstrip()}\n"
        return found or {"code": code, "response": f"```python\n{code}```"}

    def _suite(self, record: Record, opening: str, continuation: Completion) -> str | Problem:
        """Return the whole asserts of a continuation, one a line."""
        entry = record.seed.name if record.seed is not None else ""
        asserts = [
            statement
            for statement in asserts_in(opening + continuation.text)
            if _tests_entry(statement, entry)
        ]
        tests = "\n".join(asserts[: self.max_asserts or None])
        wrong = self.look(
            lambda: None if tests else problem("no_tests", f"no whole assert about {entry}"),
            lambda: self._imports(tests),
        )
        return wrong or tests

    def _imports(self, code: str) -> Problem | None:
        return foreign_imports(code, self.allow_imports) if self.imports == "stdlib" else None


def _next_suite(suites: Sequence[str | Problem], index: int) -> int:
    """Return the number of the next suite from `index` on, going round; `index` if none is one."""
    order = (number % len(suites) for number in range(index, index + len(suites)))
    found = (number for number in order if suites[number] and isinstance(suites[number], str))
    return next(found, index)


def _head(prompt: str, record: Record) -> str:
    """The end of a prompt that the model continues: the task's own text, without what the template
    says before it."""
    task = record.seed.code.rstrip() if record.seed is not None else ""
    place = prompt.rfind(task) if task else -1
    return prompt[place:] if place >= 0 else prompt


def _tests_entry(statement: str, entry: str) -> bool:
    tree = parse(statement)
    if not isinstance(tree, Parsed):
        return False
    tests = [node.test for node in tree.module.body if isinstance(node, ast.Assert)]
    known = all(truth(test) is None for test in tests)
    return known and (not entry or any(called(call) == entry for t in tests for call in calls(t)))
