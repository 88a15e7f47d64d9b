"""From a model to a samples file, and what of an answer is run."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fake_model import FakeModel

from veristone import (
    Completion,
    ConfigError,
    Generation,
    GenerationRequest,
    ModelUnavailable,
    RequestRefused,
)
from veristone.training.evaluation import Dataset, load_candidates, load_dataset
from veristone.training.evaluation.asking import Asking, ask, request_for


def fenced(code: str, tag: str = "python") -> str:
    return f"```{tag}\n{code}```\n"


class Scripted:
    """Answers with a function of the request; counts what it was asked."""

    name = "scripted"

    def __init__(self, fail_after: int | None = None) -> None:
        self.asked: list[str] = []
        self.refuses: tuple[str, ...] = ("/9",)
        self._fail_after = fail_after

    async def generate(self, request: GenerationRequest) -> Generation:
        await asyncio.sleep(0)
        if self._fail_after is not None and len(self.asked) >= self._fail_after:
            raise ModelUnavailable("gone")
        self.asked.append(request.id)
        if request.id.endswith(self.refuses):
            raise RequestRefused("too long")
        texts = [fenced(f"def f(x):\n    return {k}\n") for k in range(request.n)]
        return Generation(id=request.id, completions=tuple(Completion(text=t) for t in texts))


def tasks(tmp_path: Path, count: int = 10) -> Dataset:
    path = tmp_path / "tasks.jsonl"
    row = {"prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "", "test": ""}
    rows = [{"task_id": f"HumanEval/{n}", **row} for n in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_dataset(path, "humaneval")


SAMPLED = Asking(style="chat", n=3, temperature=0.8)


async def test_an_interrupted_run_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    dataset, path, other = tasks(tmp_path), tmp_path / "samples.jsonl", tmp_path / "other.jsonl"
    with pytest.raises(ModelUnavailable):
        await ask(Scripted(fail_after=4), dataset, SAMPLED, path, in_flight=2)
    with path.open("a") as file:
        file.write('{"task_id": "HumanEval/7", "torn')  # as a kill leaves it
    model = Scripted()
    counts: list[int] = []
    await ask(model, dataset, SAMPLED, path, in_flight=2, progress=counts.append)
    await ask(Scripted(), dataset, SAMPLED, other, in_flight=7)
    assert path.read_bytes() == other.read_bytes()
    assert len(model.asked) == 6
    assert counts[0] == 12
    assert counts[-1] == 30
    candidates = load_candidates(path, dataset.tasks).candidates
    assert [c.task_id for c in candidates[:4]] == ["HumanEval/0"] * 3 + ["HumanEval/1"]
    assert candidates[1].solution.rstrip() == "def f(x):\n    return 1"


async def test_what_was_refused_is_no_sample_and_is_asked_again(tmp_path: Path) -> None:
    dataset, path = tasks(tmp_path), tmp_path / "samples.jsonl"
    await ask(Scripted(), dataset, SAMPLED, path)
    found = load_candidates(path, dataset.tasks)
    assert len(found.candidates) == 27
    assert {tuple(one) for one in found.troubles} == {("HumanEval/9", "refused", "too long")}
    mended = Scripted()
    mended.refuses = ()
    await ask(mended, dataset, SAMPLED, path)
    assert mended.asked == ["eval/HumanEval/9"]
    assert not load_candidates(path, dataset.tasks).troubles


CODE = "```python\ndef f(x):\n    return x\n```\n"
OPEN = CODE.removesuffix("```\n")
LIMIT = 1024


class Once(FakeModel):
    """Says one thing, and that it took so many tokens; 0: it does not count them."""

    def __init__(self, completion: Completion, tokens: int = 0) -> None:
        super().__init__(lambda request: completion)
        self._tokens = tokens

    async def generate(self, request: GenerationRequest) -> Generation:
        answer = await super().generate(request)
        return msgspec.structs.replace(answer, completion_tokens=self._tokens * request.n)


def torn(text: str, note: str = "") -> Completion:
    return Completion(text=text, finish_reason="length", note=note)


@pytest.mark.parametrize(
    ("style", "completion", "kind"),
    [
        ("chat", Completion(text=CODE), None),
        ("chat", torn(CODE + "It does"), None),
        ("chat", Completion(text=" \n"), "empty"),
        ("chat", Completion(text="", note="the model refused: no"), "empty"),
        ("chat", Completion(text=CODE, finish_reason="content_filter"), "unfinished"),
        ("complete", Completion(text="    return x\n"), None),
        ("complete", torn("    return x\n\nf(1)\nf("), None),
        ("complete", Completion(text="", finish_reason="stop"), "empty"),
    ],
)
async def test_what_is_no_answer_says_so(
    tmp_path: Path, style: Any, completion: Completion, kind: str | None
) -> None:
    dataset, path = tasks(tmp_path, 1), tmp_path / "samples.jsonl"
    model = Once(completion, 9)
    await ask(model, dataset, Asking(style=style), path)
    found = load_candidates(path, dataset.tasks)
    assert [one.kind for one in found.troubles] == ([kind] if kind else [])
    assert [one.cut for one in found.candidates] == ([] if kind else [""])
    if completion.note:
        assert completion.note in found.troubles[0].words
    # The same again: only what may come out otherwise is asked for.
    await ask(model, dataset, Asking(style=style), path)
    assert len(model.requests) == 1 + (kind is not None)


CUT_OFF = [
    ("chat", torn(OPEN)),
    ("chat", torn("<think>" + CODE)),
    ("chat", torn("", "reasoning only")),
    ("complete", torn("    return x\n    y =")),
]


@pytest.mark.parametrize("tokens", [0, LIMIT - 1, LIMIT])
@pytest.mark.parametrize(("style", "completion"), CUT_OFF)
async def test_an_answer_that_reached_the_limit_is_the_models(
    tmp_path: Path, style: Any, completion: Completion, tokens: int
) -> None:
    dataset, path = tasks(tmp_path, 1), tmp_path / "samples.jsonl"
    model = Once(completion, tokens)
    await ask(model, dataset, Asking(style=style, max_tokens=LIMIT), path)
    found = load_candidates(path, dataset.tasks)
    assert not found.troubles
    assert f"max_tokens {LIMIT}" in found.candidates[0].cut
    assert completion.note in found.candidates[0].cut
    await ask(model, dataset, Asking(style=style, max_tokens=LIMIT), path)
    assert len(model.requests) == 1, "the same limit gives the same"
    await ask(Once(Completion(text=CODE)), dataset, Asking(style=style, max_tokens=2048), path)
    assert not load_candidates(path, dataset.tasks).candidates[0].cut, "a larger one may not"


@pytest.mark.parametrize(("style", "completion"), CUT_OFF)
async def test_an_answer_that_the_server_cut_short_is_none(
    tmp_path: Path, style: Any, completion: Completion
) -> None:
    dataset, path = tasks(tmp_path, 1), tmp_path / "samples.jsonl"
    model = Once(completion, LIMIT // 2)
    await ask(model, dataset, Asking(style=style, max_tokens=LIMIT), path)
    found = load_candidates(path, dataset.tasks)
    assert not found.candidates
    assert found.troubles[0].kind == "cut"
    assert "before max_tokens" in found.troubles[0].words
    await ask(model, dataset, Asking(style=style, max_tokens=LIMIT), path)
    assert len(model.requests) == 2, "the server may have been mended"


async def test_a_server_that_fails_at_one_task_costs_that_task(tmp_path: Path) -> None:
    dataset, path = tasks(tmp_path, 6), tmp_path / "samples.jsonl"

    def answer(request: GenerationRequest) -> str:
        if request.id.endswith("/3"):
            raise ModelUnavailable("internal error")
        return CODE

    await ask(FakeModel(answer), dataset, Asking(style="chat"), path, in_flight=1)
    found = load_candidates(path, dataset.tasks)
    assert [tuple(one) for one in found.troubles] == [
        ("HumanEval/3", "unanswered", "internal error")
    ]
    assert len(found.candidates) == 5


async def test_a_server_that_never_answers_ends_the_run(tmp_path: Path) -> None:
    def answer(request: GenerationRequest) -> str:
        raise ModelUnavailable("Provider returned error")

    for count in (1, 10):
        path = tmp_path / f"{count}.jsonl"
        with pytest.raises(ModelUnavailable, match="Provider returned error"):
            await ask(FakeModel(answer), tasks(tmp_path, count), Asking(style="chat"), path)


async def test_samples_of_tasks_that_a_filter_leaves_out_stay_in_the_file(tmp_path: Path) -> None:
    dataset, path = tasks(tmp_path, 3), tmp_path / "samples.jsonl"
    model = FakeModel(lambda request: CODE)
    await ask(model, dataset, Asking(style="chat"), path)
    await ask(model, dataset.only({"HumanEval/1"}), Asking(style="chat"), path)
    assert len(path.read_text().splitlines()) == len(model.requests) == 3


async def test_samples_of_other_settings_are_not_mixed(tmp_path: Path) -> None:
    dataset, path = tasks(tmp_path, 2), tmp_path / "samples.jsonl"
    await ask(Scripted(), dataset, SAMPLED, path)
    warmer = Asking(style="chat", n=3, temperature=0.9)
    with pytest.raises(ConfigError, match="other settings"):
        await ask(Scripted(), dataset, warmer, path)


async def test_a_base_models_continuation_is_cut(tmp_path: Path) -> None:
    dataset, path = tasks(tmp_path, 1), tmp_path / "samples.jsonl"

    class Goes(Scripted):
        async def generate(self, request: GenerationRequest) -> Generation:
            text = "    return g(x)\n\ndef g(x):\n    return x\n\nprint(f(1))\n"
            return Generation(id=request.id, completions=(Completion(text=text),))

    await ask(Goes(), dataset, Asking(style="complete"), path)
    (candidate,) = load_candidates(path, dataset.tasks).candidates
    assert "return g(x)" in candidate.solution
    assert "def g(x)" in candidate.solution, "a helper that is needed stays"
    assert "print" not in candidate.solution


@pytest.mark.parametrize(
    "text",
    [
        "    return x<|endoftext|>\nimport os\n",
        "    return x\n<|endoftext|>import os\n",
        "    return x\n<file_sep>package main\n",
        # Models that were taught to chat begin anew.
        "```python\ndef f(x):\n    return x\n```\nIt returns x.",
    ],
)
async def test_a_continuation_ends_at_a_special_token_and_may_be_a_whole_answer(
    tmp_path: Path, text: str
) -> None:
    dataset, path = tasks(tmp_path, 1), tmp_path / "samples.jsonl"
    await ask(FakeModel(lambda request: text), dataset, Asking(style="complete"), path)
    (candidate,) = load_candidates(path, dataset.tasks).candidates
    assert candidate.solution.rstrip() == "def f(x):\n    return x"


def test_styles(tmp_path: Path) -> None:
    task = tasks(tmp_path, 1).tasks["HumanEval/0"]
    assert request_for(task, Asking(style="complete")).prompt == "def f(x):\n"
    rendered = request_for(task, Asking(render=lambda text: f"<{text}>")).prompt
    assert rendered.startswith("<Complete this Python function:")
    assert "def f(x):" in rendered
    assert request_for(task, SAMPLED).messages[0].role == "user"
    assert request_for(task, SAMPLED).seed == request_for(task, SAMPLED).seed
    with pytest.raises(ConfigError, match="template"):
        Asking()
    with pytest.raises(ConfigError, match="temperature"):
        Asking(style="chat", n=2)
