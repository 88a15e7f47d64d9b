"""Reads responses, refusals and selected rows once, and keeps what the report tells of them.

Memory does not grow with a file: counts are by short names, lengths share their longest value, and
samples are those with the smallest digests of their ids, the same ones each time.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from math import ceil
from pathlib import Path
from typing import Any

from veristone import Decision
from veristone.generators.pages.numbers import ranked
from veristone.generators.pages.sections import Piece, Reading
from veristone.generators.selection.draws import draw
from veristone.generators.selection.groups import group_key
from veristone.generators.selection.rows import Selected
from veristone.generators.synthesis.records import Record, Refusal
from veristone.loop.report.facts import Rate, Rows, Verdicts
from veristone.loop.report.run import Trouble, read_lines
from veristone.text import line

__all__ = ["drawn_rows", "read_rows", "read_verdicts"]

_SAMPLES, _REFUSED_SAMPLES = 3, 2
"""Of every outcome."""
_MOST_TEXT = 8_000
"""Characters kept of a text: the page shows fewer lines than that."""
_LONGEST, _MOST_ASSERTS = 5_000, 100
"""Words or lines, and asserts, that are told apart."""
_NAME = 200


class _Samples:
    """A few items of every outcome."""

    def __init__(self, size: int, reading: Callable[[Any], Reading]) -> None:
        self._size = size
        self._reading = reading
        self._kept: dict[str, list[tuple[float, str, Any]]] = defaultdict(list)

    def offer(self, label: str, key: str, item: Record | Refusal) -> None:
        """Keep an item if it is among the sample of its outcome so far."""
        few = self._kept[label]
        few.append((draw(0, "report", key), key, item))
        few.sort(key=lambda one: one[:2])
        del few[self._size :]

    def readings(self, order: Iterator[str] | list[str]) -> dict[str, list[Reading]]:
        """Return what was kept, by outcome in an order."""
        return {
            label: [self._reading(item) for _, _, item in self._kept[label]]
            for label in order
            if label in self._kept
        }


def read_verdicts(folder: Path, trouble: Trouble) -> Verdicts:
    """Read the exports of a synthesis; those that are not there count nothing."""
    responses = undecided = 0
    rates: dict[str, dict[str, list[int]]] = {}
    reasons: Counter[str] = Counter()
    samples = _Samples(_SAMPLES, _read_record)
    instructions = instructions_passed = 0
    group, group_passed = None, False
    for record in read_lines(folder / "responses.jsonl", Record, trouble):
        responses += 1
        # Responses of an instruction stand together: the file is sorted by id.
        if group_key(record.id) != group:
            group, group_passed = group_key(record.id), False
            instructions += 1
        verdict = record.verdict
        if verdict is None or verdict.decision is Decision.UNDECIDED:
            undecided += 1
            continue
        passed = verdict.decision is Decision.PASS
        instructions_passed += passed and not group_passed
        group_passed = group_passed or passed
        for what in ("category", "difficulty", "language"):
            name = getattr(record, what)[:_NAME] or "not said"
            rate = rates.setdefault(what, {}).setdefault(name, [0, 0])
            rate[0] += passed
            rate[1] += 1
        label = "passed" if passed else str(verdict.reason)
        reasons[label] += 1
        samples.offer(label, record.id, record)
    del reasons["passed"]
    refusals: Counter[str] = Counter()
    refused = _Samples(_REFUSED_SAMPLES, _read_refusal)
    for refusal in read_lines(folder / "refused.jsonl", Refusal, trouble):
        label = f"{refusal.stage}: {refusal.reason}"[:_NAME]
        refusals[label] += 1
        refused.offer(label, refusal.record.id, refusal)
    return Verdicts(
        responses=responses,
        instructions=instructions,
        instructions_passed=instructions_passed,
        undecided=undecided,
        rates={what: _ordered(some) for what, some in rates.items()},
        reasons=dict(ranked(reasons)),
        samples=samples.readings(["passed", *dict(ranked(reasons))]),
        refusals=dict(ranked(refusals)),
        refused_samples=refused.readings(list(dict(ranked(refusals)))),
    )


def _ordered(rates: dict[str, list[int]]) -> dict[str, Rate]:
    """Return rates, those of most responses first; difficulties from easy to hard."""
    found = {name: Rate(*numbers) for name, numbers in rates.items()}
    order = {"easy": 1, "medium": 2, "hard": 3}
    ranks = {name: (order.get(name, 0), -rate.decided, name) for name, rate in found.items()}
    return {name: found[name] for name in sorted(found, key=ranks.__getitem__)}


def _read_record(record: Record) -> Reading:
    """Return a judged response as something to read."""
    said = record.verdict.message if record.verdict is not None else ""
    return _reading(record, said)


def _read_refusal(refusal: Refusal) -> Reading:
    """Return what a refused answer was asked about, and the model's own text."""
    record, text = refusal.record, refusal.text
    return _reading(record, refusal.detail, Piece("the model's text", text[:_MOST_TEXT]))


def _reading(record: Record, said: str, *more: Piece) -> Reading:
    seed = record.seed.code if record.seed is not None else ""
    pieces = [
        Piece("seed", seed, record.language if seed else ""),
        Piece("concepts", ", ".join(record.concepts)),
        Piece("instruction", record.instruction),
        Piece("response", record.response),
        Piece("tests", record.tests, record.language),
    ]
    some = [Piece(one.name, one.text[:_MOST_TEXT], one.language) for one in pieces]
    shown = [one for one in (*some, *more) if one.text.strip()]
    return Reading(record.id[:500], line(said or record.instruction, 500 if said else 90), shown)


def read_rows(folder: Path, trouble: Trouble) -> Rows | None:
    """Read the rows of a selection; None where there are none."""
    rows = 0
    lengths: dict[str, Counter[int]] = {
        what: Counter() for what in ("instruction", "response", "tests")
    }
    asserts: Counter[int] = Counter()
    mutants: Counter[int] = Counter()
    for row in read_lines(folder / "selected.jsonl", Selected, trouble):
        rows += 1
        lengths["instruction"][min(len(row.instruction.split()), _LONGEST)] += 1
        lengths["response"][min(len(row.response.splitlines()), _LONGEST)] += 1
        lengths["tests"][min(len(row.record.tests.splitlines()), _LONGEST)] += 1
        asserts[min(row.asserts, _MOST_ASSERTS)] += 1
        if row.strength is not None:
            mutants[round(100 * row.strength)] += 1
    if not rows:
        return None
    return Rows(
        rows=rows,
        lengths={what: dict(sorted(numbers.items())) for what, numbers in lengths.items()},
        asserts=dict(sorted(asserts.items())),
        mutants=dict(sorted(mutants.items())),
    )


def drawn_rows(folder: Path, most: int, whole: int, trouble: Trouble) -> Iterator[Selected]:
    """Yield at most `most` of the `whole` rows, evenly over the file."""
    rows = read_lines(folder / "selected.jsonl", Selected, trouble)
    every = ceil(whole / most)
    return (row for number, row in enumerate(rows) if number % every == 0)
