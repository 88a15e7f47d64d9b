"""From a recipe to steps: pure, so that a dry run and the run itself cannot differ.

A step is a value: what kind of work, with which settings, from which inputs, to which outputs.
Variants share every step whose settings and inputs are the same: their folders are the same then.
The digest of a step covers its settings and the digests of the steps before it, so a changed
setting is seen in everything that depends on it.

    seeds ─ synthesis ─ selection ─ dataset ─ training ─ evaluation
                                                  └─ next round's generator
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

from veristone.loop.recipe import AlignRecipe, Benchmark, Round, Variant

__all__ = ["MAIN", "Content", "Kind", "Step", "folder_name", "plan"]

Content = Callable[[str, str], str]
"""Returns the digest of what a part says, by its kind (`seeds`, `synthesis`, `selection`,
`training`) and its name in the recipe."""
Kind = Literal["base", "seeds", "synthesis", "selection", "dataset", "training", "evaluation"]
"""`base` makes the model that the toy loop starts from (`toy`)."""
MAIN = "main"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work. Its name is the folder that it fills, inside the run's.

    Paths in `inputs` and `outputs` are relative to the run's folder where another step made them.
    """

    kind: Kind
    name: str
    """Unique: `round-1/training/main`."""
    variant: str
    round: int = 0
    label: str = ""
    """Of an evaluation: the benchmark."""
    settings: dict[str, Any] = {}
    inputs: dict[str, str] = {}
    """What it reads, by its role: `input`, `responses`, `selection`, `dataset`, `model`."""
    outputs: dict[str, str] = {}
    """What later steps and the report read, by its role."""
    after: tuple[str, ...] = ()
    """Names of the steps whose results it reads."""
    launcher: tuple[str, ...] = ()
    """Words in front of the process, for several devices."""
    content: str = ""
    """Digest of what the recipe or preset that it names says, which is part of its own digest."""
    digest: str = ""


class _Plan:
    """Steps by name; an equal step of an earlier variant is found and not added."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.steps: dict[str, Step] = {}
        self._made: dict[str, str] = {}

    def add(self, kind: Kind, name: str, variant: str, after: Iterable[str], **fields: Any) -> Step:
        """Add a step and return it, or the equal one that is there."""
        step = Step(kind=kind, name=name, variant=variant, after=tuple(after), **fields)
        facts: list[Any] = [
            step.kind,
            step.label,
            step.settings,
            step.inputs,
            step.launcher,
            step.content,
        ]
        facts.append([self.steps[each].digest for each in step.after])
        encoded = msgspec.json.encode(facts, order="sorted")
        digest = hashlib.sha256(encoded).hexdigest()[:16]
        name = self._made.setdefault(digest, name)
        return self.steps.setdefault(name, msgspec.structs.replace(step, digest=digest))


def plan(recipe: AlignRecipe, content: Content = lambda kind, name: "") -> list[Step]:
    """Return the steps in an order in which they can run.

    `content` is asked about every part, so that an edited file is seen as other settings.
    """
    made = _Plan(content)
    for benchmark in recipe.evaluation:
        _evaluation(made, recipe, benchmark, None, "base", 0)
    for variant in (None, *recipe.variants):
        _variant(made, recipe, variant)
    return list(made.steps.values())


def _variant(made: _Plan, recipe: AlignRecipe, variant: Variant | None) -> None:
    name = variant.name if variant is not None else MAIN
    seeds = _seeds(made, recipe.of(variant), name)
    model = selected = None
    for number in range(1, recipe.rounds + 1):
        # A variant is an experiment on the whole loop: what it changes holds in every round.
        here = recipe.at(number).of(variant)
        changes = recipe.changes(number)
        source = selected if changes.after_synthesis else seeds
        synthesis = _synthesis(made, here, name, number, model, source)
        selected = _selection(made, here, name, number, synthesis)
        dataset = _dataset(made, here, name, number, selected)
        model = _training(made, here, name, number, dataset, model, changes)
        for benchmark in recipe.evaluation:
            _evaluation(made, recipe.of(variant), benchmark, model, name, number)


def _seeds(made: _Plan, recipe: AlignRecipe, name: str) -> Step | None:
    """Return the step that mines seeds, or nothing where there is none."""
    seeds = recipe.seeds
    if seeds is None or seeds.file or recipe.synthesis.input:
        return None
    folder = f"seeds/{name}"
    return made.add(
        "seeds",
        folder,
        name,
        (),
        settings={
            "recipe": seeds.recipe,
            "source": list(seeds.source),
            "any_licence": seeds.any_licence,
            "judge": seeds.judge,
            "benchmarks": recipe.benchmarks,
        },
        outputs={"seeds": f"{folder}/seeds.jsonl"},
        content=made.content("seeds", seeds.recipe),
    )


def _synthesis(
    made: _Plan,
    recipe: AlignRecipe,
    name: str,
    number: int,
    model: Step | None,
    source: Step | None,
) -> Step:
    folder = f"round-{number}/synthesis/{name}"
    settings, teacher = recipe.synthesis, recipe.model.teacher
    given = settings.input or (recipe.seeds.file if recipe.seeds is not None else "")
    if source is not None:
        given = source.outputs["selected" if source.kind == "selection" else "seeds"]
    # A teacher's data do not depend on what was trained.
    before = [source] if teacher else [source, model]
    return made.add(
        "synthesis",
        folder,
        name,
        (each.name for each in before if each is not None),
        round=number,
        settings={
            "recipe": settings.recipe,
            "model": teacher or recipe.model.address(_model(recipe, model)),
            "seed": recipe.random_seed + number - 1,
        },
        inputs={"input": given},
        outputs={"responses": f"{folder}/responses.jsonl"},
        content=made.content("synthesis", settings.recipe),
    )


def _selection(made: _Plan, recipe: AlignRecipe, name: str, number: int, synthesis: Step) -> Step:
    folder = f"round-{number}/selection/{name}"
    return made.add(
        "selection",
        folder,
        name,
        [synthesis.name],
        round=number,
        settings={"recipe": recipe.selection.recipe, "benchmarks": recipe.benchmarks},
        inputs={"responses": synthesis.outputs["responses"]},
        outputs={"selected": f"{folder}/selected.jsonl"},
        content=made.content("selection", recipe.selection.recipe),
    )


def _dataset(made: _Plan, recipe: AlignRecipe, name: str, number: int, selection: Step) -> Step:
    folder = f"round-{number}/dataset/{name}"
    return made.add(
        "dataset",
        folder,
        name,
        [selection.name],
        round=number,
        settings={"template": recipe.dataset.template},
        inputs={"selection": selection.name},
        # A folder of its own inside the step's: the writer wants a place that holds nothing else.
        outputs={"dataset": f"{folder}/rows"},
    )


def _training(
    made: _Plan,
    recipe: AlignRecipe,
    name: str,
    number: int,
    dataset: Step,
    model: Step | None,
    changes: Round,
) -> Step:
    folder = f"round-{number}/training/{name}"
    settings = recipe.training
    # The base model anew, on data of the latest model, unless the round says otherwise.
    base = model if changes.train == "previous" else None
    return made.add(
        "training",
        folder,
        name,
        (each.name for each in (dataset, base) if each is not None),
        round=number,
        settings={
            "preset": settings.preset,
            "set": {"seed": recipe.random_seed, **settings.set},
        },
        inputs={"dataset": dataset.outputs["dataset"], "model": _model(recipe, base)},
        outputs={"model": f"{folder}/model"},
        launcher=settings.launcher,
        content=made.content("training", settings.preset),
    )


def _evaluation(
    made: _Plan,
    recipe: AlignRecipe,
    benchmark: Benchmark,
    model: Step | None,
    name: str,
    number: int,
) -> None:
    place = f"round-{number}/evaluation/{name}" if number else f"evaluation/{name}"
    folder = f"{place}/{folder_name(benchmark.label)}"
    style = benchmark.style if number else benchmark.base_style
    settings: Mapping[str, Any] = {
        "benchmark": benchmark.benchmark,
        "model": recipe.model.address(_model(recipe, model)),
        "style": style,
        "template": recipe.dataset.template if style == "instruct" else "",
        "n": benchmark.n,
        "temperature": benchmark.temperature,
        "top_p": benchmark.top_p,
        "max_tokens": benchmark.max_tokens,
        "seed": recipe.random_seed,
        "since": benchmark.since,
    }
    made.add(
        "evaluation",
        folder,
        name,
        [model.name] if model is not None else [],
        round=number,
        label=benchmark.label,
        settings=settings,
        inputs={"dataset": benchmark.path},
        outputs={"samples": f"{folder}/samples.jsonl", "results": f"{folder}/results.json"},
    )


def _model(recipe: AlignRecipe, trained: Step | None) -> str:
    return trained.outputs["model"] if trained is not None else recipe.model.path


def folder_name(label: str) -> str:
    """Return the folder of an evaluation inside that of its model."""
    return "".join(c if c.isalnum() or c in "+-._" else "_" for c in label)
