"""The tokenizer and the model, made ready: BOS, chat template, dropout, adapters."""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from veristone import ConfigError
from veristone.training.finetune.config import Settings
from veristone.training.finetune.tokenizer import load_error, quiet

__all__ = ["load_model", "set_dropout", "weights_dtype"]


def weights_dtype(settings: Settings) -> torch.dtype:
    """Return the type that weights are loaded and trained in."""
    return torch.bfloat16 if settings.precision == "bf16" else torch.float32


def load_model(settings: Settings, tokenizer: Any) -> Any:
    """Return the model to train, adapters added where the settings say so.

    Raises:
        ConfigError: it cannot be loaded, or does not go with the settings.
    """
    quiet()
    try:
        config = AutoConfig.from_pretrained(settings.model, revision=settings.revision)
    except (OSError, ValueError) as error:
        raise load_error(settings.model, error) from error
    set_dropout(config, settings.dropout)
    positions = getattr(config, "max_position_embeddings", None)
    if isinstance(positions, int) and settings.max_length > positions:
        raise ConfigError(
            f"max_length {settings.max_length}: {settings.model} has {positions} positions"
        )
    attention = None if settings.attention == "auto" else settings.attention
    try:
        model = AutoModelForCausalLM.from_pretrained(
            settings.model,
            revision=settings.revision,
            config=config,
            dtype=weights_dtype(settings),
            attn_implementation=attention,
        )
    except (OSError, ValueError, ImportError) as error:
        raise load_error(settings.model, error) from error
    _check_packing(settings, model)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model if settings.lora is None else _with_adapters(model, settings)


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


def _check_packing(settings: Settings, model: Any) -> None:
    used = getattr(model.config, "_attn_implementation", "")
    if settings.packing and used not in ("eager", "sdpa", "flash_attention_2"):
        raise ConfigError(f"packing: {used} attention may not keep samples of a row apart")


def _with_adapters(model: Any, settings: Settings) -> Any:
    from peft import LoraConfig, get_peft_model

    lora = settings.lora
    assert lora is not None
    targets: Any = list(lora.targets) if lora.targets != ("all-linear",) else "all-linear"
    try:
        return get_peft_model(
            model,
            LoraConfig(
                task_type="CAUSAL_LM",
                r=lora.r,
                lora_alpha=lora.alpha,  # pyright: ignore
                lora_dropout=lora.dropout,
                target_modules=targets,
            ),
        )
    except ValueError as error:
        raise ConfigError(f"lora.targets: {error}") from error
