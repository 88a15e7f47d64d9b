"""What can be had on a labelled set without a model: a judge that is no better is of no use."""

from collections.abc import Callable, Sequence

from veristone.generators.judge.calibration import Calibration, Item, calibrate
from veristone.generators.judge.labelled import Labelled

__all__ = ["BASELINES", "baseline"]


def _squeezed(value: float) -> float:
    """Bring a length to 0 to 1, in order: only the order is looked at."""
    return value / (value + 1)


BASELINES: dict[str, Callable[[Labelled], float]] = {
    "always yes": lambda one: 1.0,
    "length of the documentation": lambda one: _squeezed(len(one.seed.docstring)),
    "documentation to code": lambda one: _squeezed(
        len(one.seed.docstring) / max(1, len(one.seed.code) - len(one.seed.docstring))
    ),
    "shortness of the code": lambda one: 1 - _squeezed(len(one.seed.code)),
}
"""Figures by their names. Of the lengths only the order means something: look at the AUC."""


def baseline(name: str, labelled: Sequence[Labelled]) -> Calibration:
    """Return how well a baseline does."""
    figure = BASELINES[name]
    return calibrate([Item(figure(one), one.enough, one.group) for one in labelled])
