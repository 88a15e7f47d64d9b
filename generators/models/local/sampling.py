"""The next token of each sequence in a batch, by inverse transform sampling.

Each row has one number from [0, 1), drawn by whoever owns the sequence, and nothing about a row's
token depends on the other rows. So a seed gives the same text in whatever batch it runs, as far as
the model's own logits are the same: matrix products of another shape may differ in the last bits,
and a draw that falls between the two then gives another token.
"""

from collections.abc import Sequence
from typing import Any

import torch

__all__ = ["choose", "likeliest"]


def choose(
    logits: Any, temperature: Sequence[float], top_p: Sequence[float], draws: Sequence[float]
) -> Any:
    """Return a token for each row of `logits` (rows, vocabulary), shaped (rows, 1).

    Temperature 0 takes the likeliest. `top_p` is nucleus sampling: the smallest
    set of likeliest tokens whose probabilities reach it.
    """
    # Sorted for every row, not only where top_p asks for it: the order is part of the outcome.
    ordered, tokens = logits.float().sort(dim=-1, descending=True, stable=True)

    def column(values: Sequence[float]) -> Any:
        return torch.tensor(values, dtype=torch.float32, device=logits.device).unsqueeze(1)

    warmth = column(temperature)
    # Where the temperature is 0 any other one will do: the first place is taken below.
    chances = (ordered / torch.where(warmth > 0, warmth, 1.0)).softmax(dim=-1)
    chances = chances.masked_fill(chances.cumsum(dim=-1) - chances >= column(top_p), 0.0)
    mass = chances.cumsum(dim=-1)
    total = mass[:, -1:]
    place = (mass <= column(draws) * total).sum(dim=-1, keepdim=True)
    # Rounding may carry a draw close to 1 past the last token that has a chance at all.
    place = torch.minimum(place, (mass < total).sum(dim=-1, keepdim=True))
    place = torch.where(warmth > 0, place, 0)
    return tokens.gather(1, place)


def likeliest(logits: Any, n: int) -> list[list[tuple[int, float]]]:
    """Return, for each row, the `n` likeliest tokens with their natural log-probabilities.

    Of the model itself: neither temperature nor top_p is applied, as in vLLM.
    """
    values, tokens = logits.float().log_softmax(dim=-1).topk(min(n, logits.shape[-1]), dim=-1)
    rows = zip(tokens.tolist(), values.tolist(), strict=True)
    return [list(zip(*row, strict=True)) for row in rows]
