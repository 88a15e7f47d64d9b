"""Reads every response and refusal of a synthesis once, and keeps what the report tells of them.

A file of millions of rows is read in memory that does not grow: counts have a bound, lengths share
their longest value, and samples are those with the smallest digests of their ids.
"""

import warnings
from collections import Counter
from pathlib import Path

from veristone import Decision
from veristone.generators.code.suites import effective_asserts
from veristone.generators.selection.groups import group_key
from veristone.generators.synthesis.records import Record, Refusal
from veristone.loop.report.facts import Lengths, Sample, Verdicts
from veristone.loop.report.measures.spread import Counts, Rates, Reservoir
from veristone.loop.report.reading.cut import sample_of, sample_of_refusal, words
from veristone.loop.report.reading.files import Trouble, read_lines

__all__ = ["Spans", "read_verdicts"]

_SAMPLES, _REFUSED_SAMPLES = 3, 2
"""Of every outcome."""
_MOST_OUTCOMES = 60
_ASSERTS_OF = 3_000
"""Responses whose tests are parsed: that takes as long as reading a hundred others."""
_MOST_TESTS = 20_000
_LONGEST = 5_000
_BINS = ((0, "no assert"), (1, "1 assert"), (2, "2"), (3, "3"), (5, "4–5"), (10, "6–10"))


class Spans:
    """Lengths of one kind of text."""

    def __init__(self, what: str, unit: str) -> None:
        self._what = what
        self._unit = unit
        self._numbers: Counter[int] = Counter()

    def add(self, length: int) -> None:
        """Count one; nothing has no length, and the longest share one."""
        if length > 0:
            self._numbers[min(length, _LONGEST)] += 1

    @property
    def facts(self) -> Lengths:
        """What was counted."""
        return Lengths(
            what=self._what, unit=self._unit, numbers=dict(sorted(self._numbers.items()))
        )


class _Outcomes:
    """A few samples of every outcome."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._by_label: dict[str, Reservoir[Sample]] = {}

    def of(self, label: str) -> Reservoir[Sample] | None:
        """Return the samples of an outcome; None for one too many."""
        if label not in self._by_label and len(self._by_label) >= _MOST_OUTCOMES:
            return None
        return self._by_label.setdefault(label, Reservoir(self._size))

    def samples(self, order: list[str]) -> list[Sample]:
        """Return all samples, by outcome in an order."""
        return [
            sample
            for label in order
            if label in self._by_label
            for sample in self._by_label[label].items()
        ]


class _Responses:
    """What is kept of the responses."""

    def __init__(self) -> None:
        self.responses = self.undecided = self.instructions = self.instructions_passed = 0
        self.by_category, self.by_difficulty, self.by_language = Rates(), Rates(), Rates()
        self.reasons = Counts()
        self.outcomes = _Outcomes(_SAMPLES)
        self.tested: Reservoir[tuple[str, str, bool]] = Reservoir(_ASSERTS_OF)
        self.spans = (
            Spans("instruction", "words"),
            Spans("response", "lines"),
            Spans("tests", "lines"),
        )
        self._group: str | None = None
        self._group_passed = False

    def add(self, record: Record) -> None:
        """Count a response."""
        self.responses += 1
        group = group_key(record.id)
        if group != self._group:
            self._end_group()
            self._group = group
            self.instructions += 1
            self.spans[0].add(words(record.instruction))
        self.spans[1].add(_lines(record.response))
        self.spans[2].add(_lines(record.tests))
        verdict = record.verdict
        if verdict is None or verdict.decision is Decision.UNDECIDED:
            self.undecided += 1
            return
        passed = verdict.decision is Decision.PASS
        self._group_passed |= passed
        self.by_category.add(record.category or "not said", passed=passed)
        self.by_difficulty.add(record.difficulty or "not said", passed=passed)
        self.by_language.add(record.language, passed=passed)
        label = str(verdict.reason)
        if not passed:
            self.reasons.add(label)
        samples = self.outcomes.of(label)
        if samples is not None:
            samples.offer(record.id, lambda: sample_of(record, label))
        if record.language == "python" and len(record.tests) <= _MOST_TESTS:
            self.tested.offer(record.id, lambda: (record.code[:_MOST_TESTS], record.tests, passed))

    def _end_group(self) -> None:
        self.instructions_passed += self._group_passed
        self._group_passed = False

    def asserts(self) -> Rates:
        """Return the passes of a fair sample by their number of effective asserts."""
        rates = Rates()
        with warnings.catch_warnings():
            # Python has opinions on odd escapes; here they are a model's matter.
            warnings.simplefilter("ignore")
            for code, tests, passed in self.tested.items():
                number = effective_asserts(code, tests)
                if number is not None:
                    rates.add(_bin(number), passed=passed)
        return rates

    def end(self) -> None:
        """Count the last instruction."""
        self._end_group()


def read_verdicts(folder: Path, name: str, trouble: Trouble) -> Verdicts | None:
    """Read the exports of a synthesis; None where there are none."""
    if not (folder / "responses.jsonl").is_file() and not (folder / "refused.jsonl").is_file():
        return None
    found = _Responses()
    for record in read_lines(folder / "responses.jsonl", Record, trouble):
        found.add(record)
    found.end()
    refusals, refused = Counts(), _Outcomes(_REFUSED_SAMPLES)
    for refusal in read_lines(folder / "refused.jsonl", Refusal, trouble):
        label = refusals.add(f"{refusal.stage}: {refusal.reason}")
        few = refused.of(label)
        if few is not None:
            # One bound name a call: the next refusal must not change what is kept of this one.
            few.offer(refusal.record.id, lambda r=refusal, la=label: sample_of_refusal(r, la))
    order = ["passed", *(one.name for one in found.reasons.ranked())]
    by_asserts = found.asserts().ranked()
    names = [name for _, name in _BINS] + [_MORE]
    return Verdicts(
        synthesis=name,
        responses=found.responses,
        instructions=found.instructions,
        instructions_passed=found.instructions_passed,
        undecided=found.undecided,
        by_category=found.by_category.ranked(),
        by_difficulty=found.by_difficulty.ranked(),
        by_language=found.by_language.ranked(),
        by_asserts=sorted(by_asserts, key=lambda rate: names.index(rate.name)),
        by_asserts_of=sum(rate.decided for rate in by_asserts),
        reasons=found.reasons.ranked(),
        lengths=[spans.facts for spans in found.spans],
        samples=found.outcomes.samples(order),
        refusals=refusals.ranked(),
        refused_samples=refused.samples([one.name for one in refusals.ranked()]),
    )


_MORE = "more than 10"


def _bin(number: int) -> str:
    return next((name for most, name in _BINS if number <= most), _MORE)


def _lines(text: str) -> int:
    return len(text.strip().splitlines())
