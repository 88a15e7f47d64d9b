"""The recipes that come with Veristone: they load, ask what they should, and read their answers."""

import gzip
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from backends import give_up
from content_prompts import HOSTILE, asked, recipe_named, record, text_of, without

from veristone import Completion, Generation, GenerationRequest
from veristone.generators.synthesis.examples import Example, read_examples
from veristone.generators.synthesis.read_input import read_input
from veristone.generators.synthesis.recipe import builtin_recipes
from veristone.generators.synthesis.stages.base import Stage
from veristone.generators.synthesis.stages.evolve import Evolve
from veristone.generators.synthesis.verification import sample_of

RECIPES = {name: recipe_named(name) for name in builtin_recipes()}
EXAMPLES = tuple(read_examples("self-oss-instruct"))
DATA = Path(__file__).parents[5] / "shared" / "data"
STAGES = [(name, stage.name) for name, recipe in RECIPES.items() for stage in recipe.stages]


def over(stages: list[tuple[str, str]]) -> pytest.MarkDecorator:
    """Run a test for each of some stages."""
    return pytest.mark.parametrize(("name", "stage_name"), stages, ids=lambda value: value)


def stage_of(name: str, stage_name: str) -> Stage:
    return next(stage for stage in RECIPES[name].stages if stage.name == stage_name)


each = over(STAGES)
showing_seeds = over(
    [
        (name, stage.name)
        for name, recipe in RECIPES.items()
        for stage in recipe.stages
        if any("seed_code" in template.variables for template in stage.templates)
    ]
)
with_decks = over([(n, s) for n, s in STAGES if stage_of(n, s).shots and stage_of(n, s).decks])
as_examples = over(
    [(n, s) for n, s in STAGES if stage_of(n, s).kind not in ("evolve", "solutions")]
)
"""Stages whose answers have the form of an example; the others continue their own input."""


def shared(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def test_the_recipes_are_these() -> None:
    assert list(RECIPES) == [
        "evol-instruct",
        "oss-instruct",
        "self-instruct",
        "selfcodealign",
        "solutions",
        "starcoder2-instruct",
    ]
    assert all(recipe.name == name for name, recipe in RECIPES.items())


@each
def test_hostile_code_is_shown_as_it_is(name: str, stage_name: str) -> None:
    stage = stage_of(name, stage_name)
    for request in stage.requests(record(1), RECIPES[name].random_seed):
        request.validate()
        shown = text_of(request)
        used = {variable for template in stage.templates for variable in template.variables}
        if used & {"seed_code", "instruction"}:
            assert shown.count(HOSTILE) == 1
        assert "{%" not in shown.replace(HOSTILE, "")
        assert [message.role for message in request.messages][-1:] in ([], ["user"])


@each
def test_a_raw_prompt_ends_where_a_base_model_goes_on(name: str, stage_name: str) -> None:
    for request in asked(RECIPES[name], stage_of(name, stage_name), 1):
        if request.prompt and not request.prompt.endswith("\nassert "):
            assert request.prompt[-1] == "\n" or name == "solutions"
            assert not re.search(r"[ \t]+\n", request.prompt.replace(HOSTILE, "x"))
            assert "\n\n\n\n" not in request.prompt


@showing_seeds
def test_a_seed_with_fences_does_not_end_its_own(name: str, stage_name: str) -> None:
    stage = stage_of(name, stage_name)
    for request in stage.requests(record(1), 0):
        assert f"`````python\nimport re\n\n{HOSTILE}\n`````\n" in text_of(request) + "\n"
    plain = stage.requests(record(1, "def f():\n    return 1"), 0)
    assert "```python\nimport re\n\ndef f():\n    return 1\n```" in text_of(plain[0])
    assert "`````" not in text_of(plain[0])


@with_decks
def test_prompts_of_a_deck_share_what_comes_first(name: str, stage_name: str) -> None:
    recipe, stage = RECIPES[name], stage_of(name, stage_name)
    texts = sorted(text_of(asked(recipe, stage, number)[0]) for number in range(160))
    shares = [shared(one, other) / len(one) for one, other in pairwise(texts)]
    # Where a deck ends, the next text begins differently; everywhere else all examples are shared.
    assert sum(share < 0.5 for share in shares) < stage.decks
    inside = [share for share in shares if share >= 0.5]
    assert len(inside) >= 160 - stage.decks
    own = len(record(0).instruction) + 250
    assert min(inside) > 1 - 2 * own / min(map(len, texts))


def test_chat_prompts_without_examples_share_their_beginning() -> None:
    recipe = RECIPES["oss-instruct"]
    texts = [text_of(asked(recipe, recipe.stages[0], number)[0]) for number in range(8)]
    assert min(shared(*pair) for pair in pairwise(texts)) > 1000


@pytest.mark.parametrize(
    ("name", "stage_name", "shots", "n", "temperature"),
    [
        ("starcoder2-instruct", "concepts", 8, 1, 0.7),
        ("starcoder2-instruct", "instructions", 8, 1, 0.7),
        ("starcoder2-instruct", "responses", 1, 10, 0.7),
        ("selfcodealign", "concepts", 8, 1, 0.7),
        ("selfcodealign", "instructions", 8, 1, 0.7),
        ("selfcodealign", "responses", 1, 10, 0.7),
        ("oss-instruct", "problem", 0, 1, 0.0),
        ("self-instruct", "propose", 8, 1, 0.9),
        ("solutions", "solutions", 0, 100, 0.8),
    ],
)
def test_numbers_are_those_of_the_papers(
    name: str, stage_name: str, shots: int, n: int, temperature: float
) -> None:
    stage = stage_of(name, stage_name)
    assert stage.shots == shots
    assert stage.sampling.n == n
    assert stage.sampling.temperature == temperature


def test_oss_instruct_as_published(tmp_path: Path) -> None:
    """What the head of the recipe says to change, in a copy."""
    (tmp_path / "recipe.toml").write_text(
        'input = { kind = "seeds" }\n'
        "[[stages]]\n"
        'kind = "problem"\n'
        'template = "oss-instruct/problem-untested.chat.jinja"\n'
        'tests = "none"\n'
        "[verify]\n"
        'untested = "skip"\n'
    )
    recipe = recipe_named(str(tmp_path))
    (stage,) = recipe.stages
    (request,) = stage.requests(record(1), 0)
    assert text_of(request).count(HOSTILE) == 1
    assert "test" not in text_of(request).replace(HOSTILE, "").lower()
    text = f"[Problem Description]\n{EXAMPLES[0].instruction}\n\n[Solution]\n{EXAMPLES[0].response}"
    answer = Generation(id=request.id, completions=(Completion(text=text),))
    (kept,) = stage.read(record(1), [answer], 0).kept
    assert kept.tests == ""
    assert sample_of(kept, recipe.verify) is None


def test_evolutions_are_of_five_kinds() -> None:
    first = stage_of("evol-instruct", "evolve")
    assert isinstance(first, Evolve)
    names = [method.name for method in first.methods]
    assert names == ["constraint", "rarer", "deeper", "misleading", "complexity"]
    drawn = {first.method(record(number), 0).name for number in range(100)}
    assert drawn == set(names)
    for request, method in (
        (first.requests(record(number), 0)[0], first.method(record(number), 0))
        for number in range(20)
    ):
        assert method.text in request.messages[-1].content


def test_an_evolution_is_read_and_remembers_its_parent() -> None:
    stage = stage_of("evol-instruct", "evolve")
    for example in EXAMPLES:
        made = record(1, instruction=example.instruction)
        (request,) = stage.requests(made, 0)
        text = f"{example.instruction} No argument may be changed, whatever its type."
        answer = Generation(id=request.id, completions=(Completion(text=text),))
        (kept,) = stage.read(made, [answer], 0).kept
        assert kept.instruction == text
        assert [step.instruction for step in kept.history] == [example.instruction]


def as_written(kind: str, request: GenerationRequest, example: Example) -> str:
    """An example as a model would have written it for this kind of stage."""
    tests = f"```python\n{example.tests}\n```"
    if kind == "concepts":
        return ", ".join(example.concepts)
    if kind in ("instructions", "propose"):
        return f"{example.instruction}\n\n"
    if kind == "problem":
        return (
            f"[Problem Description]\n{example.instruction}\n\n[Solution]\n{example.response}\n\n"
            f"[Tests]\n{tests}\n"
        )
    if request.messages:
        return f"{example.reasoning}\n\n{example.response}\n\nThese tests check it:\n\n{tests}"
    if request.prompt.endswith("<response>\n"):
        return f"{example.response}\n\n{example.explanation}\n</response>\n\n<tests>\n{tests}\n"
    return (
        f"{example.reasoning}\n\n[Implementation]\n{example.response}\n\n[Explanation]\n"
        f"{example.explanation}\n\n[Tests]\n{tests}\n\n"
    )


@as_examples
def test_what_the_prompt_shows_is_what_is_read(name: str, stage_name: str) -> None:
    recipe, stage = RECIPES[name], stage_of(name, stage_name)
    for example in EXAMPLES:
        alone = without(stage, example, EXAMPLES) if recipe.examples else stage
        made = record(1, "def f(x):\n    return x", example.instruction)
        (request,) = alone.requests(made, 0)
        text = as_written(stage.kind, request, example)
        completions = tuple(Completion(text=text) for _ in range(request.n))
        result = alone.read(made, [Generation(id=request.id, completions=completions)], 0)
        first = [refusal for refusal in result.refused if refusal.reason != "duplicate"]
        assert [(r.reason, r.detail) for r in first] == [], example.name
        (kept,) = result.kept
        if stage.kind in ("responses", "problem"):
            assert kept.code.strip() in example.response
            assert kept.tests.strip() == example.tests.strip()
            assert "assert" not in kept.response or "assert" in example.explanation


def test_shown_answers_have_the_form_that_is_read() -> None:
    """The example in a prompt of responses, cut out of it, is an answer that is taken."""
    for name, begin, end in (
        ("starcoder2-instruct", "### Response\n[Reasoning]\n", "\n\n## Example 2"),
        ("selfcodealign", "<response>\n", "</tests>"),
    ):
        stage = stage_of(name, "responses")
        for number in range(8):
            made = record(number)
            (request,) = stage.requests(made, 0)
            answer = request.prompt.partition(begin)[2].partition(end)[0]
            example = next(e for e in EXAMPLES if e.instruction in request.prompt)
            plain = without(stage, example, EXAMPLES)
            completions = (Completion(text=answer),) * request.n
            result = plain.read(made, [Generation(id=request.id, completions=completions)], 0)
            assert len(result.kept) == 1


def test_recordings_are_found_by_their_prompts(tmp_path: Path) -> None:
    files = [DATA / f"codegen16b_humaneval_{part}.jsonl.gz" for part in ("solutions", "tests")]
    if not all(file.exists() for file in files):
        give_up("shared/data is not here: CodeT's recordings are needed")
    recorded = [
        [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
        for file in files
    ]
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text(
        "".join(
            json.dumps({"id": f"task-{number}", "prompt": row["prompt"]}) + "\n"
            for number, row in enumerate(recorded[0])
        )
    )
    recipe = RECIPES["solutions"]
    stage = recipe.stages[0]
    asked_for = [stage.requests(made, 0) for made in read_input(recipe.input, tasks)]
    assert len(asked_for) == 82
    for at, rows in enumerate(recorded):
        prompts = {row["prompt"] for row in rows}
        assert all(requests[at].prompt in prompts for requests in asked_for)
