"""From files to samples of token ids, with a count of everything left out.

A model is asked with the tokens of the prompt alone, so a sample begins with exactly those, as in
the papers' code: where the tokenizer would merge the prompt's end with the completion's start into
one token, the two are tokenised apart. (TRL tokenises both together and would learn from where they
diverge, behind a context that the model never sees when it is asked.) Every completion ends with
EOS, which is learnt. Special tokens are written by the template and by us, never by a sample: one
that spells `<|endoftext|>` out is left out.

The result depends on the files' contents, the tokenizer, the template and the settings, and on
nothing else: every process of a launch makes the same samples for itself. No torch.
"""

import hashlib
import random
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from veristone import DatasetError
from veristone.training.finetune.config import Settings
from veristone.training.finetune.rows import RawSample, find_files, read_samples
from veristone.training.finetune.template import Template

__all__ = ["Encoded", "Prepared", "Survey", "count_rows", "prepare", "survey"]

_GROUP = 1000
"""Tokenizers are faster on many texts at once."""


class Encoded(NamedTuple):
    """A sample as the model sees it."""

    ids: "array[int]"
    given: int
    """How many of `ids`, from the first, are not learnt: BOS and prompt. At least one."""


@dataclass(slots=True)
class Survey:
    """What the files hold, and what of it was left out."""

    files: list[str] = field(default_factory=list[str])
    """Their names."""
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    """Samples that were left out, by a short fixed word that says why."""
    digest: str = ""
    """SHA-256 of every prompt and completion in order, as the template writes them."""

    @property
    def kept(self) -> int:
        """Samples that were not refused."""
        return self.read - self.refused.total()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Samples for training and for evaluation."""

    survey: Survey
    train: list[Encoded]
    evaluation: list[Encoded]

    @property
    def train_tokens(self) -> int:
        """Tokens in one epoch."""
        return sum(len(sample.ids) for sample in self.train)

    @property
    def learnt_tokens(self) -> int:
        """Tokens of one epoch that count in the loss."""
        return self.train_tokens - sum(sample.given for sample in self.train)


class _Prompted(NamedTuple):
    """A sample in the template: the text that is given and the text that is learnt."""

    prompt: str
    completion: str
    where: str


def survey(settings: Settings, template: Template) -> Survey:
    """Read the data without a tokenizer: how many samples there are, and the digest.

    Raises:
        DatasetError: the data cannot be read, or nothing is left of it.
    """
    found = Survey()
    for _ in _prompted(settings, template, found, eos="", special=()):
        pass
    return _not_empty(found)


def prepare(settings: Settings, template: Template, tokenizer: Any, *, bos: bool) -> Prepared:
    """Read, encode and split the data, with a tokenizer that `load_tokenizer` made ready.

    Raises:
        DatasetError: the data cannot be read, nothing is left of it, or a sample is too long and
            `over_length` is `error`.
    """
    found = Survey()
    special = sorted({token for token in tokenizer.all_special_tokens if token})
    source = _prompted(settings, template, found, tokenizer.eos_token or "", special)
    prompts: list[bytes] = []
    samples: list[Encoded] = []
    while group := list(islice(source, _GROUP)):
        for one, result in zip(group, _encode(group, settings, tokenizer, bos), strict=True):
            if isinstance(result, str):
                found.refused[result] += 1
            else:
                samples.append(result)
                prompts.append(hashlib.sha256(one.prompt.encode()).digest())
    _not_empty(found)
    held_out = _held_out(prompts, settings)
    parts: dict[bool, list[Encoded]] = {False: [], True: []}
    for sample, prompt in zip(samples, prompts, strict=True):
        parts[prompt in held_out].append(sample)
    return Prepared(found, parts[False], parts[True])


def count_rows(samples: Sequence[Encoded], settings: Settings) -> int:
    """Return how many rows the samples make: as many, or, packed by TRL, fewer."""
    if not settings.packing:
        return len(samples)
    from datasets import Dataset
    from trl import pack_dataset

    lengths = Dataset.from_dict({"input_ids": [list(sample.ids) for sample in samples]})
    return len(pack_dataset(lengths, settings.max_length))


def _prompted(
    settings: Settings, template: Template, found: Survey, eos: str, special: Sequence[str]
) -> Iterator[_Prompted]:
    digest = hashlib.sha256()
    for path in find_files(settings.data):
        found.files.append(path.name)
        for sample in read_samples(path):
            found.read += 1
            written = _write(sample, template, eos, special)
            if isinstance(written, str):
                found.refused[written] += 1
                continue
            for text in (written.prompt.encode(), written.completion.encode()):
                digest.update(len(text).to_bytes(8, "big") + text)
            yield written
    found.digest = digest.hexdigest()


def _write(
    sample: RawSample, template: Template, eos: str, special: Sequence[str]
) -> _Prompted | str:
    """Write a sample in the template, or return why it is left out. A text prompt that is written
    in it already stays; a completion may or may not end with EOS already."""
    completion = sample.completion.removesuffix(eos) if eos else sample.completion
    if not completion.strip():
        return "empty_completion"
    rendered = sample.literal and template.is_rendered(sample.turns[0].content)
    said = [completion, *(turn.content for turn in sample.turns if not rendered)]
    if any(token in text for text in said for token in special):
        return "special_token"
    try:
        prompt = sample.turns[0].content if rendered else template.render_turns(sample.turns, eos)
    except ValueError as error:
        raise DatasetError(f"{sample.where}: {error}") from None
    return _Prompted(prompt, completion, sample.where)


def _encode(
    samples: Sequence[_Prompted], settings: Settings, tokenizer: Any, bos: bool
) -> Iterator[Encoded | str]:
    """Yield each sample's tokens, or why it is left out."""

    def ids_of(texts: list[str]) -> list[list[int]]:
        return [list(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]

    start = [tokenizer.bos_token_id] if bos else []
    prompts = ids_of([sample.prompt for sample in samples])
    wholes = ids_of([sample.prompt + sample.completion for sample in samples])
    for sample, prompt, whole in zip(samples, prompts, wholes, strict=True):
        tail = whole[len(prompt) :]
        if whole[: len(prompt)] != prompt:
            (tail,) = ids_of([sample.completion])
        given = [*start, *prompt]
        ids = [*given, *tail, tokenizer.eos_token_id]
        if len(ids) > settings.max_length and settings.over_length == "error":
            raise DatasetError(
                f"{sample.where}: {len(ids)} tokens, and max_length is {settings.max_length}"
            )
        # What has no token before it cannot be predicted.
        first = max(1, len(given))
        if len(ids) > settings.max_length and settings.over_length == "drop":
            yield "too_long"
        elif first >= settings.max_length:
            yield "prompt_too_long"
        else:
            yield Encoded(array("i", ids[: settings.max_length]), first)


def _not_empty(found: Survey) -> Survey:
    if not found.kept:
        reasons = ", ".join(f"{count} {reason}" for reason, count in found.refused.most_common())
        raise DatasetError(f"no samples to train on: {found.read} read ({reasons or 'none there'})")
    return found


def _held_out(prompts: Sequence[bytes], settings: Settings) -> set[bytes]:
    """Return the prompts that are kept out of training, with all of their samples."""
    found: set[bytes] = set()
    if not settings.eval_fraction:
        return found
    counts = Counter(prompts)
    order = sorted(counts)
    random.Random(settings.seed).shuffle(order)
    size = 0
    for prompt in order[:-1]:
        if size >= settings.eval_fraction * len(prompts):
            break
        found.add(prompt)
        size += counts[prompt]
    if not found:
        raise DatasetError("eval_fraction needs samples of at least two different prompts")
    return found
