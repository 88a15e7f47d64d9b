"""The funnel of a seed collection: `funnel.json`."""

from pathlib import Path

from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.report.flow import stages
from veristone.generators.seeds.report.words import noun
from veristone.loop.report.facts import Counted, Stage
from veristone.loop.report.reading.files import Trouble, read_struct

__all__ = ["read_seeds", "seed_stages"]


def read_seeds(folder: Path, trouble: Trouble) -> Funnel | None:
    """Return the funnel; None where there is none."""
    return read_struct(folder / "funnel.json", Funnel, trouble)


def seed_stages(funnel: Funnel) -> list[Stage]:
    """Return the stages from the functions of the corpus to seeds; none for an empty funnel."""
    found = stages(funnel)
    if not found[0].kept:
        return []
    return [
        Stage(
            part="seeds",
            name=stage.name,
            unit=noun(stage),
            given=stage.given,
            kept=stage.kept,
            reasons=[Counted(name=one.name, number=one.number) for one in stage.reasons],
        )
        for stage in found
    ]
