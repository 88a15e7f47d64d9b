"""The text that the tiny model reads and writes.

Three prompts, all raw text that the model continues:

    ### Instruction               ### Instruction               ### Instruction
    Write a function ...          Write a function ...          Write a function ...
                                  Then test it.
    ### Response                                                ### Tests
                                  ### Response
    (solution)                    (solution and tests)          (tests)

A solution is one fenced block of Python; tests are another, of ``assert`` lines, and after a
solution they stand under ``### Tests``. Solution alone is the form for tuning and evaluation.
"""

import re
from dataclasses import dataclass
from typing import Final

__all__ = [
    "CHAT_TEMPLATE",
    "STOP",
    "Answer",
    "answer_prompt",
    "answer_text",
    "parse_answer",
    "parse_tests",
    "solution_prompt",
    "solution_text",
    "tests_prompt",
    "tests_text",
]

_TESTS: Final = "### Tests\n"
STOP: Final = ("### Instruction",)
"""Where a continuation begins a document of its own."""

CHAT_TEMPLATE: Final = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}"
    "### Response\n{{ message['content'] }}\n\n"
    "{% else %}"
    "### Instruction\n{{ message['content'] }}\n\n"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}### Response\n{% endif %}"
)
"""`solution_prompt` as a chat template."""

_FENCE: Final = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What stood in a model's answer. Empty: it was not there."""

    code: str
    tests: str


def solution_prompt(instruction: str) -> str:
    """Ask for a solution."""
    return f"### Instruction\n{instruction}\n\n### Response\n"


def answer_prompt(instruction: str) -> str:
    """Ask for a solution and for tests of it."""
    return f"### Instruction\n{instruction}\nThen test it.\n\n### Response\n"


def tests_prompt(instruction: str) -> str:
    """Ask for tests by somebody who has not seen a solution."""
    return f"### Instruction\n{instruction}\n\n{_TESTS}"


def solution_text(code: str) -> str:
    """A solution as the model should write it.

    No line break at the end: rows for tuning have none.
    """
    return f"```python\n{code}\n```"


def tests_text(tests: str) -> str:
    """Tests as the model should write them."""
    return f"```python\n{tests}\n```"


def answer_text(code: str, tests: str) -> str:
    """A solution and its tests as the model should write them."""
    return f"{solution_text(code)}\n\n{_TESTS}{tests_text(tests)}"


def parse_answer(text: str) -> Answer:
    """Read what the model wrote after `solution_prompt` or `answer_prompt`."""
    head, _, tail = text.partition(_TESTS)
    return Answer(_block(head), _block(tail))


def parse_tests(text: str) -> str:
    """Read what the model wrote after `tests_prompt`; empty where there are none."""
    return _block(text)


def _block(text: str) -> str:
    found = _FENCE.search(text)
    return found.group(1) if found else ""
