"""`veristone train`: supervised fine-tuning on a dataset of prompts and responses.

Under `accelerate launch -m veristone train ...` or torchrun every process runs this; the first one
speaks. Nothing here needs torch before training begins; `--dry-run` does without it, and without
transformers too, though it then counts no tokens.
"""

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from veristone import ConfigError
from veristone.extras import need_modules

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers
    from veristone.training.finetune.config import Settings
    from veristone.training.finetune.data import Survey
    from veristone.training.finetune.plan import Plan
    from veristone.training.finetune.trainer import Outcome

__all__ = ["add_parser", "run"]

_DESCRIPTION = """
Fine-tunes a model on prompts and responses. RECIPE is a preset or a TOML file of settings:

  veristone train tiny --model FOLDER --data rows.jsonl -o RUN
  veristone train starcoder2-15b-instruct --data DATASET -o RUN --set epochs=2 --dry-run
  accelerate launch --config_file fsdp.yaml -m veristone train RECIPE --data DATASET -o RUN

RUN/model is the result, RUN/training.json what happened. A run that was interrupted goes on from
its last checkpoint when it is started again.

Exit status: 0 done; 2 could not start or go on; 130 interrupted.
"""


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "train",
        help="fine-tune a model",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recipe", metavar="RECIPE", help="a preset of ours, or a TOML file")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="RUN")
    parser.add_argument(
        "--data",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="Parquet or JSONL, or a folder of them; several times for several",
    )
    parser.add_argument("--model", metavar="MODEL", help="a folder, or a name of a model")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="another value for a setting: learning_rate=2e-5, lora.r=8, max_grad_norm=none",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, no more")
    parser.add_argument(
        "--devices", type=int, metavar="N", help="with --dry-run: the devices to plan for"
    )
    parser.add_argument("--redo", action="store_true", help="throw away an earlier run in RUN")
    parser.add_argument("--quiet", action="store_true", help="no progress, no summary")
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand."""
    from veristone.training.finetune import load_settings

    more: dict[str, Any] = {}
    if arguments.data:
        # Paths of a recipe are meant from its folder, these from where the user stands.
        more["data"] = tuple(path.absolute() for path in arguments.data)
    if arguments.model is not None:
        more["model"] = arguments.model
    settings = load_settings(arguments.recipe, arguments.overrides, more)
    if arguments.devices is not None and not (arguments.dry_run and arguments.devices > 0):
        raise ConfigError("--devices is for --dry-run, 1 or more; otherwise the launcher says it")
    if arguments.dry_run:
        return _dry_run(settings, arguments.devices or int(os.environ.get("WORLD_SIZE", "1")))
    return _train(settings, arguments)


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
    names = ", ".join(file.name for file in found.files)
    print(f"data: {found.read:,} samples read from {names}")
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


def _train(settings: "Settings", arguments: argparse.Namespace) -> int:
    need_modules("veristone.training.finetune.trainer", extra="train")
    from veristone.cli.training import TrainingProgress
    from veristone.training.finetune.interrupt import Interrupts
    from veristone.training.finetune.trainer import Hooks, train

    interrupts = Interrupts()
    # One process of a launch speaks for all.
    quiet = arguments.quiet or os.environ.get("RANK", "0") != "0"
    with TrainingProgress(quiet=quiet) as progress, interrupts:

        def begin(plan: "Plan", step: int) -> None:
            interrupts.arm()
            progress.begin(plan, step)

        hooks = Hooks(
            stop=lambda: interrupts.caught is not None, begin=begin, progress=progress.step
        )
        try:
            outcome = train(settings, arguments.output, redo=arguments.redo, hooks=hooks)
        except OSError as error:
            # Whatever it was, the checkpoints are what they were.
            raise ConfigError(f"{arguments.output}: {error}") from error
    if outcome.main:
        _say_how_it_ended(outcome, arguments)
    if outcome.finished:
        return 0
    return 143 if interrupts.caught == signal.SIGTERM else 130


def _say_how_it_ended(outcome: "Outcome", arguments: argparse.Namespace) -> None:
    if not outcome.finished:
        print(
            f"veristone: interrupted after step {outcome.step:,}, checkpoint written;"
            " the same command goes on from here",
            file=sys.stderr,
        )
    elif not arguments.quiet:
        final = outcome.journal.final
        if not outcome.trained:
            print("this run was finished before; --redo makes it anew")
        held = final.get("eval_loss")
        print(
            f"{final['steps']:,} steps, {final['tokens']:,} tokens in {final['wall_s']:,.0f} s;"
            f" loss {final['loss']:.4f}" + (f", held out {held:.4f}" if held is not None else "")
        )
        print(f"model: {arguments.output / 'model'}")
