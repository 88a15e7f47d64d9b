"""The text that the tiny model reads and writes.

Two prompts, both raw text that the model continues:

    ### Instruction               ### Instruction
    Write a function ...          Write a function ...
                                  Then test it.
    ### Response
                                  ### Response
    (solution)                    (solution and tests)

A solution is one fenced block of Python; tests are another, of ``assert`` lines under
``### Tests``. Solution alone is the form for tuning and evaluation.
"""

from typing import Final

from veristone.training.finetune.template import Template

__all__ = ["TEMPLATE", "answer_prompt", "answer_text", "fenced", "solution_prompt"]

TEMPLATE: Final = Template(before_user="### Instruction\n", before_response="### Response\n")
_TESTS: Final = "### Tests\n"


def solution_prompt(instruction: str) -> str:
    """Ask for a solution."""
    return TEMPLATE.render(instruction)


def answer_prompt(instruction: str) -> str:
    """Ask for a solution and for tests of it."""
    return TEMPLATE.render(f"{instruction}\nThen test it.")


def fenced(code: str) -> str:
    """A solution or tests as the model should write them.

    No line break at the end: rows for tuning have none.
    """
    return f"```python\n{code}\n```"


def answer_text(code: str, tests: str) -> str:
    """A solution and its tests as the model should write them."""
    return f"{fenced(code)}\n\n{_TESTS}{fenced(tests)}"
