"""The model, made ready for training: dropout, length, attention, adapters."""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from veristone import ConfigError
from veristone.training.finetune.config import Settings
from veristone.training.finetune.tokenizer import load_error, quiet

__all__ = ["adapters", "load_model", "set_dropout"]


def load_model(settings: Settings, tokenizer: Any) -> Any:
    """Return the model to train.

    Raises:
        ConfigError: it cannot be loaded, or does not go with the settings.
    """
    quiet()
    try:
        config = AutoConfig.from_pretrained(settings.model, revision=settings.revision)
        set_dropout(config, settings.dropout)
        positions = getattr(config, "max_position_embeddings", None)
        if isinstance(positions, int) and settings.max_length > positions:
            raise ConfigError(
                f"max_length {settings.max_length}: {settings.model} has {positions} positions"
            )
        model = AutoModelForCausalLM.from_pretrained(
            settings.model,
            revision=settings.revision,
            config=config,
            dtype=torch.bfloat16 if settings.precision == "bf16" else torch.float32,
            attn_implementation=None if settings.attention == "auto" else settings.attention,
        )
    except (OSError, ValueError, ImportError) as error:
        raise load_error(settings.model, error) from error
    used = getattr(model.config, "_attn_implementation", "")
    if settings.packing and used not in ("eager", "sdpa", "flash_attention_2"):
        raise ConfigError(f"packing: {used} attention may not keep samples of a row apart")
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    return model


def set_dropout(config: Any, dropout: float) -> list[str]:
    """Set every dropout of a model's configuration; return the names of the settings it has.

    Models name it differently: `attention_dropout` and `residual_dropout` (StarCoder2),
    `attn_pdrop` (GPT-2), `hidden_dropout_prob` (BERT).
    """
    names = [
        name
        for name, value in config.to_dict().items()
        if ("dropout" in name or name.endswith("_pdrop"))
        and isinstance(value, int | float)
        and not isinstance(value, bool)
    ]
    for name in names:
        setattr(config, name, dropout)
    return sorted(names)


def adapters(settings: Settings) -> Any:
    """Return what peft needs to know; None for a training of all weights."""
    lora = settings.lora
    if lora is None:
        return None
    from peft import LoraConfig

    return LoraConfig(
        task_type="CAUSAL_LM",
        r=lora.r,
        lora_alpha=lora.alpha,  # pyright: ignore
        lora_dropout=lora.dropout,
        target_modules="all-linear" if lora.targets == ("all-linear",) else list(lora.targets),
    )
