"""What every step cost, and what it is not that the recipe asks for."""

from veristone.loop.report.facts import StepCost
from veristone.loop.report.gathering.parts import Parts
from veristone.loop.report.reading.run import BASE, MAIN, StepMark

__all__ = ["costs_of", "missing_of"]


def costs_of(parts: Parts) -> list[StepCost]:
    """Return the steps in their order, with time and tokens as far as they were written down."""
    return [_cost(parts, step) for step in parts.run.steps.values()]


def _cost(parts: Parts, step: StepMark) -> StepCost:
    counts = parts.counts(step) if step.kind == "synthesis" else None
    training = parts.training(step) if step.kind == "training" else None
    device_s = sum(one.device_s for one in training.facts.attempts) if training is not None else 0.0
    return StepCost(
        name=step.name,
        kind=step.kind,
        state="done" if step.done else "failed" if step.exit else "stopped",
        wall_s=max(0.0, step.wall_s),
        starts=step.starts,
        device_s=device_s,
        prompt_tokens=counts.prompt_tokens if counts is not None else 0,
        completion_tokens=counts.completion_tokens if counts is not None else 0,
        trained_tokens=training.facts.seen_tokens if training is not None else 0,
    )


def missing_of(parts: Parts) -> list[str]:
    """Say what the recipe asks for and is not there; nothing for a whole run."""
    run = parts.run
    found: list[str] = []
    if not run.recipe:
        found.append("align.json: the frozen recipe")
    if not run.steps:
        return [*found, "every step: nothing has run yet"]
    for step in run.steps.values():
        if step.done:
            continue
        how = f"failed with status {step.exit}" if step.exit else "was not finished"
        found.append(f"{step.name}: {how}")
    for number in range(1, run.rounds + 1):
        for variant in (MAIN, *run.variants):
            found += _missing(parts, variant, number)
    base = [label for label in run.labels if not _evaluated(parts, label, BASE, 0)]
    found += [f"{label} of the base model: not evaluated" for label in base]
    return list(dict.fromkeys(found))


def _missing(parts: Parts, variant: str, number: int) -> list[str]:
    """What is not there of one variant's round: its first step, or its evaluations."""
    run = parts.run
    name = variant if variant != MAIN else "main"
    chain = run.chain(variant, number)
    if not run.has_begun(variant):
        return [f"variant {name}: has not begun"]
    if variant != MAIN and chain == run.chain(MAIN, number):
        # What it changes has no effect in this round.
        return []
    for kind in ("synthesis", "selection", "dataset", "training"):
        if getattr(chain, kind) is None:
            return [f"{kind} of {name}, round {number}: has not begun"]
    return [
        f"{label} of {name}, round {number}: not evaluated"
        for label in run.labels
        if not _evaluated(parts, label, variant, number)
    ]


def _evaluated(parts: Parts, label: str, variant: str, number: int) -> bool:
    return any(
        parts.result(step) is not None
        for step in parts.run.steps.values()
        if (step.kind, step.label, step.variant, step.round)
        == ("evaluation", label, variant, number)
    )
