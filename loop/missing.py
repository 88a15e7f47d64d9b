"""What a run needs and this machine does not have: all of it at once, before the first step."""

import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from glob import glob
from pathlib import Path

from veristone.loop.plan import Step, asked_model
from veristone.loop.recipe import SERVER, AlignRecipe

__all__ = ["missing"]

_KINDS = ("tree:", "jsonl:", "parquet:")


def missing(recipe: AlignRecipe, steps: Sequence[Step]) -> list[str]:
    """Return files, programs and packages that the steps need and that are not there, each said
    once, with what it is for."""
    found = (*_files(recipe, steps), *_programs(recipe, steps))
    return list(dict.fromkeys(found))


def _files(recipe: AlignRecipe, steps: Sequence[Step]) -> Iterator[str]:
    made = {path for step in steps for path in step.outputs.values()}
    for step in steps:
        for path in step.settings.get("source", ()) if step.kind == "seeds" else ():
            place = path.split(":", 1)[1] if path.startswith(_KINDS) else path
            if not (Path(place).exists() or glob(place)):  # noqa: PTH207 - an absolute pattern
                yield f"{place} (source of seeds)"
        for name, path in step.settings.get("benchmarks", {}).items():
            if not Path(path).exists():
                yield f"{path} (benchmark {name}, to be kept out of the data)"
        for role in ("input", "dataset"):
            path = step.inputs.get(role, "")
            if path and path not in made and not Path(path).exists():
                yield f"{path} ({step.label or role} of {step.kind})"
        model = asked_model(step)
        if model.endswith(".toml") and not Path(model).exists():
            yield f"{model} (settings of a model's back end)"
    # Other models are looked for on the hub.
    if recipe.model.path.startswith("/") and not Path(recipe.model.path).exists():
        yield f"{recipe.model.path} (model)"
    for name, path in recipe.report.compare.items():
        if not Path(path).exists():
            yield f"{path} (data set {name}, beside which the report sets this run's)"
    if recipe.report.embeddings.endswith(".toml") and not Path(recipe.report.embeddings).exists():
        yield f"{recipe.report.embeddings} (settings of the model of embeddings)"
    if recipe.machine.engine and not Path(recipe.machine.engine).exists():
        yield f"{recipe.machine.engine} ([machine] engine)"


def _programs(recipe: AlignRecipe, steps: Sequence[Step]) -> Iterator[str]:
    asked = {asked_model(step) for step in steps}
    program = recipe.server.command[0]
    if any(model.startswith(SERVER) for model in asked) and shutil.which(program) is None:
        yield f"the program {program} ([server] command): pip install 'veristone[vllm]'"
    if any(model.startswith("vllm:") for model in asked) and not _installed("vllm"):
        yield "the package vllm: pip install 'veristone[vllm]'"
    ours = [step for step in steps if step.kind == "training" and _is_ours(step)]
    for package in ("torch", "transformers", "trl", "accelerate") if ours else ():
        if not _installed(package):
            yield f"the package {package} (training): pip install 'veristone[train]'"


def _is_ours(step: Step) -> bool:
    """Whether this interpreter trains; words of the user's may start one elsewhere."""
    return not step.launcher or "accelerate.commands.launch" in step.launcher


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None
