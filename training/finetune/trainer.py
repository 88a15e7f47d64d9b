"""A run from settings to a model folder: TRL's `SFTTrainer` over our samples.

- The loss of a step is the sum over the learnt tokens of the whole batch (all devices, all
  accumulation steps) divided by their number. So it depends neither on how a batch is cut into
  micro-batches nor on how samples of different lengths fall into them.
- A run that was interrupted or killed goes on from its last whole checkpoint with the same rows in
  the same order, and ends, on the same hardware, with the same weights.
- Several devices are accelerate's business. The last batch of an epoch is filled up with rows from
  the epoch's beginning where the devices would not get equal shares.

Not promised: the same bits on other hardware, another number of devices or another torch.
"""

import contextlib
import os
import platform
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import datasets
import torch
import trl
from accelerate.utils import gather_object
from transformers.trainer_callback import PrinterCallback

from veristone import ConfigError, __version__
from veristone.files import only_one
from veristone.training.finetune.callback import JournalCallback, TrainingFailed
from veristone.training.finetune.config import Settings
from veristone.training.finetune.data import Encoded, Prepared, count_rows, prepare
from veristone.training.finetune.folder import RunFolder, latest_checkpoint
from veristone.training.finetune.journal import Attempt, Journal, Step, read_journal, write_journal
from veristone.training.finetune.model import adapters, load_model
from veristone.training.finetune.plan import Plan, plan_steps
from veristone.training.finetune.template import load_template
from veristone.training.finetune.tokenizer import load_tokenizer

__all__ = ["Hooks", "Outcome", "SupervisedTrainer", "train", "training_arguments"]

_PACKAGES = ("torch", "transformers", "trl", "accelerate", "peft", "tokenizers", "deepspeed")
_OPTIMIZERS = {
    "adafactor": "adafactor",
    "adamw": "adamw_torch",
    "adamw-8bit": "adamw_bnb_8bit",
    "sgd": "sgd",
}
_SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a caller may do while training goes on."""

    stop: Callable[[], bool] = lambda: False
    """Asked after every step; once it says True, a checkpoint is written and the call ends."""
    begin: Callable[[Plan, int], None] = lambda plan, step: None
    """Called once, with the plan and the step that training goes on from, by every process."""
    progress: Callable[[Step], None] = lambda step: None
    """Called after every step; main process only."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended."""

    finished: bool
    """False: interrupted; the same call goes on from there."""
    step: int
    main: bool
    """Whether this is the process that speaks for all."""
    journal: Journal
    trained: bool = True
    """False: the run had been finished before."""


_NO_HOOKS = Hooks()
# Their bars would stand between ours.
datasets.disable_progress_bars()
datasets.disable_caching()


def train(
    settings: Settings, path: Path, *, redo: bool = False, hooks: Hooks = _NO_HOOKS
) -> Outcome:
    """Train, or go on with a run that was interrupted; blocks until it is done.

    Args:
        settings: what to train.
        path: the run's folder; see `RunFolder` for what it will hold.
        redo: throw away what another run left there.
        hooks: how to watch and to stop it.

    Raises:
        ConfigError: the settings do not go together with the model, the devices or the folder.
        DatasetError: the data cannot be used.
        TrainingFailed: the loss is no number any more, or memory ran out.
    """
    template = load_template(settings.template)
    ready = load_tokenizer(settings.model, settings.revision, settings.bos, template)
    prepared = prepare(settings, template, ready.tokenizer, bos=ready.bos)
    rows = count_rows(prepared.train, settings)
    plan = plan_steps(settings, rows, int(os.environ.get("WORLD_SIZE", "1")))
    fresh = Journal(
        digest=settings.digest(),
        settings=settings.model_dump(mode="json"),
        template=template.model_dump(),
        versions=_versions(),
        data=_data_record(prepared, rows),
        model={"name": settings.model, "revision": settings.revision, "bos": ready.bos},
        plan=asdict(plan),
    )
    folder = RunFolder(path)
    main = os.environ.get("RANK", "0") == "0"
    with only_one(path) if main else contextlib.nullcontext():
        # Joins the other processes, which must not look into the folder before it is in order.
        arguments = training_arguments(
            settings, plan, str(folder.checkpoints), evaluates=bool(prepared.evaluation)
        )
        if main:
            write_journal(folder.journal, folder.begin(fresh, redo=redo))
        arguments.distributed_state.wait_for_everyone()
        journal = read_journal(folder.journal)
        assert journal is not None
        if journal.state == "finished":
            return Outcome(True, plan.steps, main, journal, trained=False)
        try:
            trainer = _trainer(settings, arguments, ready.tokenizer, prepared)
            return _run(trainer, settings, folder, journal, plan, hooks, main=main)
        except Exception as error:
            journal.state = "failed"
            if main:
                write_journal(folder.journal, journal)
            if isinstance(error, torch.OutOfMemoryError):
                raise TrainingFailed(
                    "out of memory: try gradient_checkpointing = true, a smaller device_batch_size,"
                    " lora, or more devices with FSDP (docs/training.md)"
                ) from error
            raise


def training_arguments(
    settings: Settings, plan: Plan, output: str, *, evaluates: bool
) -> trl.SFTConfig:
    """Return our settings in TRL's words; making them joins the other processes of a launch."""
    has_device = torch.accelerator.is_available()
    arguments = trl.SFTConfig(
        output_dir=output,
        completion_only_loss=True,
        # Samples are no longer than this already; it is the size of a pack.
        max_length=settings.max_length,
        packing=settings.packing,
        per_device_train_batch_size=settings.device_batch_size,
        per_device_eval_batch_size=settings.device_batch_size,
        gradient_accumulation_steps=plan.accumulation,
        average_tokens_across_devices=True,
        ddp_find_unused_parameters=False,
        max_steps=plan.steps,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=_SCHEDULERS[settings.scheduler],
        warmup_steps=plan.warmup_steps,
        optim=_OPTIMIZERS[settings.optimizer],
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm or 0.0,
        use_cpu=not has_device,
        bf16=settings.precision != "float32",
        gradient_checkpointing=settings.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        seed=settings.seed,
        data_seed=settings.seed,
        logging_strategy="steps",
        logging_steps=1,
        # A loss that is no number must show, not be replaced by an average of earlier ones.
        logging_nan_inf_filter=False,
        # Packed rows have no padding and no mask that would tell it.
        include_num_input_tokens_seen="all" if settings.packing else "non_padding",
        save_strategy="steps",
        save_steps=settings.save_steps,
        save_total_limit=settings.keep,
        eval_strategy="steps" if evaluates else "no",
        eval_steps=settings.save_steps if evaluates else None,
        dataloader_pin_memory=has_device,
        disable_tqdm=True,
        report_to=[],
    )
    # Without a launcher, transformers would spread a batch over all visible GPUs by itself
    # (`DataParallel`), with another batch size than the plan's.
    arguments._n_gpu = min(arguments.n_gpu, 1)  # pyright: ignore[reportPrivateUsage]
    return arguments


class SupervisedTrainer(trl.SFTTrainer):
    """TRL's trainer, with one mean over all learnt tokens as the evaluation's loss too."""

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Return the loss over the samples kept out.

        TRL's is a mean of the means of batches, where short samples weigh more.
        """
        self.model.eval()
        total = torch.zeros(2, dtype=torch.float64, device=self.args.device)
        for batch in self.get_eval_dataloader():
            inputs = self._prepare_inputs(batch)
            tokens = (inputs["labels"][..., 1:] != -100).sum()
            with torch.no_grad(), self.compute_loss_context_manager():
                loss = self.compute_loss(self.model_wrapped, inputs)
            total += torch.stack([loss.double() * tokens, tokens.double()])
        self.model.train()
        # TRL's own metrics of this evaluation; an average of batches says little.
        self._metrics["eval"].clear()
        loss, tokens = self.accelerator.reduce(total, reduction="sum").tolist()
        metrics: dict[str, float] = {"eval_loss": loss / tokens, "eval_tokens": int(tokens)}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Write none into checkpoints."""


def _dataset(samples: Sequence[Encoded]) -> datasets.Dataset:
    columns = {
        "input_ids": [list(sample.ids) for sample in samples],
        "completion_mask": [
            [0] * sample.given + [1] * (len(sample.ids) - sample.given) for sample in samples
        ],
    }
    return datasets.Dataset.from_dict(columns)


def _trainer(
    settings: Settings, arguments: trl.SFTConfig, tokenizer: Any, prepared: Prepared
) -> SupervisedTrainer:
    model = load_model(settings, tokenizer)
    try:
        trainer = SupervisedTrainer(
            model=model,
            args=arguments,
            train_dataset=_dataset(prepared.train),
            eval_dataset=_dataset(prepared.evaluation) if prepared.evaluation else None,
            processing_class=tokenizer,
            peft_config=adapters(settings),
        )
    except ValueError as error:
        place = "lora.targets: " if settings.lora is not None else ""
        raise ConfigError(f"{place}{error}") from error
    trainer.remove_callback(PrinterCallback)
    sharded = trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled
    if settings.lora is not None and settings.lora.merge and sharded:
        raise ConfigError(
            "lora.merge: not with FSDP or DeepSpeed, where no process has all weights;"
            " merge the adapters afterwards with peft"
        )
    return trainer


def _run(
    trainer: SupervisedTrainer,
    settings: Settings,
    folder: RunFolder,
    journal: Journal,
    plan: Plan,
    hooks: Hooks,
    *,
    main: bool,
) -> Outcome:
    """Begin or go on, and end with a model or a checkpoint."""
    if main:
        latest_checkpoint(folder.checkpoints)
    trainer.accelerator.wait_for_everyone()
    checkpoint, first = latest_checkpoint(folder.checkpoints)
    weights = [(each.numel(), each.requires_grad) for each in trainer.model.parameters()]
    journal.model |= {
        "parameters": sum(count for count, _ in weights),
        "trained_parameters": sum(count for count, trained in weights if trained),
        "commit": getattr(trainer.model.config, "_commit_hash", None),
    }
    names: list[Any] = [_device_name(trainer.args.device)]
    attempt = Attempt(
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        devices=gather_object(names) if plan.devices > 1 else names,
        processes=plan.devices,
        from_step=first,
        to_step=first,
    )
    journal.state = "running"
    journal.attempts.append(attempt)
    watch = JournalCallback(
        journal,
        folder.journal if main else None,
        hooks.stop,
        hooks.progress if main else lambda step: None,
    )
    trainer.add_callback(watch)
    hooks.begin(plan, first)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    step = trainer.state.global_step
    journal.state = "interrupted" if watch.stopped else "running"
    watch.write(trainer.state)
    if watch.stopped:
        return Outcome(False, step, main, journal)
    _save_model(settings, trainer, folder, main=main)
    journal.finish()
    if main:
        write_journal(folder.journal, journal)
    return Outcome(True, step, main, journal)


def _save_model(
    settings: Settings, trainer: SupervisedTrainer, folder: RunFolder, *, main: bool
) -> None:
    """Write the model, its configuration and its tokenizer, whole or not at all.

    Every process calls this: sharded weights are gathered from all of them.
    """
    model = trainer.accelerator.unwrap_model(trainer.model)
    # The Trainer turned it off; whoever generates with the model wants it.
    model.config.use_cache = True
    if settings.lora is not None and settings.lora.merge:
        if main:
            model.merge_and_unload().save_pretrained(folder.partial)
            trainer.processing_class.save_pretrained(folder.partial)
    else:
        if trainer.is_fsdp_enabled:
            trainer.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
        trainer.save_model(str(folder.partial))
    if main:
        (folder.partial / "training_args.bin").unlink(missing_ok=True)
        shutil.rmtree(folder.model, ignore_errors=True)
        folder.partial.rename(folder.model)
    trainer.accelerator.wait_for_everyone()


def _versions() -> dict[str, str]:
    """Return the versions of everything that touches the numbers."""
    found = {"veristone": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _data_record(prepared: Prepared, rows: int) -> dict[str, Any]:
    """Return what was read, what was left out and why, and what is left."""
    survey = prepared.survey
    return {
        "files": survey.files,
        "digest": survey.digest,
        "read": survey.read,
        "refused": dict(sorted(survey.refused.items())),
        "train_samples": len(prepared.train),
        "train_rows": rows,
        "train_tokens": prepared.train_tokens,
        "learnt_tokens": prepared.learnt_tokens,
        "evaluation_samples": len(prepared.evaluation),
    }


def _device_name(device: Any) -> str:
    """Return what the user calls a device: a GPU by its model."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"cpu ({platform.machine()})"
