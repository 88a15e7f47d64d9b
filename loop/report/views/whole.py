"""The whole report as sections, in the order in which they are read."""

from veristone.loop.report.facts import Facts
from veristone.loop.report.views.blocks import Section
from veristone.loop.report.views.evaluation import ablations, evaluation, rounds
from veristone.loop.report.views.funnel import funnel
from veristone.loop.report.views.origin import costs, missing, origin
from veristone.loop.report.views.rows import nearness, rows, strength
from veristone.loop.report.views.training import training
from veristone.loop.report.views.verdicts import refusals, samples, verdicts

__all__ = ["sections"]


def sections(facts: Facts) -> list[Section]:
    """Return the sections that have something to say."""
    found = [
        missing(facts),
        evaluation(facts),
        ablations(facts),
        rounds(facts),
        funnel(facts),
        verdicts(facts.verdicts),
        refusals(facts.verdicts),
        rows(facts),
        strength(facts.strength),
        nearness(facts.similarity),
        training(facts),
        samples(facts.verdicts),
        costs(facts),
        origin(facts),
    ]
    return [one for one in found if one.blocks]
