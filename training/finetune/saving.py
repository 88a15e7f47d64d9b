"""The result: a model folder that is whole or not there."""

import shutil
from typing import Any

from veristone import ConfigError
from veristone.training.finetune.config import Settings
from veristone.training.finetune.folder import RunFolder
from veristone.training.finetune.journal import Journal
from veristone.training.finetune.loop import Loop

__all__ = ["check_mergeable", "final_metrics", "save_model"]


def check_mergeable(settings: Settings, loop: Loop) -> None:
    """Say before the training what could not be done after it.

    Raises:
        ConfigError: adapters are to be merged into weights that no process has whole.
    """
    sharded = loop.is_fsdp_enabled or loop.is_deepspeed_enabled
    if settings.lora is not None and settings.lora.merge and sharded:
        raise ConfigError(
            "lora.merge: not with FSDP or DeepSpeed, where no process has all weights;"
            " merge the adapters afterwards with peft"
        )


def save_model(settings: Settings, loop: Loop, tokenizer: Any, folder: RunFolder) -> None:
    """Write the model, its configuration and its tokenizer to `folder.model`.

    Every process calls this: sharded weights are gathered from all of them.
    """
    main = loop.is_world_process_zero()
    model = loop.accelerator.unwrap_model(loop.model)
    # The Trainer turned it off; whoever generates with the model wants it.
    model.config.use_cache = True
    if settings.lora is not None and settings.lora.merge:
        if main:
            model.merge_and_unload().save_pretrained(folder.partial)
    else:
        if loop.is_fsdp_enabled:
            loop.accelerator.state.fsdp_plugin.set_state_dict_type("FULL_STATE_DICT")
        loop.save_model(str(folder.partial))
    if main:
        tokenizer.save_pretrained(folder.partial)
        (folder.partial / "training_args.bin").unlink(missing_ok=True)
        if folder.model.exists():
            shutil.rmtree(folder.model)
        folder.partial.rename(folder.model)
    loop.accelerator.wait_for_everyone()


def final_metrics(journal: Journal) -> dict[str, Any]:
    """Return the numbers of the whole run, all attempts together."""
    wall_s = round(sum(attempt.wall_s for attempt in journal.attempts), 3)
    tokens = journal.steps[-1].tokens if journal.steps else 0
    recent = [step.loss for step in journal.steps[-10:]]
    return {
        "steps": journal.steps[-1].step if journal.steps else 0,
        "loss": sum(recent) / len(recent) if recent else None,
        "eval_loss": journal.evaluations[-1].loss if journal.evaluations else None,
        "tokens": tokens,
        "tokens_per_s": round(tokens / wall_s, 1) if wall_s else None,
        "wall_s": wall_s,
        "device_s": round(sum(attempt.device_s for attempt in journal.attempts), 3),
    }
