"""Samples to token ids with an exact boundary between what is given and what is learnt.

A model is asked with the tokens of the prompt alone, so a sample begins with exactly those: where
the tokenizer would merge the prompt's end with the completion's start into one token, the two are
tokenised apart. Every completion ends with EOS, which is learnt. Special tokens are written by the
template and by us, never by a sample: one that spells `<|endoftext|>` out is refused.

Pure, apart from the tokenizer; no torch.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from veristone import ConfigError, DatasetError
from veristone.training.finetune.config import OverLength
from veristone.training.finetune.rows import RawSample
from veristone.training.finetune.template import Template

__all__ = ["Encoded", "Encoder", "Prompted", "Refused", "Tokenizer", "write_prompt"]


class Tokenizer(Protocol):
    """What is used of a transformers tokenizer."""

    @property
    def eos_token_id(self) -> int | None: ...
    @property
    def bos_token_id(self) -> int | None: ...
    @property
    def eos_token(self) -> str | None: ...
    @property
    def all_special_tokens(self) -> list[str]: ...

    def __call__(self, text: list[str], *, add_special_tokens: bool) -> Mapping[str, Any]:
        """Return `input_ids`, a list of ids for each text."""
        ...

    def decode(self, token_ids: Any, **options: Any) -> Any:
        """Return the text of ids."""
        ...


@dataclass(frozen=True, slots=True)
class Prompted:
    """A sample in the template: the text that is given and the text that is learnt."""

    prompt: str
    completion: str
    where: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """A sample as the model sees it."""

    ids: "array[int]"
    given: int
    """How many of `ids`, from the first, are not learnt: BOS and prompt. At least one."""

    @property
    def learnt(self) -> int:
        """Tokens that count in the loss."""
        return len(self.ids) - self.given


@dataclass(frozen=True, slots=True)
class Refused:
    """A sample that is left out: `reason` is a short fixed word for counting."""

    reason: str
    where: str


def write_prompt(
    sample: RawSample, template: Template, eos: str, special: Sequence[str] = ()
) -> Prompted | Refused:
    """Write a sample in the template; a text prompt that is written in it already stays.

    Args:
        eos: the tokenizer's EOS, which a completion may or may not have at its end already.
        special: texts of tokens that no sample may spell out.

    Raises:
        DatasetError: the turns of a conversation are in an impossible order.
    """
    completion = sample.completion.removesuffix(eos) if eos else sample.completion
    if not completion.strip():
        return Refused("empty_completion", sample.where)
    said = "\0".join([completion, *(turn.content for turn in sample.turns)])
    rendered = sample.literal and template.is_rendered(sample.turns[0].content)
    if not rendered and any(token in said for token in special):
        return Refused("special_token", sample.where)
    if rendered and any(token in completion for token in special):
        return Refused("special_token", sample.where)
    try:
        prompt = sample.turns[0].content if rendered else template.render_turns(sample.turns, eos)
    except ValueError as error:
        raise DatasetError(f"{sample.where}: {error}") from None
    return Prompted(prompt, completion, sample.where)


class Encoder:
    """Encodes samples in groups, because tokenizers are faster on many texts at once."""

    def __init__(
        self, tokenizer: Tokenizer, *, bos: bool, max_length: int, over_length: OverLength
    ) -> None:
        if tokenizer.eos_token_id is None:
            raise ConfigError("the tokenizer has no EOS token, so the model could not learn to end")
        if bos and tokenizer.bos_token_id is None:
            raise ConfigError("the tokenizer has no BOS token: set bos = never")
        self._tokenizer = tokenizer
        self._start: list[int] = []
        if bos and tokenizer.bos_token_id is not None:
            self._start = [tokenizer.bos_token_id]
        self._end = tokenizer.eos_token_id
        self._max_length = max_length
        self._over_length: OverLength = over_length
        # Some tokenizers put a space before whatever they are given; apart, texts then do not join.
        a, b = self._ids(["a", "b"])
        self._joins = str(tokenizer.decode(a + b)) == "ab"

    def encode(self, samples: Sequence[Prompted]) -> list[Encoded | Refused]:
        """Return each sample's tokens, or why it is left out.

        Raises:
            DatasetError: one is too long, and the settings say that this is an error.
        """
        prompts = self._ids([sample.prompt for sample in samples])
        wholes = self._ids([sample.prompt + sample.completion for sample in samples])
        return [self._one(*each) for each in zip(samples, prompts, wholes, strict=True)]

    def _one(self, sample: Prompted, prompt: list[int], whole: list[int]) -> Encoded | Refused:
        if whole[: len(prompt)] == prompt:
            tail = whole[len(prompt) :]
        else:
            apart = self._apart(sample.completion)
            if apart is None:
                return Refused("no_boundary", sample.where)
            tail = apart
        given = [*self._start, *prompt]
        ids = [*given, *tail, self._end]
        if len(ids) > self._max_length:
            if self._over_length == "error":
                raise DatasetError(
                    f"{sample.where}: {len(ids)} tokens, and max_length is {self._max_length}"
                )
            if self._over_length == "drop":
                return Refused("too_long", sample.where)
            ids = ids[: self._max_length]
        # What has no token before it cannot be predicted.
        first = max(1, len(given))
        if first >= len(ids):
            return Refused("prompt_too_long", sample.where)
        return Encoded(array("i", ids), first)

    def _apart(self, completion: str) -> list[int] | None:
        """Return the tokens of a completion as they follow something that does not merge."""
        if self._joins:
            return self._ids([completion])[0]
        anchor, both = self._ids(["\n", "\n" + completion])
        return both[len(anchor) :] if both[: len(anchor)] == anchor else None

    def _ids(self, texts: Iterable[str]) -> list[list[int]]:
        found = self._tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return [list(ids) for ids in found]
