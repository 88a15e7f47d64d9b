"""A run from settings to a model folder: transformers' Trainer over our rows.

- The loss of a step is the sum over the learnt tokens of the whole batch (all devices, all
  accumulation steps) divided by their number. So it depends neither on how a batch is cut into
  micro-batches nor on how samples of different lengths fall into them.
- A run that was interrupted or killed goes on from its last whole checkpoint with the same rows in
  the same order, and ends, on the same hardware, with the same weights.
- Several devices are accelerate's business. The last batch of an epoch is filled up with rows from
  the epoch's beginning where the devices would not get equal shares.

Not promised: the same bits on other hardware, another number of devices or another torch.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
import transformers
from accelerate.utils import gather_object

from veristone import ConfigError
from veristone.training.finetune.arguments import training_arguments
from veristone.training.finetune.checkpoints import latest, step_of
from veristone.training.finetune.collate import Packed, Padded
from veristone.training.finetune.config import Settings
from veristone.training.finetune.data import Prepared, prepare
from veristone.training.finetune.errors import TrainingFailed
from veristone.training.finetune.folder import RunFolder
from veristone.training.finetune.journal import Attempt, Journal, Step, read_journal, write_journal
from veristone.training.finetune.loading import load_model
from veristone.training.finetune.loop import Loop
from veristone.training.finetune.plan import Plan, plan_steps
from veristone.training.finetune.provenance import data_record, device_name, versions
from veristone.training.finetune.saving import check_mergeable, final_metrics, save_model
from veristone.training.finetune.template import load_template
from veristone.training.finetune.tokenizer import ReadyTokenizer, load_tokenizer
from veristone.training.finetune.watch import Watch

__all__ = ["Hooks", "Outcome", "train"]


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


def train(
    settings: Settings, folder: Path, *, redo: bool = False, hooks: Hooks = _NO_HOOKS
) -> Outcome:
    """Train, or go on with a run that was interrupted; blocks until it is done.

    Args:
        settings: what to train.
        folder: the run's; see `RunFolder` for what it will hold.
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
    plan = plan_steps(settings, len(prepared.train), int(os.environ.get("WORLD_SIZE", "1")))
    journal = Journal(
        digest=settings.digest(),
        settings=settings.model_dump(mode="json"),
        template=template.model_dump(),
        versions=versions(),
        data=data_record(prepared),
        model={"name": settings.model, "revision": settings.revision, "bos": ready.bos},
        plan={name: getattr(plan, name) for name in plan.__slots__},
    )
    run = _Run(settings, RunFolder(folder), ready, prepared, plan, hooks)
    if not run.main:
        return run.go(journal, redo=redo)
    with run.folder.only_one():
        return run.go(journal, redo=redo)


def _sizes(model: Any) -> dict[str, Any]:
    """Return what is known of a model once it is loaded: weights by number, and its commit."""
    weights = [(each.numel(), each.requires_grad) for each in model.parameters()]
    return {
        "parameters": sum(count for count, _ in weights),
        "trained_parameters": sum(count for count, trained in weights if trained),
        "commit": getattr(model.config, "_commit_hash", None),
    }


class _Run:
    """One call of `train`, once everything is read that needs no device."""

    def __init__(
        self,
        settings: Settings,
        folder: RunFolder,
        ready: ReadyTokenizer,
        prepared: Prepared,
        plan: Plan,
        hooks: Hooks,
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.main = os.environ.get("RANK", "0") == "0"
        self._tokenizer = ready.tokenizer
        self._prepared = prepared
        self._plan = plan
        self._hooks = hooks

    def go(self, fresh: Journal, *, redo: bool) -> Outcome:
        """Begin or go on, and end with a model or a checkpoint."""
        # Joins the other processes, which must not look into the folder before it is in order.
        arguments = training_arguments(
            self.settings,
            self._plan,
            str(self.folder.checkpoints),
            evaluates=bool(self._prepared.evaluation),
        )
        if self.main:
            write_journal(self.folder.journal, self.folder.begin(fresh, redo=redo))
        arguments.distributed_state.wait_for_everyone()
        journal = read_journal(self.folder.journal)
        assert journal is not None
        if journal.state == "finished":
            return Outcome(True, self._plan.steps, self.main, journal, trained=False)
        try:
            return self._train(arguments, journal)
        except torch.OutOfMemoryError as error:
            self._failed(journal)
            raise TrainingFailed(
                "out of memory: try gradient_checkpointing = true, a smaller device_batch_size,"
                " lora, or more devices with FSDP (docs/training.md)"
            ) from error
        except Exception:
            self._failed(journal)
            raise

    def _failed(self, journal: Journal) -> None:
        if self.main:
            journal.state = "failed"
            write_journal(self.folder.journal, journal)

    def _train(self, arguments: transformers.TrainingArguments, journal: Journal) -> Outcome:
        loop = self._loop(arguments)
        check_mergeable(self.settings, loop)
        checkpoint = latest(self.folder.checkpoints)
        first = step_of(checkpoint) if checkpoint else 0
        journal.forget_after(first)
        watch = self._watch(journal, arguments, first)
        loop.add_callback(watch)
        journal.model |= _sizes(loop.model)
        self._hooks.begin(self._plan, first)
        loop.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if watch.stopped:
            journal.state = "interrupted"
            watch.write()
            return Outcome(False, loop.state.global_step, self.main, journal)
        watch.write()
        save_model(self.settings, loop, self._tokenizer, self.folder)
        journal.final = final_metrics(journal)
        journal.state = "finished"
        if self.main:
            write_journal(self.folder.journal, journal)
        return Outcome(True, loop.state.global_step, self.main, journal)

    def _loop(self, arguments: transformers.TrainingArguments) -> Loop:
        # Before the model, whose adapters begin with random numbers.
        transformers.set_seed(self.settings.seed)
        model = load_model(self.settings, self._tokenizer)
        rows = model.get_input_embeddings().weight.shape[0]
        # Under ZeRO-3 weights are empty until they are used.
        if rows and self._prepared.highest_id() >= rows:
            raise ConfigError(
                f"{self.settings.model}: the tokenizer has token {self._prepared.highest_id()},"
                f" and the model knows {rows}"
            )
        pad_id = self._tokenizer.pad_token_id
        return Loop(
            model=model,
            args=arguments,
            data_collator=Packed() if self.settings.packing else Padded(pad_id),
            train_dataset=self._prepared.train,
            eval_dataset=self._prepared.evaluation or None,
        )

    def _watch(
        self, journal: Journal, arguments: transformers.TrainingArguments, first: int
    ) -> Watch:
        names: list[Any] = [device_name(arguments.device)]
        if self._plan.devices > 1:
            names = gather_object(names)
        attempt = Attempt(
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            devices=[str(name) for name in names],
            processes=self._plan.devices,
            from_step=first,
            to_step=first,
        )
        journal.state = "running"
        journal.attempts.append(attempt)
        return Watch(
            journal,
            attempt,
            path=self.folder.journal,
            keep=self.settings.keep,
            main=self.main,
            evaluates=bool(self._prepared.evaluation),
            stop=self._hooks.stop,
            progress=self._hooks.progress if self.main else lambda step: None,
        )
