"""`veristone train`: supervised fine-tuning on a dataset of prompts and responses.

Under `accelerate launch -m veristone train ...` or torchrun every process runs this; the first one
speaks. Nothing here needs torch before training begins; `--dry-run` does without it, and without
transformers too, though it then counts no tokens.
"""

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from veristone import ConfigError
from veristone.cli.display import Progress, complain
from veristone.cli.options import OutputFolder, Overwrite, Quiet
from veristone.extras import need_modules
from veristone.files import disk_trouble

if TYPE_CHECKING:
    from veristone.training.finetune.config import Settings
    from veristone.training.finetune.data import Survey
    from veristone.training.finetune.journal import Step
    from veristone.training.finetune.plan import Plan
    from veristone.training.finetune.trainer import Outcome

__all__ = ["train"]


async def train(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A TOML file, or a preset of ours.")
    ],
    output: OutputFolder,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PATH", help="Parquet or JSONL, or a folder of them. Several are welcome."
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="A folder, or the name of a model.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Another value for a setting: learning_rate=2e-5, lora.r=8, max_grad_norm=none.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, no more.")
    ] = False,
    devices: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="With --dry-run: the devices to plan for."),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> int:
    """Fine-tune a model on prompts and responses.

    \b
    veristone train tiny --model FOLDER --data rows.jsonl -o RUN
    veristone train starcoder2-15b-instruct --data DATASET -o RUN --set epochs=2 --dry-run
    accelerate launch --config_file fsdp.yaml -m veristone train RECIPE --data DATASET -o RUN

    FOLDER/model is the result, FOLDER/training.json what happened. A run that was interrupted goes
    on from its last checkpoint when it is started again.

    Exit status: 0 done; 2 could not start or go on; 130 interrupted.
    """
    from veristone.training.finetune import load_settings

    more: dict[str, Any] = {}
    if data:
        # Paths of a recipe are meant from its folder, these from where the user stands.
        more["data"] = tuple(path.absolute() for path in data)
    if model is not None:
        more["model"] = model
    settings = load_settings(recipe, changes or [], more)
    if devices is not None and not dry_run:
        raise ConfigError("--devices is for --dry-run; otherwise the launcher says it")
    if dry_run:
        return _dry_run(settings, devices or int(os.environ.get("WORLD_SIZE", "1")))
    # One process of a launch speaks for all.
    quiet = quiet or os.environ.get("RANK", "0") != "0"
    return _train(settings, output, overwrite=overwrite, quiet=quiet)


def _dry_run(settings: "Settings", devices: int) -> int:
    from veristone.training.finetune.data import count_rows, prepare, survey
    from veristone.training.finetune.plan import plan_steps
    from veristone.training.finetune.template import load_template

    template = load_template(settings.template)
    try:
        from veristone.training.finetune.tokenizer import load_tokenizer

        ready = load_tokenizer(settings.model, settings.revision, settings.bos, template)
    except ModuleNotFoundError as error:
        if error.name != "transformers":
            raise
        found = survey(settings, template)
        _print_data(found)
        print("tokens: not counted, transformers is not installed; long samples are counted in")
        _print_plan(settings, plan_steps(settings, found.kept, devices))
        return 0
    prepared = prepare(settings, template, ready.tokenizer, bos=ready.bos)
    _print_data(prepared.survey)
    rows = count_rows(prepared.train, settings)
    print(f"training: {len(prepared.train):,} samples in {rows:,} rows")
    print(f"evaluation: {len(prepared.evaluation):,} samples")
    print(f"tokens: {prepared.train_tokens:,} an epoch, {prepared.learnt_tokens:,} of them learnt")
    _print_plan(settings, plan_steps(settings, rows, devices))
    return 0


def _print_data(found: "Survey") -> None:
    print(f"data: {found.read:,} samples read from {', '.join(found.files)}")
    for reason, count in found.refused.most_common():
        print(f"  {count:,} left out: {reason}")


def _print_plan(settings: "Settings", plan: "Plan") -> None:
    print(
        f"batch: {settings.batch_size} rows = {plan.devices} device(s) x"
        f" {settings.device_batch_size} x {plan.accumulation} accumulation steps"
    )
    print(
        f"steps: {plan.steps:,}, {plan.steps_per_epoch:,} an epoch, {plan.warmup_steps:,} of them"
        " warm-up"
    )
    for name, value in settings.model_dump(mode="json").items():
        print(f"{name} = {value}")


def _train(settings: "Settings", output: Path, *, overwrite: bool, quiet: bool) -> int:
    need_modules("veristone.training.finetune.trainer", extra="train")
    from veristone.training.finetune.interrupt import Interrupts
    from veristone.training.finetune.trainer import Hooks
    from veristone.training.finetune.trainer import train as run

    interrupts = Interrupts()
    # Whatever the disk refuses, the checkpoints are what they were.
    with Progress(quiet=quiet) as progress, interrupts, disk_trouble(output):
        steps = 0

        def begin(plan: "Plan", step: int) -> None:
            nonlocal steps
            steps = plan.steps
            interrupts.arm()
            progress.show("training", "loading", step, steps)

        def show(step: "Step") -> None:
            told = f"{step.step:,} of {steps:,}  loss {step.loss:.3f}  {step.tokens:,} tokens"
            progress.show("training", told, step.step, steps)

        hooks = Hooks(stop=lambda: interrupts.caught is not None, begin=begin, progress=show)
        outcome = run(settings, output, redo=overwrite, hooks=hooks)
    if outcome.main:
        _say_how_it_ended(outcome, output, quiet=quiet)
    if outcome.finished:
        return 0
    return 143 if interrupts.caught == signal.SIGTERM else 130


def _say_how_it_ended(outcome: "Outcome", output: Path, *, quiet: bool) -> None:
    if not outcome.finished:
        complain(
            f"interrupted after step {outcome.step:,}, checkpoint written;"
            " the same command goes on from here"
        )
    elif not quiet:
        final = outcome.journal.final
        if not outcome.trained:
            print("this run was finished before; --overwrite makes it anew")
        held = final.get("eval_loss")
        print(
            f"{final['steps']:,} steps, {final['tokens']:,} tokens in {final['wall_s']:,.0f} s;"
            f" loss {final['loss']:.4f}" + (f", held out {held:.4f}" if held is not None else "")
        )
        print(f"model: {output / 'model'}")
