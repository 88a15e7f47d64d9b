"""Rows to tensors.

Padded batches go right-padded with an attention mask. Packed rows go end to end, in one row without
padding and without a mask, positions beginning at 0 in each sample: transformers tells samples
apart by that, with `eager` and `sdpa` attention by a block mask, with `flash_attention_2` by its
kernel for samples of varied length. An attention of another kind may not, so packing refuses it.

What is padding is told from the lengths and never from a token's id: where a tokenizer pads with
its EOS, the EOS of a response is learnt all the same.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch

from veristone.training.finetune.data import Row

__all__ = ["IGNORED", "Packed", "Padded"]

IGNORED = -100
"""The label of what is not learnt, PyTorch's convention."""


def _labels(row: Row) -> list[int]:
    return [
        token if place >= sample.given else IGNORED
        for sample in row
        for place, token in enumerate(sample.ids)
    ]


class Padded:
    """Makes batches of rows that are one sample each."""

    def __init__(self, pad_id: int) -> None:
        self._pad_id = pad_id

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return `input_ids`, `labels` and `attention_mask`, each of shape (rows, longest)."""
        width = max(len(sample.ids) for (sample,) in rows)
        shape = (len(rows), width)
        ids = torch.full(shape, self._pad_id)
        labels = torch.full(shape, IGNORED)
        mask = torch.zeros(shape, dtype=torch.long)
        for number, row in enumerate(rows):
            length = len(row[0].ids)
            ids[number, :length] = torch.tensor(row[0].ids)
            labels[number, :length] = torch.tensor(_labels(row))
            mask[number, :length] = 1
        return {"input_ids": ids, "labels": labels, "attention_mask": mask}


class Packed:
    """Makes batches of packs, end to end in one row."""

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Return `input_ids`, `labels` and `position_ids`, each of shape (1, tokens)."""
        samples = list(chain.from_iterable(rows))
        ids = list(chain.from_iterable(sample.ids for sample in samples))
        places = list(chain.from_iterable(range(len(sample.ids)) for sample in samples))
        labels = _labels(tuple(samples))
        return {
            "input_ids": torch.tensor([ids]),
            "labels": torch.tensor([labels]),
            "position_ids": torch.tensor([places]),
        }
