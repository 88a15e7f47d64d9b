"""What a training run is: one model, its data, and the numbers of the recipe.

Checked without torch, so that a mistake shows before anything is loaded. How many devices there are
is not a setting: the batch size is that of an optimizer step over all of them, and accumulation
follows from it (see `plan`).
"""

import hashlib
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Lora", "OverLength", "Precision", "Settings"]

OverLength = Literal["drop", "truncate", "error"]
Precision = Literal["float32", "bf16", "bf16-mixed"]


class Lora(BaseModel):
    """Low-rank adapters in place of all weights (Hu et al., arXiv 2106.09685)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    r: int = Field(default=16, ge=1)
    alpha: float = Field(default=32, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[str, ...] = ("all-linear",)
    """Names of the layers; `all-linear` is every linear layer except the head."""
    merge: bool = False
    """Write the whole model, adapters added to its weights, in place of the adapters alone."""


class Settings(BaseModel):
    """A training run. Defaults are for a small first try; presets have the published numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = ""
    """A folder, or a name that transformers knows."""
    revision: str | None = None
    data: tuple[Path, ...] = ()
    """Parquet and JSONL files, or folders of them; see `rows`."""
    template: str = "instruction"
    """A template of ours, or a TOML file; see `template`."""
    bos: Literal["auto", "always", "never"] = "auto"
    """Whether a sequence begins with the tokenizer's BOS token. `auto`: as the tokenizer does it;
    the others change the tokenizer that is saved, so that a server does the same."""

    max_length: int = Field(default=1024, ge=8)
    """Tokens of a sample, EOS and BOS included; also the size of a pack."""
    over_length: OverLength = "drop"
    """What happens to longer samples. `truncate` cuts the end and with it the EOS: the originals'
    way, and it teaches the model not to stop."""
    packing: bool = False
    """Put several samples into one row, kept apart by their positions. A row then counts as one
    in `batch_size`."""

    epochs: float | None = Field(default=None, gt=0, le=1000)
    max_steps: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=64, ge=1)
    """Rows of one optimizer step, over all devices and all accumulation steps."""
    device_batch_size: int = Field(default=1, ge=1)
    """Rows that one device works on at a time: memory, never the result."""

    learning_rate: float = Field(default=1e-5, gt=0, le=10)
    scheduler: Literal["linear", "cosine", "constant"] = "linear"
    """After the warm-up; the first two end at 0."""
    warmup_ratio: float | None = Field(default=None, ge=0, lt=1)
    """Of all steps, rounded up. None and no `warmup_steps`: no warm-up."""
    warmup_steps: int | None = Field(default=None, ge=0)
    optimizer: Literal["adafactor", "adamw", "adamw-8bit", "sgd"] = "adafactor"
    """Adafactor with a fixed learning rate, as transformers has it; `adamw-8bit` needs
    bitsandbytes."""
    weight_decay: float = Field(default=0.0, ge=0, lt=1)
    max_grad_norm: float | None = Field(default=None, gt=0)
    """Gradients are scaled down to this norm. None: never."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Every dropout of the base model is set to this. StarCoder2's own 0.1 costs 7 points of
    HumanEval where it is left on (bigcode-project/selfcodealign, issue 6)."""

    precision: Precision = "float32"
    """`bf16`: weights too, 2 bytes each; `bf16-mixed`: float32 weights, computed in bf16."""
    attention: Literal["auto", "eager", "sdpa", "flash_attention_2"] = "auto"
    gradient_checkpointing: bool = False
    """Compute activations twice to keep fewer: memory and time, not the result."""
    lora: Lora | None = None

    seed: int = Field(default=0, ge=0, lt=2**32)
    """Of the order of the rows, the split, and whatever is random in the model."""
    eval_fraction: float = Field(default=0.0, ge=0, le=0.5)
    """Share of the samples kept out of training; samples of one prompt stay together."""
    save_steps: int = Field(default=200, ge=1)
    """Optimizer steps between two checkpoints; also between two evaluations."""
    keep: int = Field(default=2, ge=1)
    """Checkpoints that are kept."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.epochs is None) == (self.max_steps is None):
            raise ValueError("give one of epochs and max_steps")
        if self.warmup_ratio is not None and self.warmup_steps is not None:
            raise ValueError("give one of warmup_ratio and warmup_steps")
        if self.batch_size % self.device_batch_size:
            raise ValueError(
                f"batch_size {self.batch_size} is no multiple of device_batch_size"
                f" {self.device_batch_size}"
            )
        return self

    def digest(self) -> str:
        """Identify the settings that decide the result; where a run may be resumed they agree."""
        kept = self.model_dump_json(exclude=set(NEUTRAL))
        return hashlib.sha256(kept.encode()).hexdigest()[:16]


NEUTRAL = frozenset({"data", "device_batch_size", "gradient_checkpointing", "save_steps", "keep"})
"""Settings that may differ when a run goes on. The data is identified by what is in it."""
