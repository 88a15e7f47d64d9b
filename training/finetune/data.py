"""From files to rows that are ready to be batched, with a count of everything left out.

The result depends on the files' contents, the tokenizer, the template and the settings, and on
nothing else: every process of a launch makes the same rows for itself.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from veristone import DatasetError
from veristone.training.finetune.config import Settings
from veristone.training.finetune.encode import (
    Encoded,
    Encoder,
    Prompted,
    Refused,
    Tokenizer,
    write_prompt,
)
from veristone.training.finetune.packing import pack
from veristone.training.finetune.rows import DataFile, describe, find_files, read_samples
from veristone.training.finetune.template import Template

__all__ = ["Prepared", "Row", "Survey", "prepare", "survey"]

Row: TypeAlias = tuple[Encoded, ...]
"""What is one in a batch: a sample, or the samples of a pack."""

_GROUP = 1000


@dataclass(slots=True)
class Survey:
    """What the files hold, before any tokenizer."""

    files: list[DataFile] = field(default_factory=list[DataFile])
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    digest: str = ""
    """SHA-256 of every prompt and completion in order, as the template writes them."""

    @property
    def kept(self) -> int:
        """Samples that were not refused."""
        return self.read - self.refused.total()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows for training and for evaluation."""

    survey: Survey
    train: list[Row]
    evaluation: list[Row]

    @property
    def train_tokens(self) -> int:
        """Tokens in one epoch."""
        return sum(len(sample.ids) for row in self.train for sample in row)

    @property
    def learnt_tokens(self) -> int:
        """Tokens of one epoch that count in the loss."""
        return sum(sample.learnt for row in self.train for sample in row)

    @property
    def train_samples(self) -> int:
        """Samples in one epoch; with packing more than rows."""
        return sum(len(row) for row in self.train)

    def highest_id(self) -> int:
        """Return the largest token id, for a look whether the model has it."""
        rows = (*self.train, *self.evaluation)
        return max(max(sample.ids) for row in rows for sample in row)


def survey(settings: Settings, template: Template) -> Survey:
    """Read the data without a tokenizer: how many samples there are, and the digest.

    Raises:
        DatasetError: the data cannot be read, or nothing is left of it.
    """
    found = Survey()
    for _ in _prompted(settings, template, found, eos="", special=()):
        pass
    return _not_empty(found)


def prepare(settings: Settings, template: Template, tokenizer: Tokenizer, *, bos: bool) -> Prepared:
    """Read, encode, split and, where the settings say so, pack the data.

    Raises:
        DatasetError: the data cannot be read, nothing is left of it, or a sample is too long and
            `over_length` is `error`.
        ConfigError: the tokenizer lacks a token that is needed.
    """
    encoder = Encoder(
        tokenizer, bos=bos, max_length=settings.max_length, over_length=settings.over_length
    )
    found = Survey()
    special = sorted({token for token in tokenizer.all_special_tokens if token})
    source = _prompted(settings, template, found, tokenizer.eos_token or "", special)
    prompts: list[bytes] = []
    samples: list[Encoded] = []
    while group := list(islice(source, _GROUP)):
        for prompted, result in zip(group, encoder.encode(group), strict=True):
            if isinstance(result, Refused):
                found.refused[result.reason] += 1
            else:
                samples.append(result)
                prompts.append(hashlib.sha256(prompted.prompt.encode()).digest())
    _not_empty(found)
    train, evaluation = _split(samples, prompts, settings)
    return Prepared(found, _rows(train, settings), _rows(evaluation, settings))


def _prompted(
    settings: Settings, template: Template, found: Survey, eos: str, special: Sequence[str]
) -> Iterator[Prompted]:
    digest = hashlib.sha256()
    for path in find_files(settings.data):
        found.files.append(describe(path))
        for sample in read_samples(path):
            found.read += 1
            written = write_prompt(sample, template, eos, special)
            if isinstance(written, Refused):
                found.refused[written.reason] += 1
                continue
            for text in (written.prompt.encode(), written.completion.encode()):
                digest.update(len(text).to_bytes(8, "big") + text)
            yield written
    found.digest = digest.hexdigest()


def _not_empty(found: Survey) -> Survey:
    if not found.kept:
        reasons = ", ".join(f"{count} {reason}" for reason, count in found.refused.most_common())
        raise DatasetError(f"no samples to train on: {found.read} read ({reasons or 'none there'})")
    return found


def _split(
    samples: Sequence[Encoded], prompts: Sequence[bytes], settings: Settings
) -> tuple[list[Encoded], list[Encoded]]:
    """Return samples for training and for evaluation; no prompt is in both."""
    if not settings.eval_fraction:
        return list(samples), []
    groups = Counter(prompts)
    order = sorted(groups)
    random.Random(settings.seed).shuffle(order)
    out: set[bytes] = set()
    wanted = settings.eval_fraction * len(samples)
    size = 0
    for prompt in order[:-1]:
        if size >= wanted:
            break
        out.add(prompt)
        size += groups[prompt]
    if not out:
        raise DatasetError("eval_fraction needs samples of at least two different prompts")
    train = [sample for sample, key in zip(samples, prompts, strict=True) if key not in out]
    held = [sample for sample, key in zip(samples, prompts, strict=True) if key in out]
    return train, held


def _rows(samples: Iterable[Encoded], settings: Settings) -> list[Row]:
    if not settings.packing:
        return [(sample,) for sample in samples]
    samples = list(samples)
    packs = pack([len(sample.ids) for sample in samples], settings.max_length)
    return [tuple(samples[index] for index in row) for row in packs]
