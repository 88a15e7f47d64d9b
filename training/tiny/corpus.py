"""The text that the tiny model learns from before anything else.

Like code from the web it is noisy. A family's functions are written rightly in one share of the
documents and in a wrong way in the others, whatever the constants: an error of choice, which the
base model makes as often on constants that it never saw. Tests are written from a belief of their
own, which is right in `RIGHT_BELIEFS` of the suites, whatever the solution beside them does: they
are a second opinion, and no oracle.
"""

import random
from dataclasses import dataclass
from typing import Final

from veristone.training.tiny import prompts
from veristone.training.tiny.tasks import Task, sample_tasks
from veristone.training.tiny.templates import templates

__all__ = ["RIGHT_BELIEFS", "Document", "documents"]

RIGHT_BELIEFS: Final = 0.85
"""Of the suites; the others say what one of the mistakes returns."""

_WITH_TESTS: Final = 0.8
"""Of the documents: tests are the harder part to learn."""


@dataclass(frozen=True, slots=True)
class Document:
    """One example: the model reads the prompt and learns to write the completion."""

    instruction: str
    """That the prompt asks."""
    code: str
    """The solution in the completion."""
    prompt: str
    completion: str


def documents(seed: int, n: int) -> list[Document]:
    """Return the first `n` documents of the corpus with this seed."""
    rng = random.Random(f"tiny corpus {seed}")
    return [_document(task, rng) for task in sample_tasks(seed, n, "pretrain")]


def _document(task: Task, rng: random.Random) -> Document:
    is_right = rng.random() < templates()[task.template].share
    code = task.solution if is_right else rng.choice(task.mistakes)
    asked = task.instruction
    if rng.random() >= _WITH_TESTS:
        return Document(asked, code, prompts.solution_prompt(asked), prompts.fenced(code))
    believes = rng.random() < RIGHT_BELIEFS
    tests = "\n".join(task.example_tests if believes else rng.choice(task.mistaken_tests))
    return Document(asked, code, prompts.answer_prompt(asked), prompts.answer_text(code, tests))
