"""MultiPL-E (Cassano et al. 2023): a prompt, tests in the same language, an exit code.

The program is prompt + completion + tests, as in its own evaluators, and passes where it exits
with 0. Only languages that the verifier has a sandbox for can be judged: others come back
undecided with a message that says so.
"""

import msgspec

from veristone import ProgramCheck
from veristone.files import Row
from veristone.training.evaluation.task import Program, Task

__all__ = ["read_task"]


class _Row(msgspec.Struct):
    name: str
    language: str
    prompt: str
    tests: str
    stop_tokens: tuple[str, ...] = ()


def read_task(row: Row) -> Task:
    """Read one row of a `LANG.jsonl` file.

    Raises:
        DatasetError: a field is missing or of another type.
    """
    fields = row.read(_Row)
    language, prompt = fields.language, fields.prompt
    return Task(
        task_id=fields.name,
        prompt=prompt,
        entry_point="",
        canonical_solution="",
        build=lambda solution: Program(f"{solution}\n{fields.tests}", ProgramCheck()),
        instruction=f"Complete this {language} code:\n\n```{language}\n{prompt}\n```",
        language=language,
        stop=fields.stop_tokens,
    )
