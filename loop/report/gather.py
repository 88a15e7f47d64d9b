"""All facts of a run, from its folder."""

from collections.abc import Iterator
from pathlib import Path

from veristone.generators.seeds.funnel import Funnel as SeedFunnel
from veristone.generators.selection.funnel import Funnel as SelectionFunnel
from veristone.loop.plan import BASE, MAIN
from veristone.loop.recipe import Benchmark
from veristone.loop.report.data import describe
from veristone.loop.report.facts import (
    Difference,
    Facts,
    Point,
    Result,
    RoundRow,
    StepCost,
    Training,
)
from veristone.loop.report.funnel import funnel
from veristone.loop.report.measures import paired, thinned
from veristone.loop.report.parts import Counts, Manifest, Results
from veristone.loop.report.run import Run, Trouble, read_run
from veristone.loop.report.texts import read_verdicts
from veristone.loop.run import Mark
from veristone.settings import without_paths
from veristone.training.finetune.journal import Journal

__all__ = ["gather"]


def gather(folder: Path) -> Facts:
    """Read a run's folder, whatever state it is in.

    Responses are read once, in bounded memory: more than a hundred thousand a second.
    """
    trouble = Trouble(folder)
    run = read_run(folder, trouble)
    if run is None:
        missing = [] if trouble.notes else ["align.json: nothing has run yet"]
        return Facts(name=folder.resolve().name, missing=missing, trouble=trouble.notes)
    recipe, names = run.recipe, [MAIN, *(each.name for each in run.recipe.variants)]
    told = _told_round(run)
    results = list(_results(run))
    facts = Facts(
        name=recipe.name,
        rounds=recipe.rounds,
        missing=list(_missing(run)),
        funnel=list(funnel(run, MAIN, told)),
        funnel_round=told,
        training=list(_trainings(run, names)),
        results=results,
        differences=list(_differences(run, results)),
        variants={each.name: each.description for each in recipe.variants},
        by_round=[_round(run, name, n) for n in _numbers(run) for name in names],
        costs=[_cost(run, step) for step in run.marks.values()],
        recipe=without_paths(recipe.model_dump(mode="json", by_alias=True)),
        versions=_versions(run),
    )
    steps = run.steps(MAIN, told)
    if "synthesis" in steps:
        facts.verdicts = read_verdicts(folder / steps["synthesis"].name, trouble)
    facts.data = describe(run, told)
    # Last: reading may have found trouble.
    facts.trouble = list(dict.fromkeys(trouble.notes))
    return facts


def _numbers(run: Run) -> range:
    return range(1, run.recipe.rounds + 1)


def _told_round(run: Run) -> int:
    """Return the latest round of the main variant that has something to tell."""
    found = ((number, run.steps(MAIN, number)) for number in reversed(_numbers(run)))
    return next((n for n, steps in found if "synthesis" in steps and steps["synthesis"].done), 1)


def _missing(run: Run) -> Iterator[str]:
    """Say what the recipe asks for and is not there; nothing for a whole run."""
    for name in run.plan.steps:
        step = run.marks.get(name)
        if step is None:
            yield f"{name}: has not begun"
        elif not step.done:
            how = f"failed with status {step.exit}" if step.exit else "was not finished"
            yield f"{name}: {how}"


# --- Models


def _results(run: Run) -> Iterator[Result]:
    """Yield every result, in the order of benchmarks, rounds, variants."""
    for benchmark in run.recipe.evaluation:
        steps = [one for one in run.of_kind("evaluation") if one.label == benchmark.label]
        for step in sorted(steps, key=lambda one: one.round):
            found = run.part(step, Results)
            if found is not None:
                yield Result(
                    label=step.label,
                    variant=step.variant,
                    round=step.round,
                    settings=_settings(benchmark, step),
                    figures=found.figures,
                )


def _settings(benchmark: Benchmark, step: Mark) -> str:
    style = benchmark.base_style if step.variant == BASE else benchmark.style
    return f"n {benchmark.n}, T {benchmark.temperature}, top-p {benchmark.top_p}, style {style}"


def _differences(run: Run, results: list[Result]) -> Iterator[Difference]:
    """Yield the differences that answer the run's questions, as far as they can be had.

    the tuned model against the base      what the loop gave, round by round
    the tuned model against each variant  what the changed part is worth, in the same round
    the tuned model against its round before
    """
    found = {(one.label, one.variant, one.round): one for one in results}
    variants = [each.name for each in run.recipe.variants]
    for one in results:
        if one.variant == MAIN:
            others = [(BASE, 0), (MAIN, one.round - 1), *((name, one.round) for name in variants)]
            for variant, number in others:
                other = found.get((one.label, variant, number))
                if other is not None:
                    yield from _difference(run, one, other)


def _difference(run: Run, one: Result, other: Result) -> Iterator[Difference]:
    plus = bool(one.figures.plus and other.figures.plus)
    found = paired(_shares(run, one, plus=plus), _shares(run, other, plus=plus))
    if found is not None:
        yield Difference(
            label=one.label,
            round=one.round,
            other=other.variant,
            other_round=other.round,
            **found._asdict(),
        )


def _shares(run: Run, result: Result, *, plus: bool) -> dict[str, float]:
    steps = run.plan.of(result.variant, result.round)
    step = next(one for one in steps if one.label == result.label)
    found = run.part(step, Results)
    return found.shares(plus=plus) if found is not None else {}


def _trainings(run: Run, names: list[str]) -> Iterator[Training]:
    for step in run.of_kind("training"):
        journal = run.part(step, Journal)
        if journal is not None:
            users = [n for n in names if run.steps(n, step.round).get("training") == step]
            yield Training(
                variants=users,
                round=step.round,
                state=journal.state,
                samples=journal.data.get("train_samples", 0),
                steps=max((one.step for one in journal.steps), default=0),
                planned_steps=journal.plan.get("steps", 0),
                tokens=_seen_tokens(journal),
                curves=_curves(journal),
                attempts=journal.attempts,
            )


def _seen_tokens(journal: Journal) -> int:
    return max((one.tokens for one in journal.steps), default=0)


def _curves(journal: Journal) -> dict[str, list[Point]]:
    values = {
        "loss": [(one.step, one.loss) for one in journal.steps],
        "evaluation_loss": [(one.step, one.loss) for one in journal.evaluations],
        "learning_rate": [(one.step, one.learning_rate) for one in journal.steps],
        "grad_norm": [(one.step, one.grad_norm) for one in journal.steps],
    }
    curves = {what: thinned(some) for what, some in values.items()}
    return {what: points for what, points in curves.items() if points}


def _round(run: Run, variant: str, number: int) -> RoundRow:
    steps = run.steps(variant, number)
    counts = run.part(steps.get("synthesis"), Counts)
    verified = counts.verified if counts is not None else None
    selection = run.part(steps.get("selection"), SelectionFunnel)
    dataset = run.part(steps.get("dataset"), Manifest)
    journal = run.part(steps.get("training"), Journal)
    trained = dataset.rows.get("default", {}).get("train") if dataset is not None else None
    return RoundRow(
        round=number,
        variant=variant,
        responses=verified.kept if verified is not None else None,
        passed=verified.passed if verified is not None else None,
        selected=selection.products.get("selected") if selection is not None else None,
        trained=journal.data.get("train_samples") if journal is not None else trained,
    )


# --- Made from and with


def _cost(run: Run, step: Mark) -> StepCost:
    counts = run.part(step, Counts) if step.kind == "synthesis" else None
    journal = run.part(step, Journal) if step.kind == "training" else None
    stages = counts.stages if counts is not None else []
    return StepCost(
        name=step.name,
        kind=step.kind,
        state="done" if step.done else "failed" if step.exit else "stopped",
        wall_s=step.wall_s,
        starts=step.starts,
        device_s=sum(one.device_s for one in journal.attempts) if journal is not None else 0.0,
        prompt_tokens=sum(one.prompt_tokens for one in stages),
        completion_tokens=sum(one.completion_tokens for one in stages),
        trained_tokens=_seen_tokens(journal) if journal is not None else 0,
    )


def _versions(run: Run) -> dict[str, str]:
    """Return what took part, as mining and the trainings wrote it down."""
    found: dict[str, set[str]] = {}
    mined = [run.part(step, SeedFunnel) for step in run.of_kind("seeds")]
    trained = [run.part(step, Journal) for step in run.of_kind("training")]
    for part in (*mined, *trained):
        for name, version in part.versions.items() if part is not None else ():
            found.setdefault(name, set()).add(version)
    return {name: ", ".join(sorted(versions)) for name, versions in sorted(found.items())}
