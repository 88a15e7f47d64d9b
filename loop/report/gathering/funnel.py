"""The funnel of one variant's round, from source files to the rows that a model learnt from."""

from veristone.loop.report.facts import Counted, Stage
from veristone.loop.report.gathering.parts import Parts
from veristone.loop.report.reading.run import Chain
from veristone.loop.report.reading.seeds import seed_stages
from veristone.loop.report.reading.selected import selection_stages

__all__ = ["split_idle", "stages_of"]


def stages_of(parts: Parts, chain: Chain) -> list[Stage]:
    """Return the stages that are there, in the order of the loop."""
    seeds = parts.seeds(chain.seeds)
    counts = parts.counts(chain.synthesis)
    selection = parts.funnel(chain.selection)
    found = seed_stages(seeds) if seeds is not None else []
    if counts is not None:
        found += counts.funnel()
    if selection is not None:
        found += selection_stages(selection, counts.passed if counts is not None else None)
    return found + _dataset(parts, chain) + _training(parts, chain)


def split_idle(stages: list[Stage]) -> tuple[list[Stage], list[str]]:
    """Return the stages without those of selection that let everything through, and their names."""
    idle = [one.name for one in stages if _is_idle(one)]
    return [one for one in stages if not _is_idle(one)], idle


def _is_idle(stage: Stage) -> bool:
    return stage.part == "selection" and stage.given == stage.kept


def _dataset(parts: Parts, chain: Chain) -> list[Stage]:
    dataset = parts.dataset(chain.dataset)
    if dataset is None:
        return []
    return [
        Stage(
            part="dataset",
            name="dataset",
            unit="row",
            given=dataset.rows,
            kept=dataset.train,
            reasons=[
                Counted(name=name, number=number) for name, number in sorted(dataset.others.items())
            ],
        )
    ]


def _training(parts: Parts, chain: Chain) -> list[Stage]:
    training = parts.training(chain.training)
    if training is None or not training.read:
        return []
    reasons = dict(training.refused)
    if training.kept_out:
        reasons["kept_for_evaluation"] = training.kept_out
    return [
        Stage(
            part="training",
            name="training",
            unit="row",
            given=training.read,
            kept=training.facts.samples,
            reasons=[
                Counted(name=name, number=number)
                for name, number in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))
                if number > 0
            ],
        )
    ]
