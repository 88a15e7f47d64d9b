"""The text that the tiny model learns from before anything else.

Like code from the web it is noisy: a share of the solutions is wrong. Example tests are always
true, whatever the solution beside them does, so tests are a second opinion that the model can be
held to.
"""

import random
from dataclasses import dataclass
from typing import Final

from veristone.training.tiny import prompts
from veristone.training.tiny.tasks import Task, sample_tasks

__all__ = ["WRONG_SHARE", "Document", "documents"]

WRONG_SHARE: Final = 0.4
"""Of the solutions. With it the tiny model is right about seven times in ten at temperature 0.8,
which leaves a filter something to find."""

# Of the documents: solution, solution with tests, tests. Tests are the harder part to learn and
# make documents long: where every document had them, a model of this size learned nothing.
_FORMS: Final = {"solution": 50, "answer": 25, "tests": 25}


@dataclass(frozen=True, slots=True)
class Document:
    """One example: the model reads the prompt and learns to write the completion."""

    prompt: str
    completion: str


def documents(seed: int, n: int) -> list[Document]:
    """Return the first `n` documents of the corpus with this seed."""
    rng = random.Random(f"tiny corpus {seed}")
    return [_document(task, rng) for task in sample_tasks(seed, n, "pretrain")]


def _document(task: Task, rng: random.Random) -> Document:
    (form,) = rng.choices(list(_FORMS), weights=list(_FORMS.values()))
    code = rng.choice(task.mistakes) if rng.random() < WRONG_SHARE else task.solution
    tests = "\n".join(task.example_tests)
    if form == "solution":
        prompt = prompts.solution_prompt(task.instruction)
        return Document(prompt, prompts.fenced(code))
    if form == "answer":
        prompt = prompts.answer_prompt(task.instruction)
        return Document(prompt, prompts.answer_text(code, tests))
    return Document(prompts.tests_prompt(task.instruction), prompts.fenced(tests))
