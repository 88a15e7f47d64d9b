"""From a recipe to steps: pure, so that a dry run and the run itself cannot differ.

A step is one command of ours and the folder that it fills. Variants share every step whose settings
and inputs are the same: their folders are the same then. The digest of a step covers its command
and the digests of the steps before it, so a changed setting is seen in everything that depends on
it.

    seeds ─ synthesis ─ selection ─ dataset ─ training ─ evaluation
                                                  └─ next round's generator
"""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from veristone.loop.recipe import AlignRecipe, Benchmark, Variant

__all__ = ["MAIN", "Content", "Kind", "Step", "folder_name", "plan", "word"]

Content = Callable[[str, str], str]
"""Returns the digest of what a part says, by its kind (`seeds`, `synthesis`, `selection`,
`training`) and its name in the recipe."""
Kind = Literal["seeds", "synthesis", "selection", "dataset", "training", "evaluation"]
MAIN = "main"
_ROWS = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command. `folder` and paths inside `arguments` are relative to the run's folder."""

    kind: Kind
    name: str
    """Unique: `round-1/training/main`."""
    variant: str
    round: int
    arguments: tuple[str, ...]
    """Of `veristone`."""
    launcher: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    """Names of the steps whose results it reads."""
    digest: str = ""
    label: str = ""
    """Of an evaluation: the benchmark."""
    content: str = ""
    """Digest of what the recipe or preset that it names says, which is part of its own digest."""

    @property
    def folder(self) -> str:
        """Where its results, its log and its mark of being done lie."""
        return self.name

    def command(self) -> list[str]:
        """Return the command as it is started, in the run's folder."""
        python = list(self.launcher) or [sys.executable]
        return [*python, "-m", "veristone", *self.arguments]


@dataclass(slots=True)
class _Plan:
    content: Content
    steps: dict[str, Step] = field(default_factory=dict[str, Step])
    made: dict[str, str] = field(default_factory=dict[str, str])
    """Digest to the name of the step that has it."""

    def add(self, step: Step) -> str:
        """Add a step, or find the equal one of an earlier variant; return its name."""
        facts = [
            _without_folder(step.arguments, step.folder),
            step.launcher,
            step.content,
            [self.steps[name].digest for name in step.after],
        ]
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
        if digest in self.made:
            return self.made[digest]
        self.steps[step.name] = replace(step, digest=digest)
        self.made[digest] = step.name
        return step.name


def _without_folder(arguments: tuple[str, ...], folder: str) -> list[str]:
    return ["OUT" if argument.startswith(folder) else argument for argument in arguments]


def plan(recipe: AlignRecipe, content: Content = lambda kind, name: "") -> list[Step]:
    """Return the steps in an order in which they can run.

    `content` is asked about every part, so that an edited file is seen as other settings.
    """
    made = _Plan(content)
    base = recipe.model.path
    for benchmark in recipe.evaluation:
        _evaluate(made, recipe, benchmark, base, "base", 0, (), benchmark.base_style)
    for variant in (None, *recipe.variants):
        _variant(made, recipe.of(variant), variant, base)
    return list(made.steps.values())


def _variant(made: _Plan, recipe: AlignRecipe, variant: Variant | None, base: str) -> None:
    name = variant.name if variant is not None else MAIN
    model, after, selection = base, (), ""
    seeds = _seeds(made, recipe, name)
    for number in range(1, recipe.rounds + 1):
        # A variant is an experiment on the whole loop: what it changes holds in every round.
        here = recipe.at(number).of(variant) if variant is not None else recipe.at(number)
        changes = recipe.changes(number)
        source = seeds if not changes.after_synthesis else selection
        synthesis = _synthesis(made, here, name, number, model, after, source)
        selection = _selection(made, here, name, number, synthesis)
        dataset = _dataset(made, here, name, number, selection)
        # The base model anew, on data of the latest model, unless the round says otherwise.
        trained = (model, after) if changes.train == "previous" else (base, ())
        training = _training(made, here, name, number, dataset, *trained)
        model, after = f"{training}/model", (training,)
        for benchmark in recipe.evaluation:
            _evaluate(made, recipe, benchmark, model, name, number, after, benchmark.style)


def _seeds(made: _Plan, recipe: AlignRecipe, name: str) -> str:
    """Return the step that mines seeds, or nothing where there is none."""
    seeds = recipe.seeds
    if seeds is None or seeds.file or recipe.synthesis.input:
        return ""
    folder = f"seeds/{name}"
    arguments = ["seeds", "run", seeds.recipe, "-o", folder]
    for source in seeds.source:
        arguments += ["--source", source]
    arguments += _benchmarks(recipe)
    if seeds.any_licence:
        arguments.append("--any-licence")
    if seeds.judge:
        arguments += ["--judge", seeds.judge]
    return made.add(
        Step(
            kind="seeds",
            name=folder,
            variant=name,
            round=0,
            arguments=tuple(arguments),
            content=made.content("seeds", seeds.recipe),
        )
    )


def _synthesis(
    made: _Plan,
    recipe: AlignRecipe,
    name: str,
    number: int,
    model: str,
    after: tuple[str, ...],
    before: str,
) -> str:
    """`before`: the step whose seeds or selected rows it starts from, or nothing."""
    folder = f"round-{number}/synthesis/{name}"
    settings = recipe.synthesis
    given = settings.input or (recipe.seeds.file if recipe.seeds is not None else "")
    selected = made.steps[before].kind == "selection" if before else False
    source = f"{before}/{'selected' if selected else 'seeds'}.jsonl" if before else given
    arguments = ["generate", "run", settings.recipe, "--input", source, "-o", folder]
    teacher = recipe.model.teacher
    arguments += ["--model", teacher or recipe.model.address(model)]
    arguments += ["--random-seed", str(recipe.random_seed + number - 1)]
    # A teacher's data do not depend on what was trained.
    needs = tuple(filter(None, (before, *(() if teacher else after))))
    return made.add(
        Step(
            kind="synthesis",
            name=folder,
            variant=name,
            round=number,
            arguments=tuple(arguments),
            after=needs,
            content=made.content("synthesis", settings.recipe),
        )
    )


def _selection(made: _Plan, recipe: AlignRecipe, name: str, number: int, synthesis: str) -> str:
    folder = f"round-{number}/selection/{name}"
    arguments = ["select", recipe.selection.recipe, f"{synthesis}/responses.jsonl", "-o", folder]
    arguments += _benchmarks(recipe)
    return made.add(
        Step(
            kind="selection",
            name=folder,
            variant=name,
            round=number,
            arguments=tuple(arguments),
            after=(synthesis,),
            content=made.content("selection", recipe.selection.recipe),
        )
    )


def _dataset(made: _Plan, recipe: AlignRecipe, name: str, number: int, selection: str) -> str:
    folder = f"round-{number}/dataset/{name}"
    # A folder of its own inside the step's: the writer wants a place that holds nothing else.
    arguments = ["dataset", selection, "-o", f"{folder}/{_ROWS}"]
    if recipe.dataset.template:
        arguments += ["--template", recipe.dataset.template]
    return made.add(
        Step(
            kind="dataset",
            name=folder,
            variant=name,
            round=number,
            arguments=tuple(arguments),
            after=(selection,),
        )
    )


def _training(
    made: _Plan,
    recipe: AlignRecipe,
    name: str,
    number: int,
    dataset: str,
    model: str,
    after: tuple[str, ...],
) -> str:
    folder = f"round-{number}/training/{name}"
    settings = recipe.training
    arguments = ["train", settings.preset, "--data", f"{dataset}/{_ROWS}", "--model", model]
    arguments += ["-o", folder, "--set", f"seed={recipe.random_seed}"]
    for key, value in settings.set.items():
        arguments += ["--set", f"{key}={word(value)}"]
    return made.add(
        Step(
            kind="training",
            name=folder,
            variant=name,
            round=number,
            arguments=tuple(arguments),
            launcher=settings.launcher,
            after=(dataset, *after),
            content=made.content("training", settings.preset),
        )
    )


def _evaluate(
    made: _Plan,
    recipe: AlignRecipe,
    benchmark: Benchmark,
    model: str,
    name: str,
    number: int,
    after: tuple[str, ...],
    style: str,
) -> None:
    place = f"round-{number}/evaluation/{name}" if number else f"evaluation/{name}"
    folder = f"{place}/{folder_name(benchmark.label)}"
    arguments = ["eval", benchmark.benchmark, "--dataset", benchmark.path]
    arguments += ["--model", recipe.model.address(model), "--style", style]
    arguments += ["-n", str(benchmark.n), "--temperature", str(benchmark.temperature)]
    arguments += ["--top-p", str(benchmark.top_p), "--max-tokens", str(benchmark.max_tokens)]
    arguments += ["--seed", str(recipe.random_seed)]
    if benchmark.since:
        arguments += ["--since", benchmark.since]
    if recipe.dataset.template and style == "instruct":
        arguments += ["--template", recipe.dataset.template]
    arguments += ["--samples", f"{folder}/samples.jsonl", "--output", f"{folder}/results.json"]
    made.add(
        Step(
            kind="evaluation",
            name=folder,
            variant=name,
            round=number,
            arguments=(*arguments, "--overwrite"),
            after=after,
            label=benchmark.label,
        )
    )


def _benchmarks(recipe: AlignRecipe) -> list[str]:
    """Return the options that name what must not be found."""
    arguments: list[str] = []
    for name, file in recipe.benchmarks.items():
        arguments += ["--benchmark", f"{name}={file}"]
    return arguments


def folder_name(label: str) -> str:
    """Return the folder of an evaluation inside that of its model."""
    return "".join(c if c.isalnum() or c in "+-._" else "_" for c in label)


def word(value: object) -> str:
    """Return a setting as it stands after `--set KEY=`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
