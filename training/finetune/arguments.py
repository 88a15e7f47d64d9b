"""Our settings in the words of transformers' Trainer."""

import torch
import transformers

from veristone.training.finetune.config import Settings
from veristone.training.finetune.plan import Plan

__all__ = ["training_arguments"]

_OPTIMIZERS = {
    "adafactor": "adafactor",
    "adamw": "adamw_torch",
    "adamw-8bit": "adamw_bnb_8bit",
    "sgd": "sgd",
}
_SCHEDULERS = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


def training_arguments(
    settings: Settings, plan: Plan, output: str, *, evaluates: bool
) -> transformers.TrainingArguments:
    """Return the arguments; making them also joins the other processes of a launch."""
    has_device = torch.accelerator.is_available()
    return transformers.TrainingArguments(
        output_dir=output,
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
        eval_strategy="steps" if evaluates else "no",
        eval_steps=settings.save_steps if evaluates else None,
        dataloader_pin_memory=has_device,
        remove_unused_columns=False,
        label_names=["labels"],
        disable_tqdm=True,
        report_to=[],
    )
