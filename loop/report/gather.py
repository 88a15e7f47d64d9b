"""All facts of a run, from its folder."""

import re
import shlex
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, cast

from veristone import VeristoneError
from veristone.generators.seeds.contamination.benchmarks import Item, load_items
from veristone.loop.report.facts import (
    Compared,
    Difference,
    Facts,
    Pair,
    Result,
    RoundRow,
    Similarity,
    StepCost,
    Training,
    VariantRow,
)
from veristone.loop.report.measures import nearest, paired
from veristone.loop.report.parts import (
    Counts,
    Journal,
    Manifest,
    Results,
    SeedFunnel,
    SelectionFunnel,
    funnel_stages,
    read_parts,
)
from veristone.loop.report.run import BASE, KINDS, MAIN, Run, Step, as_table, read_run
from veristone.loop.report.texts import drawn_rows, read_rows, read_verdicts

__all__ = ["gather"]

_ROWS = _ITEMS = 20_000
"""Rows and tasks that are compared: some ten seconds' work with the usual benchmarks."""
_MOST_TEXT = 8_000
"""Characters of a row and of a task that are compared: that bounds memory."""
_PAIRS = 5


def gather(folder: Path) -> Facts:
    """Read a run's folder, whatever state it is in.

    Responses and rows are read once each, in bounded memory: some fifty thousand responses a
    second.
    """
    run = read_run(folder)
    read_parts(run)
    names, rounds = [MAIN, *run.variants], range(1, run.rounds + 1)
    told = _told_round(run)
    stages = funnel_stages(run, MAIN, told)
    idle = [one for one in stages if one.part == "selection" and one.given == one.kept]
    name = run.recipe.get("name")
    facts = Facts(
        name=name if name and isinstance(name, str) else folder.resolve().name,
        rounds=run.rounds,
        missing=list(dict.fromkeys(_missing(run))),
        funnel=[one for one in stages if one not in idle],
        funnel_round=told,
        idle=[one.name for one in idle],
        training=list(_trainings(run)),
        results=list(_results(run)),
        control=names[1] if run.variants else "",
        variants=[_variant(run, each) for each in names] if run.variants else [],
        by_round=[_round(run, each, number) for number in rounds for each in names],
        costs=[_cost(run, step) for step in run.steps.values()],
        recipe=_without_paths(run.recipe),
        versions=_versions(run),
        commands=[
            shlex.join(_without_paths(step.command)) for step in run.steps.values() if step.command
        ],
    )
    facts.differences = list(_differences(run, facts.results))
    _read_texts(run, facts, run.chain(MAIN, told))
    # Last: reading may have found trouble.
    facts.trouble = run.trouble.notes
    return facts


def _told_round(run: Run) -> int:
    """Return the latest round of the main variant that has something to tell."""
    for number in range(run.rounds, 1, -1):
        chain = run.chain(MAIN, number)
        if any(kind in chain and chain[kind].done for kind in ("synthesis", "selection")):
            return number
    return 1


def _read_texts(run: Run, facts: Facts, chain: Mapping[str, Step]) -> None:
    """Read the long files: responses, refusals, selected rows."""
    if "synthesis" in chain:
        name = chain["synthesis"].name
        facts.verdicts = read_verdicts(run.folder / name, name, run.trouble)
    if "selection" in chain:
        folder = run.folder / chain["selection"].name
        rows = read_rows(folder, run.trouble)
        if rows is not None:
            facts.topics, facts.lengths, facts.strength = rows.topics, rows.lengths, rows.strength
            facts.similarity = _similarity(run, folder, rows.rows)


# --- What is missing


def _missing(run: Run) -> Iterator[str]:
    """Say what the recipe asks for and is not there; nothing for a whole run."""
    if not run.recipe:
        yield "align.json: the frozen recipe"
    if not run.steps:
        yield "every step: nothing has run yet"
        return
    for step in run.steps.values():
        if not step.done:
            how = f"failed with status {step.exit}" if step.exit else "was not finished"
            yield f"{step.name}: {how}"
    for number in range(1, run.rounds + 1):
        for variant in (MAIN, *run.variants):
            yield from _missing_of(run, variant, number)
    yield from (f"{label} of the base model: not evaluated" for label in _unevaluated(run, BASE, 0))


def _missing_of(run: Run, variant: str, number: int) -> Iterator[str]:
    """Say what is not there of one variant's round: its first step, or its evaluations."""
    chain = run.chain(variant, number)
    if not run.has_begun(variant):
        yield f"variant {variant}: has not begun"
    elif variant == MAIN or chain != run.chain(MAIN, number):
        # What a variant changes may have no effect in a round.
        kind = next((kind for kind in KINDS[1:-1] if kind not in chain), None)
        if kind is not None:
            yield f"{kind} of {variant}, round {number}: has not begun"
            return
        for label in _unevaluated(run, variant, number):
            yield f"{label} of {variant}, round {number}: not evaluated"


def _unevaluated(run: Run, variant: str, number: int) -> list[str]:
    done = {
        step.label
        for step in run.of_kind("evaluation")
        if (step.variant, step.round) == (variant, number) and run.part(step, Results)
    }
    return [label for label in run.benchmarks if label not in done]


# --- Models


def _results(run: Run) -> Iterator[Result]:
    """Yield every result, in the order of labels, rounds, variants."""
    labels = list(run.benchmarks)
    steps = [step for step in run.of_kind("evaluation") if step.label in labels]
    for step in sorted(steps, key=lambda step: labels.index(step.label)):
        found = run.part(step, Results)
        if found is not None and found.figures is not None:
            yield Result(
                step=step.name,
                label=step.label,
                variant=step.variant,
                round=step.round,
                tasks=found.figures.tasks,
                samples=found.figures.samples,
                undecided=found.figures.undecided,
                scores=found.scores,
                notes=found.figures.notes,
                settings=_settings(run.benchmarks[step.label], step),
            )


def _settings(benchmark: Mapping[str, Any], step: Step) -> str:
    style = "base_style" if step.variant == BASE else "style"
    words = {"n": "n", "temperature": "T", "top_p": "top-p", style: "style"}
    return ", ".join(f"{word} {benchmark[key]}" for key, word in words.items() if key in benchmark)


def _differences(run: Run, results: list[Result]) -> Iterator[Difference]:
    """Yield the differences that answer the run's questions, as far as they can be had.

    the main model against the base      what the loop gave, round by round
    the main model against each variant  what the changed part is worth, in the same round
    the main model against its round before
    """
    found = {(one.label, one.variant, one.round): one for one in results}
    for label in dict.fromkeys(one.label for one in results):
        for one, other in _pairs(run):
            first, second = found.get((label, *one)), found.get((label, *other))
            if first is not None and second is not None:
                yield from _difference(run, first, second)


def _pairs(run: Run) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    for number in range(1, run.rounds + 1):
        main = (MAIN, number)
        yield main, (BASE, 0)
        if number > 1:
            yield main, (MAIN, number - 1)
        for variant in run.variants:
            yield main, (variant, number)
            yield (variant, number), (BASE, 0)


def _difference(run: Run, one: Result, other: Result) -> Iterator[Difference]:
    parts = [run.part(run.steps[each.step], Results) for each in (one, other)]
    plus = all(any(score.tests == "plus" for score in each.scores) for each in (one, other))
    shares = [part.shares(plus=plus) if part is not None else {} for part in parts]
    found = paired(*shares)
    if found is not None:
        yield Difference(
            label=one.label,
            round=one.round,
            variant=one.variant,
            other=other.variant,
            other_round=other.round,
            tests="plus" if plus else "base",
            **found._asdict(),
        )


def _trainings(run: Run) -> Iterator[Training]:
    for step in run.of_kind("training"):
        journal = run.part(step, Journal)
        if journal is not None:
            yield Training(
                step=step.name,
                variants=run.users(step),
                round=step.round,
                state=journal.state,
                samples=journal.number("train_samples"),
                tokens=journal.number("train_tokens"),
                learnt_tokens=journal.number("learnt_tokens"),
                steps=max((one.step for one in journal.steps), default=0),
                planned_steps=journal.planned_steps,
                seen_tokens=journal.seen_tokens,
                curves=journal.curves(),
                attempts=journal.attempts,
            )


def _round(run: Run, variant: str, number: int) -> RoundRow:
    chain = run.chain(variant, number)
    counts = run.part(chain.get("synthesis"), Counts)
    selection = run.part(chain.get("selection"), SelectionFunnel)
    verified = counts.verified if counts is not None else None
    return RoundRow(
        round=number,
        variant=variant,
        responses=verified.kept if verified is not None else None,
        passed=counts.passed if counts is not None else None,
        selected=selection.products.get("selected") if selection is not None else None,
        trained=_trained(run, chain),
    )


def _variant(run: Run, name: str) -> VariantRow:
    chain = run.chain(name, run.rounds)
    training = chain["training"].name if "training" in chain else ""
    return VariantRow(name, run.variants.get(name, ""), _trained(run, chain), training)


def _trained(run: Run, chain: Mapping[str, Step]) -> int | None:
    journal = run.part(chain.get("training"), Journal)
    dataset = run.part(chain.get("dataset"), Manifest)
    if journal is not None and journal.number("train_samples"):
        return journal.number("train_samples")
    return dataset.splits.get("train", 0) if dataset is not None else None


# --- Nearness to benchmarks


def _similarity(run: Run, selection: Path, whole: int) -> Similarity | None:
    """Return how near the selected rows are to the benchmarks: Magicoder's analysis.

    Each row (instruction and response) is compared with each task (texts and first solution), and
    what counts is the nearest task (arXiv 2312.02120, section 3). Words alone decide: a task in
    other words is far, and two tasks about the same things are near though neither is the other.
    What leaked is told by the search for contamination, not by this.
    """
    benchmarks: dict[str, list[Item]] = {}
    unread: list[str] = []
    for name, path in _benchmark_files(run).items():
        try:
            benchmarks[name] = load_items(path, name)[:_ITEMS]
        except (VeristoneError, OSError, ValueError, RecursionError) as error:
            unread.append(name)
            said = re.sub(r"^(?:: )+", "", str(error).replace(str(path), ""))
            run.trouble.note(path, f"benchmark {name}: {said}")
    benchmarks = {name: items for name, items in benchmarks.items() if items}
    rows = list(islice(drawn_rows(selection, _ROWS, whole, run.trouble), 2 * _ROWS))
    if not benchmarks or not rows:
        return None
    texts = [f"{row.instruction}\n\n{row.response}"[:_MOST_TEXT] for row in rows]
    tasks = {name: [_task_text(item) for item in items] for name, items in benchmarks.items()}
    compared: list[Compared] = []
    pairs: list[Pair] = []
    for (name, items), found in zip(
        benchmarks.items(), nearest(texts, list(tasks.values())), strict=True
    ):
        numbers: dict[int, int] = {}
        for hundredths in sorted(round(100 * one.cosine) for one in found):
            numbers[hundredths] = numbers.get(hundredths, 0) + 1
        compared.append(Compared(name, len(items), numbers))
        for n in sorted(range(len(rows)), key=lambda n: -found[n].cosine)[:_PAIRS]:
            index, cosine = found[n]
            item = items[index].label[:500]
            pairs.append(Pair(cosine, rows[n].id[:500], item, texts[n], tasks[name][index]))
    # Two benchmarks may share a task: a row is shown with one of them.
    best: dict[str, Pair] = {}
    for pair in sorted(pairs, key=lambda one: -one.cosine):
        best.setdefault(pair.row, pair)
    return Similarity(whole, len(rows), compared, list(best.values())[:_PAIRS], unread)


def _task_text(item: Item) -> str:
    # A task may have hundreds of solutions, most of them alike.
    return "\n\n".join((*item.texts, *item.solutions[:1]))[:_MOST_TEXT]


def _benchmark_files(run: Run) -> dict[str, Path]:
    """Return the benchmarks that nothing may be near to, then what else is evaluated."""
    found: dict[str, Path] = {}
    for name, path in as_table(run.recipe.get("benchmarks")).items():
        if isinstance(path, str) and path:
            found[name] = run.folder / path
    for name, settings in run.benchmarks.items():
        path = settings.get("dataset")
        if isinstance(path, str) and path and run.folder / path not in found.values():
            found.setdefault(name, run.folder / path)
    return found


# --- Made from and with


def _cost(run: Run, step: Step) -> StepCost:
    counts, journal = run.part(step, Counts), run.part(step, Journal)
    stages = counts.stages if counts is not None else []
    return StepCost(
        name=step.name,
        kind=step.kind,
        state="done" if step.done else "failed" if step.exit else "stopped",
        wall_s=max(0.0, step.wall_s),
        starts=step.starts,
        device_s=sum(one.device_s for one in journal.attempts) if journal is not None else 0.0,
        prompt_tokens=sum(one.prompt_tokens for one in stages),
        completion_tokens=sum(one.completion_tokens for one in stages),
        trained_tokens=journal.seen_tokens if journal is not None else 0,
    )


def _versions(run: Run) -> dict[str, list[str]]:
    """Return what took part, to its versions as the steps wrote them down."""
    found: dict[str, set[str]] = {}
    for part in run.parts.values():
        versions: list[tuple[str, str]] = []
        if isinstance(part, SeedFunnel | Journal):
            versions = list(part.versions.items())
        elif isinstance(part, SelectionFunnel):
            versions = [("veristone", each) for each in part.verifiers if each != "unknown"]
        elif isinstance(part, Manifest):
            versions = [("veristone", part.veristone)]
        elif isinstance(part, Results) and part.figures is not None:
            versions = [("veristone", part.figures.version)]
        for name, version in versions:
            if version:
                found.setdefault(name, set()).add(version)
    return {name: sorted(versions) for name, versions in sorted(found.items())}


def _without_paths(value: Any) -> Any:
    """Return settings with every absolute path cut down to its last part.

    A report is for other people, who have other folders. Also behind a scheme or a name:
    `vllm:/models/a`, `HumanEval=/data/b`.
    """
    if isinstance(value, Mapping):
        table = cast("Mapping[str, Any]", value)
        return {key: _without_paths(each) for key, each in table.items()}
    if isinstance(value, list | tuple):
        return [_without_paths(each) for each in cast("list[Any]", value)]
    if not isinstance(value, str) or "\n" in value:
        return value
    return re.sub(r"^([^:=]*[:=]|)/.*?([^/]*)/*$", r"\1\2", value)
