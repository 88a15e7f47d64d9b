"""Reads responses and refusals once, and keeps what the report tells of them.

Memory does not grow with a file: counts are by short names, and samples are those with the smallest
digests of their ids, the same ones each time.
"""

from collections import Counter, defaultdict
from pathlib import Path

from veristone import Decision
from veristone.generators.code.draws import draw
from veristone.generators.pages.numbers import ranked
from veristone.generators.pages.sections import Piece, Reading
from veristone.generators.selection.groups import group_key
from veristone.generators.synthesis.records import Record, Refusal
from veristone.loop.report.facts import Rate, Verdicts
from veristone.loop.report.run import Trouble, read_lines
from veristone.text import line

__all__ = ["read_verdicts"]

_SAMPLES = 3
"""Of every outcome."""
_MOST_TEXT = 8_000
"""Characters kept of a text: the page shows fewer lines than that."""
_NAME = 200


class _Samples:
    """A few items of every outcome."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[float, str, Record | Refusal]]] = defaultdict(list)

    def offer(self, label: str, key: str, item: Record | Refusal) -> None:
        """Keep an item if it is among the sample of its outcome so far."""
        few = self._kept[label]
        few.append((draw(0, "report", key), key, item))
        few.sort(key=lambda one: one[:2])
        del few[_SAMPLES:]

    def readings(self, *labels: str) -> dict[str, list[Reading]]:
        """Return what was kept, by outcome in this order."""
        kept = {label: self._kept[label] for label in labels if label in self._kept}
        return {label: [_reading(item) for _, _, item in some] for label, some in kept.items()}


def read_verdicts(folder: Path, trouble: Trouble) -> Verdicts:
    """Read the exports of a synthesis; those that are not there count nothing."""
    responses = undecided = instructions = instructions_passed = 0
    rates: dict[str, dict[str, list[int]]] = {}
    reasons: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    samples = _Samples()
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
        if not passed:
            reasons[verdict.reason] += 1
        samples.offer("passed" if passed else verdict.reason, record.id, record)
    for refusal in read_lines(folder / "refused.jsonl", Refusal, trouble):
        label = f"{refusal.stage}: {refusal.reason}"[:_NAME]
        refusals[label] += 1
        samples.offer(label, refusal.record.id, refusal)
    by_reason, by_refusal = dict(ranked(reasons)), dict(ranked(refusals))
    return Verdicts(
        responses=responses,
        instructions=instructions,
        instructions_passed=instructions_passed,
        undecided=undecided,
        rates={what: _ordered(some) for what, some in rates.items()},
        reasons=by_reason,
        refusals=by_refusal,
        samples=samples.readings("passed", *by_reason, *by_refusal),
    )


def _ordered(rates: dict[str, list[int]]) -> dict[str, Rate]:
    """Return rates, those of most responses first; difficulties from easy to hard."""
    found = {name: Rate(*numbers) for name, numbers in rates.items()}
    order = {"easy": 1, "medium": 2, "hard": 3}
    ranks = {name: (order.get(name, 0), -rate.decided, name) for name, rate in found.items()}
    return {name: found[name] for name in sorted(found, key=ranks.__getitem__)}


def _reading(item: Record | Refusal) -> Reading:
    """Return a judged response to read, or what a refused answer was asked about and its text."""
    if isinstance(item, Refusal):
        record, said, text = item.record, item.detail, item.text
    else:
        record, said, text = item, item.verdict.message if item.verdict else "", ""
    seed = record.seed.code if record.seed is not None else ""
    pieces = [
        Piece("seed", seed[:_MOST_TEXT], record.language if seed else ""),
        Piece("concepts", ", ".join(record.concepts)[:_MOST_TEXT]),
        Piece("instruction", record.instruction[:_MOST_TEXT]),
        Piece("response", record.response[:_MOST_TEXT]),
        Piece("tests", record.tests[:_MOST_TEXT], record.language),
        Piece("the model's text", text[:_MOST_TEXT]),
    ]
    shown = [one for one in pieces if one.text.strip()]
    return Reading(record.id[:500], line(said or record.instruction, 500 if said else 90), shown)
