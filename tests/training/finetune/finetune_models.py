"""A tiny StarCoder2 and data for the tests of fine-tuning.

The model has random weights and is made in half a second. Torch is imported inside, so that the
tests without it can import this file too.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from veristone.training.finetune.config import Settings

__all__ = ["BytePairs", "need_torch", "rows_of", "settings_for", "write_jsonl", "write_model"]


def need_torch() -> None:
    """Skip the test where torch is missing."""
    # Two threads of torch on a busy machine wait for one another most of the time.
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in ("torch", "transformers", "accelerate", "peft"):
        pytest.importorskip(name, reason=f"{name} is not installed: make test-models")
    import torch  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)


class BytePairs:
    """A tokenizer without transformers: bytes, and pairs of characters that it merges."""

    bos_token_id: int | None = 1
    eos_token_id: int | None = 2
    eos_token: str | None = "<eos>"
    all_special_tokens = ("<pad>", "<bos>", "<eos>")

    def __init__(self, merges: Sequence[str] = (), *, space_in_front: bool = False) -> None:
        self.merges = list(merges)
        self.space_in_front = space_in_front

    def __call__(self, text: list[str], *, add_special_tokens: bool) -> dict[str, Any]:
        assert not add_special_tokens
        return {"input_ids": [self._encode(each) for each in text]}

    def _encode(self, text: str) -> list[int]:
        if self.space_in_front and text:
            text = " " + text
        ids: list[int] = []
        place = 0
        while place < len(text):
            merge = next((each for each in self.merges if text.startswith(each, place)), None)
            if merge is not None:
                ids.append(300 + self.merges.index(merge))
                place += len(merge)
            else:
                ids += [3 + byte for byte in text[place].encode()]
                place += 1
        return ids

    def decode(self, token_ids: Sequence[int], **_: Any) -> str:
        raw = b""
        for token in token_ids:
            raw += self.merges[token - 300].encode() if token >= 300 else bytes([token - 3])
        text = raw.decode()
        return text[1:] if self.space_in_front and text.startswith(" ") else text


def write_jsonl(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write rows to a file and return its path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def rows_of(count: int) -> list[dict[str, Any]]:
    """Samples of different lengths that a small model can learn."""
    words = ("red", "green", "blue", "white")
    return [
        {
            "instruction": f"Say {words[number % 4]} {number % 3 + 1} times.",
            "response": " ".join([words[number % 4]] * (number % 3 + 1)) + ".",
        }
        for number in range(count)
    ]


def settings_for(data: Path, model: Path | str = "", **changes: Any) -> Settings:
    """Settings of a short run."""
    values: dict[str, Any] = {
        "model": str(model),
        "data": (data,),
        "max_length": 256,
        "max_steps": 4,
        "batch_size": 4,
        "device_batch_size": 4,
        "learning_rate": 1e-3,
        "optimizer": "adamw",
        "template": str(Path(__file__).parent / "short.toml"),
        **changes,
    }
    if "epochs" in changes:
        del values["max_steps"]
    return Settings.model_validate(values)


def write_model(folder: Path, *, dropout: float = 0.1, seed: int = 0) -> Path:
    """Write a StarCoder2 of 2 layers and a byte-level BPE tokenizer that merges across newlines."""
    import torch  # pyright: ignore[reportMissingImports]
    import transformers  # pyright: ignore[reportMissingImports]
    from tokenizers import (  # pyright: ignore[reportMissingImports]
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
        trainers,
    )

    tokenizer = Tokenizer(models.BPE())
    # No pattern that splits words first: pairs may merge across anything.
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    texts = [f"Q: {row['instruction']}\nA:\n{row['response']}" for row in rows_of(12)]
    texts += ["A:\n    return", "A:\n    return", "\n    if", "def f(x):\n    return x"] * 4
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=300,
            special_tokens=["<|endoftext|>", "<fim_prefix>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        additional_special_tokens=["<fim_prefix>"],
    )
    fast.save_pretrained(folder)
    torch.manual_seed(seed)
    config = transformers.Starcoder2Config(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        attention_dropout=dropout,
        residual_dropout=dropout,
        embedding_dropout=dropout,
        bos_token_id=0,
        eos_token_id=0,
    )
    transformers.Starcoder2ForCausalLM(config).save_pretrained(folder)
    return folder
