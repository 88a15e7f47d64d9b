"""MultiPL-E (Cassano et al. 2023): a prompt, tests in the same language, an exit code.

The program is prompt + completion + tests, as in its own evaluators, and passes where it exits
with 0. Only languages that the verifier has a sandbox for can be judged: others come back
undecided with a message that says so.
"""

from typing import Any, cast

from veristone import DatasetError, ProgramCheck
from veristone.files import Row
from veristone.training.evaluation.task import Program, Task

__all__ = ["read_task"]


def read_task(row: Row) -> Task:
    """Read one row of a `LANG.jsonl` file.

    Raises:
        DatasetError: a field is missing or of another type.
    """
    name, prompt, tests = row.text("name"), row.text("prompt"), row.text("tests")
    language = row.text("language")
    return Task(
        task_id=name,
        prompt=prompt,
        entry_point="",
        canonical_solution="",
        build=lambda solution: Program(f"{solution}\n{tests}", ProgramCheck()),
        instruction=f"Complete this {language} code:\n\n```{language}\n{prompt}\n```",
        language=language,
        stop=tuple(_stop(row)),
    )


def _stop(row: Row) -> list[str]:
    value: Any = row.fields.get("stop_tokens") or []
    items = cast("list[Any]", value) if isinstance(value, list) else [None]
    if not all(isinstance(each, str) for each in items):
        raise DatasetError(f"{row.where}: 'stop_tokens' must be a list of strings")
    return [str(each) for each in items]
