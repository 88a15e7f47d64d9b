"""A run of the whole loop in a folder: checked, planned, run step by step, resumed."""

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from veristone import ConfigError
from veristone.extras import need_modules
from veristone.files import only_one
from veristone.loop.missing import missing
from veristone.loop.plan import PAIRS, Step, asked_model, plan
from veristone.loop.recipe import SERVER, AlignRecipe
from veristone.loop.report.measures import need_libraries
from veristone.loop.report.write import write_report
from veristone.loop.run import Progress, StepFailed, run_steps, stale, write_json
from veristone.loop.servers import Servers
from veristone.settings import checked

__all__ = ["align", "checked_plan", "content", "overrides"]

_NEEDED = tuple(
    f"veristone.generators.{room}.recipe" for room in ("seeds.pipeline", "selection", "synthesis")
)


def checked_plan(recipe: AlignRecipe) -> list[Step]:
    """Return the steps of a recipe after everything in it was tried.

    Raises:
        ConfigError: a part or a setting is not there or is wrong: that must not cost a night.
    """
    need_modules(*_NEEDED, extra="seeds,generate")
    from veristone.generators.models.registry import parse_model
    from veristone.training.finetune import load_settings

    gpus, server = recipe.machine.gpus, recipe.server
    for variant in (None, *recipe.variants):
        for number in range(1, recipe.rounds + 1):
            training = recipe.at(number).of(variant).training
            settings = load_settings(training.preset, overrides(training.set))
            shares = gpus if training.parallel != "one" else 1
            together = settings.device_batch_size * max(1, shares)
            if training.parallel == "fsdp" and settings.optimizer == "adafactor":
                raise ConfigError(
                    "training.parallel = 'fsdp': transformers' Adafactor does not work on weights"
                    " that FSDP has divided; another optimizer, or 'deepspeed-zero3'"
                )
            if not recipe.machine.launcher and settings.batch_size % together:
                raise ConfigError(
                    f"{training.preset}: batch_size {settings.batch_size} is no multiple of"
                    f" {settings.device_batch_size} rows on each of {gpus} GPUs: fewer --gpus, or"
                    " another device_batch_size"
                )
    used = server.tensor_parallel * server.copies(gpus)
    if gpus and used > gpus:
        raise ConfigError(
            f"[server] {server.tensor_parallel} GPUs for each of {server.copies(gpus)} copies of a"
            f" model: there are {gpus} GPUs"
        )
    steps = plan(recipe, content)
    for words in {asked_model(step) for step in steps}:
        # A file may be missing, which is said with all else that is.
        if words and not words.startswith(SERVER) and not words.endswith(".toml"):
            parse_model(words)
    return steps


def overrides(settings: Mapping[str, object]) -> list[str]:
    """Return settings of a training as they are said over a preset: `KEY=VALUE`."""
    return [
        f"{key}={str(value).lower() if isinstance(value, bool) else value}"
        for key, value in settings.items()
    ]


def content(kind: str, name: str) -> str:
    """Read a part of the recipe and return the digest of what it says.

    Raises:
        ConfigError: it is not there or is wrong.
    """
    from veristone.generators.seeds.pipeline import recipe as seeds
    from veristone.generators.selection import recipe as selection
    from veristone.generators.synthesis import recipe as synthesis
    from veristone.training.finetune import load_settings, load_template

    more = ""
    if kind == "synthesis" and name == PAIRS:
        return PAIRS
    if kind == "training":
        whole = load_settings(name)
        more = load_template(whole.template).model_dump_json()
    else:
        room = {"seeds": seeds, "selection": selection, "synthesis": synthesis}[kind]
        whole = checked(room.Recipe, room.load_recipe(name), name)
    return hashlib.sha256((whole.model_dump_json() + more).encode()).hexdigest()[:16]


async def align(
    folder: Path,
    recipe: AlignRecipe,
    steps: list[Step],
    on_progress: Callable[[Progress], None],
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Run every step that is not done yet, and write the report, also where a step failed.

    `align.json` and `plan.json` in the folder say what was asked for. Returns the report's files.

    Raises:
        ConfigError: what is there was made with other settings, or another process works there.
        StepFailed: a step ended with an error; those before it are done and kept.
    """
    need_libraries()
    if absent := missing(recipe, steps):
        raise ConfigError("what the recipe names is not there:\n  " + "\n  ".join(absent))
    with only_one(folder):
        changed = stale(folder, steps)
        if changed and not overwrite:
            raise ConfigError(
                f"{folder / changed[0].name} was made with other settings: give another folder,"
                f" or --overwrite to do {len(changed)} steps anew"
            )
        for step in changed:
            shutil.rmtree(folder / step.name, ignore_errors=True)
        write_json(folder / "align.json", recipe.model_dump(mode="json", by_alias=True))
        write_json(folder / "plan.json", steps)
        try:
            servers = Servers(folder, recipe.server, recipe.machine.gpus)
            await run_steps(folder, steps, on_progress, servers)
        except StepFailed:
            await asyncio.to_thread(write_report, folder)
            raise
        return list(await asyncio.to_thread(write_report, folder))
