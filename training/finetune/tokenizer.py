"""The tokenizer, made so that whoever loads it later writes and splits prompts as training did.

Needs transformers, not torch.
"""

import os
from typing import Any, Literal, NamedTuple

from veristone import ConfigError
from veristone.training.finetune.template import Template

__all__ = ["ReadyTokenizer", "load_error", "load_tokenizer", "quiet"]


class ReadyTokenizer(NamedTuple):
    """A tokenizer, and whether a sequence begins with its BOS."""

    tokenizer: Any
    bos: bool


def load_tokenizer(
    model: str, revision: str | None, bos: Literal["auto", "always", "never"], template: Template
) -> ReadyTokenizer:
    """Return the model's tokenizer with the template as its chat template.

    Raises:
        ConfigError: it cannot be loaded, or lacks a token that is needed.
    """
    quiet()
    if not model:
        raise ConfigError("no model to start from: give --model, a folder or a name")
    from transformers import AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(model, revision=revision)
    except (OSError, ValueError) as error:
        raise load_error(model, error) from error
    if tokenizer.eos_token_id is None:
        raise ConfigError(f"{model}: the tokenizer has no EOS token")
    if tokenizer.pad_token_id is None:
        # Servers and `generate` want one. Nothing here tells padding by it (see `collate`).
        tokenizer.pad_token = tokenizer.eos_token
    starts = _settle_bos(tokenizer, bos)
    tokenizer.chat_template = template.chat_template(bos=starts)
    return ReadyTokenizer(tokenizer, starts)


def quiet() -> None:
    """Keep transformers' progress bars and advice off the terminal, which has bars of its own."""
    # Read when tokenizers is first used; it warns of forks otherwise.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    # TRL would tell the hub which trainer is used.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def load_error(model: str, error: Exception) -> ConfigError:
    """Return what to tell the user: transformers' first line, which says the matter."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return ConfigError(f"{model}: {lines[0]}")


def _adds_bos(tokenizer: Any) -> bool:
    if tokenizer.bos_token_id is None:
        return False
    return tokenizer("x")["input_ids"][:1] == [tokenizer.bos_token_id]


def _settle_bos(tokenizer: Any, bos: str) -> bool:
    """Make the tokenizer add a BOS or none; return which."""
    if bos == "auto" or _adds_bos(tokenizer) == (bos == "always"):
        return _adds_bos(tokenizer)
    if bos == "always" and tokenizer.bos_token_id is None:
        raise ConfigError("bos: the tokenizer has no BOS token")
    tokenizer.add_bos_token = bos == "always"
    if _adds_bos(tokenizer) != (bos == "always"):
        raise ConfigError(f"bos: this tokenizer cannot be told to use it {bos}")
    return bos == "always"
