"""From a recipe to steps: pure, so that a dry run and the run itself cannot differ.

A step is a value: what kind of work, with which settings, from which inputs, to which outputs.
Variants share every step whose settings and inputs are the same: their folders are the same then.
The digest of a step covers its settings and the digests of the steps before it, so a changed
setting is seen in everything that depends on it. What it runs on (`machine`, `launcher`) is no part
of it: a run goes on with other GPUs, sandboxes or servers.

    seeds ─ synthesis ─ selection ─ dataset ─ training ─ evaluation
                                                  └─ next round's generator
"""

import hashlib
import sys
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec

from veristone.loop.recipe import AlignRecipe, Training, Variant

__all__ = [
    "BASE",
    "MAIN",
    "PAIRS",
    "Content",
    "Kind",
    "Plan",
    "Step",
    "asked_model",
    "folder_name",
    "plan",
]

Content = Callable[[str, str], str]
"""Returns the digest of what a part says, by its kind (`seeds`, `synthesis`, `selection`,
`training`) and its name in the recipe."""
Kind = Literal["base", "seeds", "synthesis", "selection", "dataset", "training", "evaluation"]
"""`base` makes the model that the toy loop starts from (`toy`)."""
MAIN, BASE = "main", "base"
"""Variants: the recipe as it is, and the base model, which is only evaluated."""
PAIRS = "documented-functions"
"""A synthesis that asks no model, see `pairs`."""


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
    machine: dict[str, Any] = {}
    """What it runs on, see `recipe.Machine`."""
    content: str = ""
    """Digest of what the recipe or preset that it names says, which is part of its own digest."""
    digest: str = ""


class Plan:
    """The steps of a recipe, and of which of them each round of each variant is made.

    `content` is asked about every part, so that an edited file is seen as other settings.
    """

    def __init__(self, recipe: AlignRecipe, content: Content = lambda kind, name: "") -> None:
        self.steps: dict[str, Step] = {}
        """By name, in an order in which they can run."""
        self._content = content
        self._machine = recipe.machine.model_dump()
        self._made: dict[str, str] = {}
        self._rounds: dict[tuple[str, int], list[str]] = {}
        self._evaluate(recipe, BASE, 0, None)
        for variant in (None, *recipe.variants):
            self._add_variant(recipe, variant)

    def of(self, variant: str, number: int) -> list[Step]:
        """Return the steps that made a variant's round, its own or those that it shares.

        Seeds are made once and belong to every round of a variant.
        """
        names = [*self._rounds.get((variant, 0), ()), *self._rounds.get((variant, number), ())]
        return [self.steps[name] for name in dict.fromkeys(names)]

    def _add(
        self,
        kind: Kind,
        variant: str,
        number: int,
        after: Sequence[Step | None],
        *,
        settings: dict[str, Any],
        inputs: dict[str, str],
        outputs: dict[str, str],
        label: str = "",
        part: str = "",
        launcher: tuple[str, ...] = (),
    ) -> Step:
        """Add a step and return it, or the equal one of an earlier variant.

        Args:
            part: the recipe or preset whose content decides what is done.
            outputs: by role, relative to the step's folder.
        """
        place = f"round-{number}/" if number else ""
        name = f"{place}{kind}/{variant}" + (f"/{folder_name(label)}" if label else "")
        step = Step(
            kind=kind,
            name=name,
            variant=variant,
            round=number,
            label=label,
            settings=settings,
            inputs=inputs,
            outputs={role: f"{name}/{file}" for role, file in outputs.items()},
            after=tuple(each.name for each in after if each is not None),
            launcher=launcher,
            machine=self._machine,
            content=self._content(kind, part) if part else "",
        )
        decides = (kind, label, settings, inputs, step.content)
        facts = (*decides, [self.steps[each].digest for each in step.after])
        encoded = msgspec.json.encode(facts, order="sorted")
        digest = hashlib.sha256(encoded).hexdigest()[:16]
        name = self._made.setdefault(digest, name)
        self._rounds.setdefault((variant, number), []).append(name)
        return self.steps.setdefault(name, msgspec.structs.replace(step, digest=digest))

    def _add_variant(self, recipe: AlignRecipe, variant: Variant | None) -> None:
        name = variant.name if variant is not None else MAIN
        seeds = self._collect_seeds(recipe.of(variant), name)
        model = selected = None
        for number in range(1, recipe.rounds + 1):
            # A variant is an experiment on the whole loop: what it changes holds in every round.
            here, changes = recipe.at(number).of(variant), recipe.changes(number)
            source = selected if changes.after_synthesis else seeds
            synthesis = self._synthesise(here, name, number, model, source)
            equal = variant is not None and variant.equal_rows
            selected = self._select(here, name, number, synthesis, equal=equal)
            dataset = self._add(
                "dataset",
                name,
                number,
                [selected],
                settings={"template": here.dataset.template},
                inputs={"selection": selected.name},
                # A folder of its own in the step's: the writer wants one that holds nothing else.
                outputs={"dataset": "rows"},
            )
            # The base model anew, on data of the latest model, unless the round says otherwise.
            base = model if changes.train == "previous" else None
            model = self._train(here, name, number, dataset, base)
            self._evaluate(here, name, number, model)

    def _collect_seeds(self, recipe: AlignRecipe, name: str) -> Step | None:
        """Add the step that mines seeds, if the recipe has one."""
        seeds = recipe.seeds
        if seeds is None or seeds.file or recipe.synthesis.input:
            return None
        settings = seeds.model_dump(exclude={"file"})
        settings |= {"source": list(seeds.source), "benchmarks": recipe.benchmarks}
        return self._add(
            "seeds",
            name,
            0,
            [],
            settings=settings,
            inputs={},
            outputs={"seeds": "seeds.jsonl"},
            part=seeds.recipe,
        )

    def _synthesise(
        self, recipe: AlignRecipe, name: str, number: int, model: Step | None, source: Step | None
    ) -> Step:
        teacher, part = recipe.model.teacher, recipe.synthesis.recipe
        given = recipe.synthesis.input or (recipe.seeds.file if recipe.seeds is not None else "")
        if source is not None:
            given = source.outputs["selected" if source.kind == "selection" else "seeds"]
        writer = teacher or recipe.model.address(_model(recipe, model))
        # A teacher's data do not depend on what was trained, nor do those that nobody writes.
        after = [source] if teacher or part == PAIRS else [source, model]
        return self._add(
            "synthesis",
            name,
            number,
            after,
            settings={
                "recipe": part,
                "model": "" if part == PAIRS else writer,
                "seed": recipe.random_seed + number - 1,
                "limit": recipe.synthesis.limit,
            },
            inputs={"input": given},
            outputs={"responses": "responses.jsonl"},
            part=part,
        )

    def _select(
        self, recipe: AlignRecipe, name: str, number: int, synthesis: Step, *, equal: bool
    ) -> Step:
        """Add a selection; `equal`: of as many rows as the main variant's."""
        inputs = {"responses": synthesis.outputs["responses"]}
        main = self._find("selection", MAIN, number) if equal else None
        if main is not None:
            inputs["as_many_as"] = main.outputs["selected"]
        return self._add(
            "selection",
            name,
            number,
            [synthesis, main],
            settings={"recipe": recipe.selection.recipe, "benchmarks": recipe.benchmarks},
            inputs=inputs,
            outputs={"selected": "selected.jsonl"},
            part=recipe.selection.recipe,
        )

    def _find(self, kind: Kind, variant: str, number: int) -> Step:
        return next(step for step in self.of(variant, number) if step.kind == kind)

    def _train(
        self, recipe: AlignRecipe, name: str, number: int, dataset: Step, base: Step | None
    ) -> Step:
        training = recipe.training
        return self._add(
            "training",
            name,
            number,
            [dataset, base],
            settings={
                "preset": training.preset,
                "set": {"seed": recipe.random_seed, **training.set},
            },
            inputs={"dataset": dataset.outputs["dataset"], "model": _model(recipe, base)},
            outputs={"model": "model"},
            part=training.preset,
            launcher=recipe.machine.launcher or _accelerate(training, recipe.machine.gpus),
        )

    def _evaluate(self, recipe: AlignRecipe, name: str, number: int, model: Step | None) -> None:
        for benchmark in recipe.evaluation:
            style = benchmark.style if number else benchmark.base_style
            settings = benchmark.model_dump(exclude={"path", "name", "base_style"})
            settings |= {
                "model": recipe.model.address(_model(recipe, model)),
                "style": style,
                "template": recipe.dataset.template if style == "instruct" else "",
                "seed": recipe.random_seed,
            }
            self._add(
                "evaluation",
                name,
                number,
                [model],
                settings=settings,
                inputs={"dataset": benchmark.path},
                outputs={"samples": "samples.jsonl", "results": "results.json"},
                label=benchmark.label,
            )


def plan(recipe: AlignRecipe, content: Content = lambda kind, name: "") -> list[Step]:
    """Return the steps of a recipe in an order in which they can run."""
    return list(Plan(recipe, content).steps.values())


def _accelerate(training: Training, gpus: int) -> tuple[str, ...]:
    """Return the words that start a training on so many GPUs of this host; none for one."""
    if gpus < 2 or training.parallel == "one":
        return ()
    folder = Path(str(resources.files("veristone.training.finetune") / "accelerate"))
    how = ("--multi_gpu",)
    if training.parallel != "ddp":
        how = ("--config_file", str(folder / f"{training.parallel}.yaml"))
    words = (sys.executable, "-m", "accelerate.commands.launch", *how)
    return (*words, "--num_processes", str(gpus))


def _model(recipe: AlignRecipe, trained: Step | None) -> str:
    return trained.outputs["model"] if trained is not None else recipe.model.path


def asked_model(step: Step) -> str:
    """Return the model that a step asks, in the forms of `--model` or as `server:MODEL`; empty
    where it asks none."""
    return step.settings.get("judge" if step.kind == "seeds" else "model", "")


def folder_name(label: str) -> str:
    """Return a name (of an evaluation, of a model) as a file or a folder can have it."""
    return "".join(c if c.isalnum() or c in "+-._" else "_" for c in label)
