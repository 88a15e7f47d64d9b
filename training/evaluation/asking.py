"""Asks a model for the solutions of a benchmark and keeps them in the field's samples format.

Two styles. `instruct`: the task as an instruction in the template that the model was trained with
(or as a chat message where the server applies its own), the code taken out of the answer.
`complete`: the prompt as it is, continued by a base model. Samples are appended as they come, under
their task and number, so that an interrupted run goes on with what is missing; the file is put in
order at the end.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from veristone import (
    Completion,
    ConfigError,
    DatasetError,
    GenerationRequest,
    Message,
    Model,
    RequestRefused,
)
from veristone.files import read_bytes, read_rows, write_whole
from veristone.generators.code.answers import solution_in_answer
from veristone.generators.code.completion import with_helpers
from veristone.generators.code.fences import PYTHON
from veristone.training.evaluation.datasets import Dataset
from veristone.training.evaluation.task import Task

__all__ = ["Asking", "Style", "ask", "request_for"]

Style = Literal["instruct", "chat", "complete"]

_IN_FLIGHT = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a model is asked. The defaults are greedy decoding of one sample, as the field does."""

    style: Style = "instruct"
    render: Callable[[str], str] | None = None
    """Makes the prompt of an instruction, for `instruct`."""
    n: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 1024
    seed: int = 0

    def __post_init__(self) -> None:
        if self.style == "instruct" and self.render is None:
            raise ConfigError("style 'instruct' needs the template that the model was trained with")
        if self.n < 1 or (self.n > 1 and self.temperature == 0):
            raise ConfigError("several samples of a task need a temperature above 0")

    def digest(self) -> str:
        """Identify the settings that decide the samples."""
        prompt = self.render("INSTRUCTION") if self.render is not None else ""
        facts = (self.style, prompt, self.temperature, self.top_p, self.max_tokens, self.seed, ())
        return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]


def request_for(task: Task, asking: Asking) -> GenerationRequest:
    """Return what the model is asked about a task: `n` answers in one request."""
    settings: dict[str, Any] = {
        "id": f"eval/{task.task_id}",
        "n": asking.n,
        "max_tokens": asking.max_tokens,
        "temperature": asking.temperature,
        "top_p": asking.top_p,
        "seed": _seed(asking.seed, task.task_id),
    }
    if asking.style == "complete":
        prompt = task.prompt or task.instruction
        return GenerationRequest(prompt=prompt, stop=task.stop[:4], **settings)
    text = _instruction(task)
    if asking.style == "chat":
        messages = (Message(role="user", content=text),)
        return GenerationRequest(messages=messages, **settings)
    assert asking.render is not None
    return GenerationRequest(prompt=asking.render(text), **settings)


def _instruction(task: Task) -> str:
    if task.instruction:
        return task.instruction
    return f"Complete this Python function:\n\n```python\n{task.prompt.rstrip()}\n```"


def _seed(seed: int, task_id: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\0{task_id}".encode()).digest()[:4], "little")


async def ask(
    model: Model,
    dataset: Dataset,
    asking: Asking,
    path: Path,
    *,
    in_flight: int = _IN_FLIGHT,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Write `path`: one row per task and sample with `task_id`, `solution`, `raw`.

    Goes on where an earlier call stopped. `progress` is called with the number of samples so far.

    Raises:
        ConfigError: `path` holds samples of other settings.
        ModelUnavailable: the model does not answer; what was written stays.
    """
    found = await asyncio.to_thread(_kept, path, dataset, asking, model.name)
    missing = iter([task for task in dataset.tasks.values() if task.task_id not in found])
    progress(len(found) * asking.n)
    with path.open("a", encoding="utf-8") as file:

        async def work() -> None:
            for task in missing:
                rows = found[task.task_id] = await _answer(model, task, asking)
                # One write: a kill leaves whole rows and at most one torn one at the end.
                file.write(_lines(rows))
                file.flush()
                progress(len(found) * asking.n)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(in_flight):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
    in_order = (row for task_id in dataset.tasks for row in found[task_id])
    await asyncio.to_thread(write_whole, path, _lines(in_order))


async def _answer(model: Model, task: Task, asking: Asking) -> list[dict[str, Any]]:
    try:
        completions = (await model.generate(request_for(task, asking))).completions
    except RequestRefused as error:
        # A task that does not fit the model's context is a task that it does not solve.
        completions = [Completion(text="", finish_reason=f"refused: {error}")] * asking.n
    return [
        _row(task, asking, model.name, number, completion)
        for number, completion in enumerate(completions)
    ]


def _row(
    task: Task, asking: Asking, model: str, number: int, completion: Completion
) -> dict[str, Any]:
    text = completion.text
    if asking.style == "complete":
        solution = task.prompt + _continuation(task, text)
    else:
        tags = PYTHON if task.language == "python" else {task.language}
        solution = solution_in_answer(text, entry_point=task.entry_point, tags=tags)
    return {
        "task_id": task.task_id,
        "sample": number,
        "solution": solution,
        "raw": text,
        "finish_reason": completion.finish_reason,
        "model": model,
        "asked": asking.digest(),
    }


def _continuation(task: Task, text: str) -> str:
    """Return what goes on the prompt: up to a stop string that a server did not cut at, and in
    Python up to where the function and the helpers that it needs end."""
    for word in task.stop:
        text = text.partition(word)[0]
    return with_helpers(task.prompt, text) if task.language == "python" and task.prompt else text


def _kept(
    path: Path, dataset: Dataset, asking: Asking, model: str
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the tasks that have all their samples; the file keeps no others."""
    found: dict[str, list[dict[str, Any]]] = {}
    if not path.exists():
        return found
    content = read_bytes(path)
    # A kill may have torn the last line.
    for row in read_rows(path, content[: content.rfind(b"\n") + 1]):
        if row.fields.get("asked") != asking.digest() or row.fields.get("model") != model:
            raise ConfigError(
                f"{path} holds samples of another model or of other settings: give another file"
            )
        task_id = row.text("task_id")
        if task_id not in dataset.tasks:
            raise DatasetError(f"{row.where}: the benchmark has no task {task_id!r}")
        found.setdefault(task_id, []).append(row.fields)
    found = {task_id: rows for task_id, rows in found.items() if len(rows) == asking.n}
    write_whole(path, _lines(row for rows in found.values() for row in rows))
    return found


def _lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)
