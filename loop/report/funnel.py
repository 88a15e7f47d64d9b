"""The funnel that all steps of a run make together: from source files to training rows."""

from collections.abc import Iterator

from veristone.generators.pages.numbers import ranked
from veristone.generators.seeds.funnel import Funnel as SeedFunnel
from veristone.generators.seeds.report.facts import stages as seed_stages
from veristone.generators.selection.funnel import Funnel as SelectionFunnel
from veristone.loop.report.facts import Stage
from veristone.loop.report.parts import VERIFY, Counts, Manifest
from veristone.loop.report.run import Run
from veristone.training.finetune.journal import Journal

__all__ = ["funnel"]


def funnel(run: Run, variant: str, number: int) -> Iterator[Stage]:
    """Yield how source files became the rows that a variant's model learnt from in a round."""
    steps = run.steps(variant, number)
    seeds = run.part(steps.get("seeds"), SeedFunnel)
    if seeds is not None:
        for one in seed_stages(seeds):
            yield Stage("seeds", one.name, one.noun, one.given, one.kept, dict(one.reasons))
    counts = run.part(steps.get("synthesis"), Counts)
    if counts is not None:
        yield from _synthesis(counts)
    selection = run.part(steps.get("selection"), SelectionFunnel)
    if selection is not None:
        yield from _selection(selection, counts)
    dataset = run.part(steps.get("dataset"), Manifest)
    if dataset is not None:
        splits = dataset.rows.get("default", {})
        others = {name: rows for name, rows in splits.items() if name != "train"}
        rows = sum(splits.values())
        yield Stage("dataset", "dataset", "row", rows, splits.get("train", 0), dict(ranked(others)))
    journal = run.part(steps.get("training"), Journal)
    if journal is not None and journal.data.get("read"):
        data = journal.data
        refused = {**data["refused"], "kept_for_evaluation": data["evaluation_samples"]}
        kept = data["train_samples"]
        yield Stage("training", "training", "row", data["read"], kept, dict(ranked(refused)))


def _synthesis(found: Counts) -> Iterator[Stage]:
    """Yield the stages. Records without a verdict pass verification as it lets them pass."""
    for one in found.stages:
        failed = one.failed
        refused = {name: number + failed.get(name, 0) for name, number in one.refused.items()}
        reasons = dict(ranked({**failed, **refused, "no_result": one.dead}))
        unit = "response" if one.stage == VERIFY else "record"
        kept = one.kept - sum(failed.values())
        yield Stage("synthesis", one.stage, unit, one.given, kept, reasons)


def _selection(found: SelectionFunnel, counts: Counts | None) -> Iterator[Stage]:
    """Yield the steps that rejected something and are not told by verification already."""
    steps, verified = found.steps, counts.verified if counts is not None else None
    if verified is not None and len(steps) > 1 and steps[1].step == "passed":
        steps = steps[2:] if steps[1].kept == verified.passed else steps
    for one in steps:
        if one.kept < one.given:
            reasons = dict(ranked(one.reasons))
            yield Stage("selection", one.step, "response", one.given, one.kept, reasons)
