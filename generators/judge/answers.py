"""Yes and no in what a model answered. Pure: no model, no clock.

A tokenizer has several tokens for one word: with and without the space before it, in capitals, as
SentencePiece (`▁Yes`) or byte-level BPE (`ĠYes`) write them. All that mean the same are added up.
A word that a tokenizer always splits (`Y`, `es`) is not recognised: its answers are unclear.
"""

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

__all__ = ["Weights", "meaning", "weigh"]

_AROUND = " \t\r\n\v\f\u00a0\u2581\u0120\u010a" + ".,:;!'\"*`()[]"
"""What may stand around the word: white space, its marks in vocabularies, punctuation."""


class Weights(NamedTuple):
    """How much says yes, and how much no."""

    p_yes: float | None
    """Among yes and no; None where there is neither."""
    logp_yes: float | None
    logp_no: float | None
    mass: float
    """Of both together, 0 to 1."""


def meaning(token: str) -> Literal["yes", "no"] | None:
    """Return what a single token says."""
    word = token.strip(_AROUND).casefold()
    if word == "yes":
        return "yes"
    return "no" if word == "no" else None


def weigh(tokens: Mapping[str, float]) -> Weights:
    """Return the weights in the likeliest tokens and their natural log-probabilities.

    Of a word that is not among them nothing is known but that it is rarer than all of them; it
    counts as nothing. Values that are no finite numbers are passed over.
    """
    said: dict[str, list[float]] = {"yes": [], "no": []}
    for token, value in tokens.items():
        word = meaning(token)
        if word is not None and math.isfinite(value):
            said[word].append(value)
    yes, no = _log_sum(said["yes"]), _log_sum(said["no"])
    if yes is None or no is None:
        p_yes = None if yes is None and no is None else float(no is None)
    else:
        # The larger one is taken out first: with log-probabilities of -800 both are 0.
        top = max(yes, no)
        p_yes = math.exp(yes - top) / (math.exp(yes - top) + math.exp(no - top))
    mass = sum(math.exp(min(value, 0.0)) for value in (yes, no) if value is not None)
    return Weights(p_yes, yes, no, min(mass, 1.0))


def _log_sum(values: list[float]) -> float | None:
    if not values:
        return None
    top = max(values)
    return top + math.log(math.fsum(math.exp(value - top) for value in values))
