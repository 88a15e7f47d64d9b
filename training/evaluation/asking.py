"""Asks a model for the solutions of a benchmark and keeps them in the field's samples format.

Two styles. `instruct`: the task as an instruction in the template that the model was trained with
(or as a chat message where the server applies its own), the code taken out of the answer.
`complete`: the prompt as it is, continued by a base model. Samples are appended as they come, under
their task and number, so that an interrupted run goes on with what is missing; the file is put in
order at the end.

What is no answer is no sample: a request that the server refused, a text that is empty or that the
server cut off before the limit asked for. Such a row says so (`trouble`, `words`), and the next run
asks again. A text that reached `max_tokens` before its code was whole is the model's answer, as in
published results; its row says `cut`, and it is asked for again when `max_tokens` has grown.
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
    GenerationRequest,
    Message,
    Model,
    ModelUnavailable,
    RequestRefused,
)
from veristone.files import read_bytes, read_rows, write_whole
from veristone.generators.code.answers import answer_text, ended, solution_in_answer
from veristone.generators.code.completion import with_helpers
from veristone.generators.code.demos import without_demo
from veristone.generators.code.fences import tags_of
from veristone.training.evaluation.datasets import Dataset
from veristone.training.evaluation.task import Task

__all__ = ["Asking", "Style", "ask", "request_for"]

Style = Literal["instruct", "chat", "complete"]

_IN_FLIGHT = 64
_SILENT = 3
"""Requests without an answer, and none with one between them, after which a server is gone."""
_CUT = "length"
_ENDED = frozenset({"stop", _CUT, "eos", "eos_token", "stop_sequence", "end_turn"})
"""Finish reasons of a model that came to its end, or to that of its tokens."""


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
            raise ConfigError(
                "several samples of a task need a temperature above 0: give --temperature 0.8"
            )

    def digest(self) -> str:
        """Identify the settings that decide the samples. With more tokens only those are others
        that were cut off."""
        prompt = self.render("INSTRUCTION") if self.render is not None else ""
        facts = (self.style, prompt, self.temperature, self.top_p, self.seed, ())
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
    """Write `path`: one row per task and sample with `task_id`, `solution`, `raw`; `cut` where the
    answer reached `max_tokens`, and `trouble` with `words` where there is none.

    Goes on where an earlier call stopped. `progress` is called with the number of samples so far.

    Raises:
        ConfigError: `path` holds samples of other settings.
        ModelUnavailable: the model does not answer; what was written stays.
    """
    found = await asyncio.to_thread(_kept, path, dataset, asking, model.name)
    missing = iter([task for task in dataset.tasks.values() if task.task_id not in found])
    done = [task_id for task_id in dataset.tasks if task_id in found]
    progress(len(done) * asking.n)
    silent = _Silence()
    with path.open("a", encoding="utf-8") as file:

        async def work() -> None:
            for task in missing:
                rows = found[task.task_id] = await _answer(model, task, asking, silent)
                # One write: a kill leaves whole rows and at most one torn one at the end.
                file.write(_lines(rows))
                file.flush()
                done.append(task.task_id)
                progress(len(done) * asking.n)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(in_flight):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
    silent.end()
    others = [task_id for task_id in found if task_id not in dataset.tasks]
    in_order = (row for task_id in [*dataset.tasks, *others] for row in found[task_id])
    await asyncio.to_thread(write_whole, path, _lines(in_order))


class _Silence:
    """Tells a server that is gone from one that fails at a request: which ends a run, and which is
    an answer that is missing."""

    def __init__(self) -> None:
        self._answered = False
        self._row = 0
        self._last: ModelUnavailable | None = None

    def broken(self) -> None:
        """Somebody was answered."""
        self._answered, self._row, self._last = True, 0, None

    def heard(self, error: ModelUnavailable) -> None:
        """Somebody was not.

        Raises:
            ModelUnavailable: nor were those before.
        """
        self._row, self._last = self._row + 1, error
        if self._row == _SILENT:
            raise error

    def end(self) -> None:
        """Raise what was last heard where nobody was answered."""
        if self._last is not None and not self._answered:
            raise self._last


async def _answer(
    model: Model, task: Task, asking: Asking, silent: _Silence
) -> list[dict[str, Any]]:
    try:
        generation = await model.generate(request_for(task, asking))
    except RequestRefused as error:
        # Whether a prompt was too long or a setting wrong: the model has said nothing.
        silent.broken()
        return _without_answer(model, task, asking, "refused", error)
    except ModelUnavailable as error:
        silent.heard(error)
        return _without_answer(model, task, asking, "unanswered", error)
    silent.broken()
    short = generation.cut_early(asking.max_tokens)
    return [
        {"task_id": task.task_id, "sample": number}
        | _read(task, asking, completion, short=short)
        | _facts(model, asking)
        for number, completion in enumerate(generation.completions)
    ]


def _without_answer(
    model: Model, task: Task, asking: Asking, trouble: str, error: Exception
) -> list[dict[str, Any]]:
    words = str(error)
    row = {"solution": "", "raw": "", "finish_reason": f"{trouble}: {words}"}
    row |= {**_facts(model, asking), "trouble": trouble, "words": words}
    return [{"task_id": task.task_id, "sample": number, **row} for number in range(asking.n)]


def _facts(model: Model, asking: Asking) -> dict[str, Any]:
    return {"model": model.name, "asked": asking.digest(), "max_tokens": asking.max_tokens}


def _read(task: Task, asking: Asking, completion: Completion, *, short: bool) -> dict[str, Any]:
    """Return what is kept of an answer: the program in it, or why there is none.

    `short`: where it was cut off, it was so before `max_tokens`.
    """
    text, reason = completion.text, completion.finish_reason
    torn = reason == _CUT
    if asking.style == "complete" and not text.lstrip().startswith("```"):
        solution, whole = _continued(task, text)
        said = bool(text.strip())
    else:
        solution, whole = solution_in_answer(
            text,
            entry_point=task.entry_point,
            tags=() if task.language == "python" else tags_of(task.language),
            head=task.prompt,
            torn=torn,
        )
        said = bool(answer_text(text).strip())
    row = {"solution": solution, "raw": text, "finish_reason": reason}
    note = f"; {completion.note}" if completion.note else ""
    if torn and not (said and whole):
        if short:
            words = f"cut off before max_tokens {asking.max_tokens} (finish_reason length){note}"
            return {**row, "trouble": "cut", "words": words}
        return {**row, "cut": f"max_tokens {asking.max_tokens} (finish_reason length){note}"}
    if reason not in _ENDED:
        return {**row, "trouble": "unfinished", "words": f"finish_reason {reason}{note}"}
    if not said:
        return {**row, "trouble": "empty", "words": f"empty (finish_reason {reason}){note}"}
    return row


def _continued(task: Task, text: str) -> tuple[str, bool]:
    """Return the program that a continued prompt is, and whether something followed it.

    It ends at a stop string that a server did not cut at, and in Python where the function and the
    helpers that it needs do.
    """
    kept = ended(text)
    for word in task.stop:
        kept = kept.partition(word)[0]
    if task.language == "python" and task.prompt:
        kept = with_helpers(task.prompt, kept)
    rest = text[len(kept) :].split("\n")
    stopped = any(text.startswith(word, len(kept)) for word in task.stop)
    followed = stopped or any(line[:1].strip() for line in rest[1:])
    program = task.prompt + kept
    return without_demo(program, task.entry_point), followed


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
        fields = row.fields
        asked, tokens = fields.get("asked"), fields.get("max_tokens", 0)
        if (asked, fields.get("model")) != (asking.digest(), model) or tokens > asking.max_tokens:
            raise ConfigError(
                f"{path} holds samples of another model or of other settings: give another file"
                " with --samples, or remove this one"
            )
        found.setdefault(row.text("task_id"), []).append(fields)
    found = {
        task_id: rows
        for task_id, rows in found.items()
        if len(rows) == asking.n and not any(_again(row, asking) for row in rows)
    }
    write_whole(path, _lines(row for rows in found.values() for row in rows))
    return found


def _again(row: Mapping[str, Any], asking: Asking) -> bool:
    """Whether an answer is asked for again."""
    return "trouble" in row or ("cut" in row and row["max_tokens"] < asking.max_tokens)


def _lines(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)
