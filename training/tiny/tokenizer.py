"""A byte-level BPE tokenizer of a few hundred tokens, trained on the tiny model's corpus.

Built like StarCoder2's: byte-level, digits one by one, ``<|endoftext|>`` ends a document. What is
in quotes or brackets is kept out of the training of the merges, so that texts and numbers in calls
are spelled the same way wherever they stand.
"""

import re
from collections.abc import Iterable
from typing import Any, Final

from veristone.training.tiny.prompts import TEMPLATE

__all__ = ["END", "PAD", "make_tokenizer"]

END: Final = "<|endoftext|>"
PAD: Final = "<|pad|>"
# One token each: they are in every document.
_MARKS: Final = ("### Instruction\n", "### Response\n", "### Tests\n", "```python\n", "```")
# What stands before a letter, so that copying one is looking one token back.
_BEFORE_LETTERS: Final = ("p = '", "q = '")
_LITERAL: Final = re.compile(r"'[^']*'|\[[^\]]*\]")


def make_tokenizer(texts: Iterable[str], vocabulary: int, max_length: int) -> Any:
    """Return a `transformers.PreTrainedTokenizerFast` trained on the texts."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(_MARKS) - len(_BEFORE_LETTERS),
        special_tokens=[END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((_LITERAL.sub(" ", text) for text in texts), trainer)
    tokenizer.add_tokens(
        [AddedToken(mark, normalized=False) for mark in (*_MARKS, *_BEFORE_LETTERS)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END,
        eos_token=END,
        unk_token=END,
        pad_token=PAD,
        model_max_length=max_length,
        chat_template=TEMPLATE.chat_template(),
        clean_up_tokenization_spaces=False,
    )
