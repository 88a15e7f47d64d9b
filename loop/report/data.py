"""What a run's data look like beside other data sets: categories, lengths, nearness to benchmarks.

Magicoder's analyses (arXiv 2312.02120, section 3). The run's own sets are the rows that every round
of the main variant selected, those of variants that selected others, and the seeds; the recipe's
`[report] compare` names more.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from veristone import VeristoneError
from veristone.files import read_table
from veristone.generators.seeds.contamination.benchmarks import Item, load_items
from veristone.generators.selection.rows import Selected
from veristone.loop.plan import MAIN
from veristone.loop.report.categories import by_embedding, by_words
from veristone.loop.report.facts import Data, DataSet, Pair
from veristone.loop.report.measures import Nearest, nearest
from veristone.loop.report.run import Run, read_lines

__all__ = ["describe"]

T = TypeVar("T")

_ROWS = _ITEMS = 20_000
"""Rows of a set and tasks that are compared: some ten seconds' work with the usual benchmarks."""
_EMBEDDED = 2_000
"""Rows of a set that a model of embeddings is asked about."""
_MOST_TEXT = 8_000
"""Characters of a row and of a task that are compared: that bounds memory."""
_PAIRS = 5
_MOST_SETS = 8
_WORD = re.compile(r"\w+|[^\w\s]")
_PARTS: Mapping[str, Sequence[str]] = {
    "instruction": ("instruction", "problem", "prompt", "question", "query"),
    "response": ("response", "solution", "output", "completion", "answer"),
    "seed": ("code", "seed", "snippet", "content"),
}
"""What a row consists of, and what data sets call it. A seed has no other part."""


class _Entry(NamedTuple):
    """A row as it is looked at."""

    id: str
    text: str
    """All of it, cut."""
    about: str
    """What says which category it is of: the instruction, or the seed."""
    lengths: dict[str, int]
    """Of its parts, in words and signs."""


def describe(run: Run, told: int) -> Data | None:
    """Return what the data of a run look like, the main variant's round `told` first.

    Each row (instruction and response) is compared with each task (texts and first solution), and
    what counts is the nearest task. Words alone decide: a task in other words is far, and two tasks
    about the same things are near though neither is the other. What leaked is told by the search
    for contamination, not by this. None where nothing was selected yet.
    """
    found = {name: evenly(entries, _ROWS) for name, entries in _sets(run, told).items()}
    sets = {name: entries for name, entries in found.items() if entries}
    if not sets:
        return None
    items = _benchmarks(run)
    tasks = {name: [_task_text(item) for item in some] for name, some in items.items()}
    texts = [entry.text for entries in sets.values() for entry in entries]
    # Over all sets at once: their words weigh the same then.
    cosines = dict(zip(items, nearest(texts, list(tasks.values())), strict=True)) if items else {}
    sorted_by, categories = _categories(run, sets)
    described: list[DataSet] = []
    start = 0
    for name, entries in sets.items():
        place = slice(start, start + len(entries))
        numbers = {each: _hundredths(some[place]) for each, some in cosines.items()}
        described.append(_described(name, entries, categories[name], numbers))
        start = place.stop
    first = next(iter(sets.values()))
    pairs = _pairs(first, {name: some[: len(first)] for name, some in cosines.items()}, items)
    sizes = {name: len(some) for name, some in items.items()}
    return Data(sorted_by=sorted_by, tasks=sizes, sets=described, pairs=pairs)


def _described(
    name: str, entries: Sequence[_Entry], categories: list[str], numbers: dict[str, dict[int, int]]
) -> DataSet:
    parts = dict.fromkeys(part for entry in entries for part in entry.lengths)
    return DataSet(
        name=name,
        rows=len(entries),
        lengths={
            part: dict(
                sorted(Counter(e.lengths[part] for e in entries if part in e.lengths).items())
            )
            for part in parts
        },
        categories=dict(Counter(categories).most_common()),
        numbers=numbers,
    )


def _hundredths(found: Sequence[Nearest]) -> dict[int, int]:
    return dict(sorted(Counter(round(100 * one.cosine) for one in found).items()))


def evenly(items: Iterable[T], most: int) -> list[T]:
    """Return at most `most` items, evenly over all of them, holding no more at any moment."""
    kept: list[T] = []
    every = 1
    for number, item in enumerate(items):
        if number % every == 0:
            kept.append(item)
            if len(kept) > most:
                kept, every = kept[::2], 2 * every
    return kept


# --- Sets


def _sets(run: Run, told: int) -> dict[str, Iterator[_Entry]]:
    """Return the data sets by what they are called, the run's own first."""
    found: dict[str, Iterator[_Entry]] = {}
    seen: set[str] = set()
    rounds = [(MAIN, number) for number in range(told, 0, -1)]
    for variant, number in (*rounds, *((each.name, told) for each in run.recipe.variants)):
        step = run.steps(variant, number).get("selection")
        if step is None or step.name in seen:
            continue
        seen.add(step.name)
        own = variant if variant != MAIN else Path(run.recipe.at(number).synthesis.recipe).name
        name = f"{own}, round {number}" if run.recipe.rounds > 1 else own
        found[name] = _selected(run, run.folder / step.name)
    seeds = run.steps(MAIN, told).get("seeds")
    path = run.folder / seeds.name / "seeds.jsonl" if seeds is not None else None
    if path is None and run.recipe.seeds is not None and run.recipe.seeds.file:
        path = Path(run.recipe.seeds.file)
    if path is not None and path.exists():
        found["seeds"] = _read(run, path, ("seed",))
    for name, place in run.recipe.report.compare.items():
        found[name] = _read(run, Path(place), ("instruction", "response"))
    return dict(list(found.items())[:_MOST_SETS])


def _selected(run: Run, folder: Path) -> Iterator[_Entry]:
    for row in read_lines(folder / "selected.jsonl", Selected, run.trouble):
        yield _entry(row.id, {"instruction": row.instruction, "response": row.response})


def _read(run: Run, path: Path, parts: Sequence[str]) -> Iterator[_Entry]:
    """Yield the rows of a file of anybody's; one that cannot be read is trouble."""
    try:
        for number, row in enumerate(read_table(path)):
            texts = _texts(row.fields, parts)
            if texts:
                yield _entry(str(row.fields.get("id", number)), texts)
    except (VeristoneError, OSError, ValueError, RecursionError) as error:
        run.trouble.note(path, f"is not compared: {error}")


def _texts(fields: Mapping[str, Any], parts: Sequence[str]) -> dict[str, str]:
    """Return the texts of a row by part, whatever its fields are called."""
    messages: Any = fields.get("messages")
    if isinstance(messages, list):
        said = [one for one in cast("list[Any]", messages) if isinstance(one, dict)]
        by_role = {
            one.get("role"): one.get("content") for one in cast("list[dict[str, Any]]", said)
        }
        fields = {"instruction": by_role.get("user"), "response": by_role.get("assistant")}
    found = {
        part: next((fields[name] for name in _PARTS[part] if isinstance(fields.get(name), str)), "")
        for part in parts
    }
    return {part: text for part, text in found.items() if text}


def _entry(name: str, texts: Mapping[str, str]) -> _Entry:
    return _Entry(
        id=name[:500],
        text="\n\n".join(texts.values())[:_MOST_TEXT],
        about=next(iter(texts.values()), "")[:_MOST_TEXT],
        lengths={part: sum(1 for _ in _WORD.finditer(text)) for part, text in texts.items()},
    )


# --- Categories


def _categories(run: Run, sets: Mapping[str, Sequence[_Entry]]) -> tuple[str, dict[str, list[str]]]:
    """Return how rows were sorted (the model's name, or `keywords`), and each set's categories."""
    model = run.recipe.report.embeddings
    if model:
        some = {name: evenly(entries, _EMBEDDED) for name, entries in sets.items()}
        try:
            found = {
                name: by_embedding([entry.about for entry in entries], model)
                for name, entries in some.items()
            }
        except VeristoneError as error:
            run.trouble.note(Path("embeddings"), f"{error}; categories are by keywords")
        else:
            return model, found
    by_name = {name: [by_words(entry.about) for entry in some] for name, some in sets.items()}
    return "keywords", by_name


# --- Nearness to benchmarks


def _pairs(
    entries: Sequence[_Entry],
    found: Mapping[str, Sequence[Nearest]],
    items: Mapping[str, Sequence[Item]],
) -> list[Pair]:
    """Return the rows that are nearest to a task, each once: two benchmarks may share one."""
    pairs = [
        (one.cosine, entry, items[name][one.place])
        for name, some in found.items()
        for entry, one in zip(entries, some, strict=True)
    ]
    best: dict[str, Pair] = {}
    for cosine, entry, item in sorted(pairs, key=lambda one: -one[0]):
        if len(best) == _PAIRS:
            break
        label, text = item.label[:500], _task_text(item)
        best.setdefault(entry.id, Pair(cosine, entry.id, label, entry.text, text))
    return list(best.values())


def _task_text(item: Item) -> str:
    # A task may have hundreds of solutions, most of them alike.
    return "\n\n".join((*item.texts, *item.solutions[:1]))[:_MOST_TEXT]


def _benchmarks(run: Run) -> dict[str, list[Item]]:
    """Read the benchmarks that nothing may be near to, then what else is evaluated."""
    paths = {name: Path(path) for name, path in run.recipe.benchmarks.items()}
    for each in run.recipe.evaluation:
        if Path(each.path) not in paths.values():
            paths.setdefault(each.label, Path(each.path))
    found: dict[str, list[Item]] = {}
    for name, path in paths.items():
        try:
            found[name] = load_items(path, name)[:_ITEMS]
        except (VeristoneError, OSError, ValueError, RecursionError) as error:
            said = re.sub(r"^(?:: )+", "", str(error).replace(str(path), ""))
            run.trouble.note(path, f"benchmark {name} is not compared: {said}")
    return found
