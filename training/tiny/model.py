"""A language model of StarCoder2's architecture, made from nothing in a minute on one CPU core.

It writes one-line functions and tests for them (`training.tiny.tasks`, `training.tiny.prompts`) and
is wrong often enough that a filter matters. Its folder is an ordinary transformers folder; vLLM and
`transformers serve` load it unchanged. It stands in for a real model wherever weights cannot be
fetched: in tests, and in the small alignment loop.

The same seed and preset give the same model on the same build of torch with one thread; other
builds round differently. Nothing is promised about time: steps are fixed, not seconds.
"""

import math
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from veristone.errors import ConfigError
from veristone.training.tiny.corpus import Document, documents
from veristone.training.tiny.tokenizer import make_tokenizer

__all__ = ["LOOP", "SMALL", "Preset", "make_tiny_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Size of a tiny model and of its training."""

    hidden: int
    layers: int
    heads: int
    vocabulary: int = 768
    context: int = 512
    """Tokens of prompt and continuation together."""
    documents: int
    steps: int
    batch: int = 32
    """Documents a step."""
    learning_rate: float = 4e-3
    """Of AdamW, after warm-up; it falls to a tenth along a cosine."""


LOOP: Final = Preset(hidden=96, layers=2, heads=3, documents=12_000, steps=1200, batch=16)
"""For the alignment loop. 0.27 million parameters, 80 s of CPU on one thread of an AMD EPYC.

With one seed and 1,300 steps, at temperature 0.8 on held-out tasks: 0.44 of its solutions were
right, 0.54 one of the family's mistakes and 0.02 something else; 0.81 of its suites were true; of
the answers that passed their own suite (four in ten) 0.89 were right.
"""
SMALL: Final = Preset(hidden=64, layers=2, heads=2, documents=1_500, steps=80)
"""For tests of what surrounds a model: it has the right format and little sense."""


def make_tiny_model(folder: Path, *, preset: Preset = LOOP, seed: int = 0) -> Path:
    """Train a tiny model and write it to `folder`, which appears only when it is complete.

    Give torch one thread (`OMP_NUM_THREADS=1`): with two it becomes up to twenty times slower as
    soon as anything else runs.

    Raises:
        ConfigError: the folder is not empty.
    """
    import torch
    from transformers import Starcoder2ForCausalLM

    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder}: is there already; name a new folder or remove it")
    torch.manual_seed(seed)
    corpus = documents(seed, preset.documents)
    tokenizer = make_tokenizer(
        (document.prompt + document.completion for document in corpus),
        preset.vocabulary,
        preset.context,
    )
    model = Starcoder2ForCausalLM(_config(preset, tokenizer))
    _train(model, _encode(corpus, tokenizer), preset, seed)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        made = Path(scratch) / "model"
        model.save_pretrained(made)
        tokenizer.save_pretrained(made)
        made.rename(folder)
    return folder


def _config(preset: Preset, tokenizer: Any) -> Any:
    from transformers import Starcoder2Config

    return Starcoder2Config(
        vocab_size=preset.vocabulary,
        hidden_size=preset.hidden,
        intermediate_size=4 * preset.hidden,
        num_hidden_layers=preset.layers,
        num_attention_heads=preset.heads,
        num_key_value_heads=1,
        max_position_embeddings=preset.context,
        sliding_window=None,
        initializer_range=0.03,
        residual_dropout=0.0,
        embedding_dropout=0.0,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


@dataclass(frozen=True, slots=True)
class _Encoded:
    tokens: list[int]
    learned_from: int
    """Index of the first token that the model learns to write."""


def _encode(corpus: Sequence[Document], tokenizer: Any) -> list[_Encoded]:
    end = tokenizer.eos_token_id
    prompts = tokenizer([document.prompt for document in corpus]).input_ids
    completions = tokenizer([document.completion for document in corpus]).input_ids
    return [
        _Encoded([*prompt, *completion, end], len(prompt))
        for prompt, completion in zip(prompts, completions, strict=True)
    ]


def _batches(
    examples: Sequence[_Encoded], size: int, rng: random.Random
) -> Iterator[list[_Encoded]]:
    """Endless batches of documents of about one length, which saves most of the padding."""
    while True:
        order = rng.sample(examples, len(examples))
        for start in range(0, len(order), 16 * size):
            window = sorted(order[start : start + 16 * size], key=lambda one: len(one.tokens))
            batches = [window[at : at + size] for at in range(0, len(window), size)]
            rng.shuffle(batches)
            yield from batches


def _train(model: Any, examples: Sequence[_Encoded], preset: Preset, seed: int) -> None:
    import torch

    optimizer = torch.optim.AdamW(
        model.parameters(), lr=preset.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
    )
    batches = _batches(examples, preset.batch, random.Random(f"tiny batches {seed}"))
    model.train()
    for step in range(1, preset.steps + 1):
        batch = next(batches)
        inputs, labels = _padded(batch, model.config.pad_token_id)
        for group in optimizer.param_groups:
            group["lr"] = preset.learning_rate * _rate(step / preset.steps)
        # Padding stands at the end, where no token that counts can see it: no mask is needed.
        loss = model(input_ids=inputs, labels=labels, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    model.eval()


def _rate(done: float) -> float:
    """Share of the learning rate: up over the first twentieth, then down along a cosine."""
    if done < 0.05:
        return done / 0.05
    return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * (done - 0.05) / 0.95))


def _padded(batch: Sequence[_Encoded], pad: int) -> tuple[Any, Any]:
    import torch

    width = max(len(one.tokens) for one in batch)
    inputs = torch.full((len(batch), width), pad)
    labels = torch.full((len(batch), width), -100)
    for row, one in enumerate(batch):
        tokens = torch.tensor(one.tokens)
        inputs[row, : len(tokens)] = tokens
        labels[row, one.learned_from : len(tokens)] = tokens[one.learned_from :]
    return inputs, labels
