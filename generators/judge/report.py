"""Everything that a calibration found out, as it is written to a file."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from veristone.generators.judge.calibration import Calibration, Item, calibrate
from veristone.generators.judge.labelled import Labelled
from veristone.generators.judge.records import Judgement

__all__ = ["PARTS", "Report", "Row", "make_report"]

PARTS: dict[str, Callable[[Labelled], bool]] = {
    "all": lambda one: True,
    "real": lambda one: one.kind == "real",
    "not borderline": lambda one: not one.borderline,
}
"""Parts of the set with figures of their own."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled function and what the judge said of it."""

    enough: bool
    kind: str
    borderline: bool
    judgement: Judgement


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one model on one labelled set."""

    model: str
    labels: str
    """First 16 hexadecimal digits of the SHA-256 of the set's ids and labels."""
    count: int
    unjudged: dict[str, int]
    """Functions without a probability, by reason; they are in no figure."""
    mean_mass: float | None
    """Mean probability that the model gave to yes and no together; far below 1, it did not
    understand that this is a question."""
    figures: dict[str, Calibration]
    """By part of the set, see `PARTS`."""
    rows: list[Row]


def make_report(
    model: str, labelled: Sequence[Labelled], judgements: Sequence[Judgement], *, precision: float
) -> Report:
    """Return the report; judgements are of the labelled functions, in order."""
    pairs = list(zip(labelled, judgements, strict=True))
    judged = [(one, said.p_yes) for one, said in pairs if said.p_yes is not None]
    masses = [said.mass for _, said in pairs if said.p_yes is not None]
    return Report(
        model=model,
        labels=_digest(labelled),
        count=len(pairs),
        unjudged=dict(
            Counter(said.refused or "unclear_answer" for _, said in pairs if said.p_yes is None)
        ),
        mean_mass=sum(masses) / len(masses) if masses else None,
        figures={
            name: calibrate(
                [Item(p_yes, one.enough, one.group) for one, p_yes in judged if belongs(one)],
                precision=precision,
            )
            for name, belongs in PARTS.items()
        },
        rows=[
            Row(enough=one.enough, kind=one.kind, borderline=one.borderline, judgement=said)
            for one, said in pairs
        ],
    )


def _digest(labelled: Sequence[Labelled]) -> str:
    text = "\n".join(f"{one.seed.id} {one.enough:d}" for one in labelled)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]
