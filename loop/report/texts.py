"""Reads responses, refusals and selected rows once, and keeps what the report tells of them.

A file of millions of rows is read in memory that does not grow: counts have a bound, lengths share
their longest value, and samples are those with the smallest digests of their ids.
"""

import hashlib
import heapq
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct

from veristone import Decision
from veristone.generators.code.suites import effective_asserts
from veristone.generators.pages.numbers import ranked
from veristone.generators.pages.sections import Piece
from veristone.generators.selection.groups import group_key
from veristone.generators.selection.rows import Selected
from veristone.generators.selection.scoring import GroupScores
from veristone.generators.synthesis.records import Record, Refusal
from veristone.loop.report.facts import Counted, Lengths, Rate, Sample, Strength, Verdicts
from veristone.loop.report.run import Trouble, read_lines
from veristone.loop.report.topics import topic

__all__ = [
    "OTHERS",
    "Counts",
    "Rates",
    "Reservoir",
    "Rows",
    "drawn_rows",
    "read_rows",
    "read_verdicts",
]

OTHERS = "others"
_MOST_NAMES, _LONGEST_NAME = 200, 200
"""Names that are counted apart. They may come from a model, so there may be any number."""
_SAMPLES, _REFUSED_SAMPLES = 3, 2
"""Of every outcome."""
_MOST_OUTCOMES = 60
_ASSERTS_OF = 3_000
"""Responses whose tests are parsed: that takes as long as reading a hundred others."""
_MOST_TESTS = 20_000
_MOST_TEXT = 8_000
"""Characters kept of a text: the page shows fewer lines than that."""
_LONGEST = 5_000
_MOST = 100
"""Asserts and agreeing solutions that are told apart."""
_BINS = {0: "no assert", 1: "1 assert", 2: "2", 3: "3", 5: "4–5", 10: "6–10"}
_MORE = "more than 10"
_T = TypeVar("_T")


class Counts:
    """How many there are of each name; names after the first 200 share one."""

    def __init__(self) -> None:
        self.numbers: Counter[str] = Counter()

    def add(self, name: str) -> str:
        """Count one; return the name that it was counted under."""
        name = name[:_LONGEST_NAME]
        if name not in self.numbers and len(self.numbers) >= _MOST_NAMES:
            name = OTHERS
        self.numbers[name] += 1
        return name

    def ranked(self) -> list[Counted]:
        """Return the counts, largest first, then by name."""
        return [Counted(*pair) for pair in ranked(self.numbers)]


class Rates:
    """Passes by name."""

    def __init__(self) -> None:
        self._decided = Counts()
        self._passed: Counter[str] = Counter()

    def add(self, name: str, *, passed: bool) -> None:
        """Count a decided response."""
        self._passed[self._decided.add(name)] += passed

    def ranked(self) -> list[Rate]:
        """Return the rates, the largest groups first."""
        return [
            Rate(one.name, self._passed[one.name], one.number) for one in self._decided.ranked()
        ]


class Reservoir(Generic[_T]):
    """Keeps the items whose keys have the smallest digests: a fair sample, always the same one."""

    def __init__(self, size: int) -> None:
        self._size = size
        # A heap of the largest digest first; the key tells equal digests apart.
        self._heap: list[tuple[int, str, _T]] = []

    def offer(self, key: str, make: Callable[[], _T]) -> None:
        """Keep the item if it is among the sample so far; `make` is called only then."""
        digest = -_digest(key)
        if len(self._heap) < self._size:
            heapq.heappush(self._heap, (digest, key, make()))
        elif (digest, key) > self._heap[0][:2]:
            heapq.heapreplace(self._heap, (digest, key, make()))

    def items(self) -> list[_T]:
        """Return the sample, smallest digest first."""
        return [item for _, _, item in sorted(self._heap, key=lambda one: (-one[0], one[1]))]


def _digest(key: str) -> int:
    whole = hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(whole)


class _Outcomes:
    """A few samples of every outcome."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._by_label: dict[str, Reservoir[Sample]] = {}

    def offer(self, key: str, label: str, make: Callable[[], Sample]) -> None:
        """Keep a sample if it is among those of its outcome; not of one outcome too many."""
        if label in self._by_label or len(self._by_label) < _MOST_OUTCOMES:
            self._by_label.setdefault(label, Reservoir(self._size)).offer(key, make)

    def samples(self, order: list[str]) -> list[Sample]:
        """Return all samples, by outcome in an order."""
        some = (self._by_label[label] for label in order if label in self._by_label)
        return [sample for each in some for sample in each.items()]


class _Spans:
    """Lengths of instructions in words, of responses and tests in lines."""

    def __init__(self) -> None:
        self._numbers: dict[str, Counter[int]] = {
            "instruction": Counter(),
            "response": Counter(),
            "tests": Counter(),
        }

    def add(self, what: str, text: str) -> None:
        """Count a text; nothing has no length, and the longest share one."""
        length = len(text.split() if what == "instruction" else text.strip().splitlines())
        if length:
            self._numbers[what][min(length, _LONGEST)] += 1

    def facts(self) -> list[Lengths]:
        """Return what was counted."""
        return [
            Lengths(what, "words" if what == "instruction" else "lines", _sorted(numbers))
            for what, numbers in self._numbers.items()
        ]


def read_verdicts(folder: Path, name: str, trouble: Trouble) -> Verdicts | None:
    """Read the exports of a synthesis; None where there are none."""
    if not (folder / "responses.jsonl").is_file() and not (folder / "refused.jsonl").is_file():
        return None
    responses = undecided = instructions = 0
    passed_groups = last_passed = 0
    by_category, by_difficulty, by_language = Rates(), Rates(), Rates()
    reasons, outcomes, spans = Counts(), _Outcomes(_SAMPLES), _Spans()
    tested: Reservoir[tuple[str, str, bool]] = Reservoir(_ASSERTS_OF)
    last = None
    for record in read_lines(folder / "responses.jsonl", Record, trouble):
        responses += 1
        group = group_key(record.id)
        if group != last:
            last, last_passed = group, 0
            instructions += 1
            spans.add("instruction", record.instruction)
        spans.add("response", record.response)
        spans.add("tests", record.tests)
        verdict = record.verdict
        if verdict is None or verdict.decision is Decision.UNDECIDED:
            undecided += 1
            continue
        passed = verdict.decision is Decision.PASS
        if passed and not last_passed:
            last_passed = 1
            passed_groups += 1
        by_category.add(record.category or "not said", passed=passed)
        by_difficulty.add(record.difficulty or "not said", passed=passed)
        by_language.add(record.language, passed=passed)
        label = str(verdict.reason)
        if not passed:
            reasons.add(label)
        said = verdict.message
        # Bound here: the next record must not change what is kept of this one.
        outcomes.offer(record.id, label, lambda r=record, la=label, s=said: _sample(r, la, s))
        if record.language == "python" and len(record.tests) <= _MOST_TESTS:
            tested.offer(record.id, lambda r=record, p=passed: (r.code[:_MOST_TESTS], r.tests, p))
    refusals, refused = Counts(), _Outcomes(_REFUSED_SAMPLES)
    for refusal in read_lines(folder / "refused.jsonl", Refusal, trouble):
        label = refusals.add(f"{refusal.stage}: {refusal.reason}")
        refused.offer(refusal.record.id, label, lambda r=refusal, la=label: _refused_sample(r, la))
    by_asserts = _by_asserts(tested.items())
    return Verdicts(
        synthesis=name,
        responses=responses,
        instructions=instructions,
        instructions_passed=passed_groups,
        undecided=undecided,
        by_category=by_category.ranked(),
        by_difficulty=by_difficulty.ranked(),
        by_language=by_language.ranked(),
        by_asserts=by_asserts,
        by_asserts_of=sum(rate.decided for rate in by_asserts),
        reasons=reasons.ranked(),
        lengths=spans.facts(),
        samples=outcomes.samples(["passed", *(one.name for one in reasons.ranked())]),
        refusals=refusals.ranked(),
        refused_samples=refused.samples([one.name for one in refusals.ranked()]),
    )


def _by_asserts(tested: list[tuple[str, str, bool]]) -> list[Rate]:
    """Return the passes of a fair sample by their number of effective asserts."""
    rates = Rates()
    with warnings.catch_warnings():
        # Python has opinions on odd escapes; here they are a model's matter.
        warnings.simplefilter("ignore")
        for code, tests, passed in tested:
            number = effective_asserts(code, tests)
            if number is not None:
                name = next((name for most, name in _BINS.items() if number <= most), _MORE)
                rates.add(name, passed=passed)
    names = [*_BINS.values(), _MORE]
    return sorted(rates.ranked(), key=lambda rate: names.index(rate.name))


def _sample(record: Record, label: str, said: str) -> Sample:
    """Return a record as something to read."""
    seed = record.seed.code if record.seed is not None else ""
    found = [
        Piece("seed", seed[:_MOST_TEXT], record.language if seed else ""),
        Piece("concepts", ", ".join(record.concepts)[:_MOST_TEXT]),
        Piece("instruction", record.instruction[:_MOST_TEXT]),
        Piece("response", record.response[:_MOST_TEXT]),
        Piece("tests", record.tests[:_MOST_TEXT], record.language),
    ]
    pieces = [one for one in found if one.text.strip()]
    return Sample(record.id[:500], label, " ".join(said.split())[:500], pieces)


def _refused_sample(refusal: Refusal, label: str) -> Sample:
    """Return what a refused answer was asked about, and the model's own text."""
    sample = _sample(refusal.record, label, refusal.detail)
    text = refusal.text[:_MOST_TEXT]
    if text:
        pieces = [one for one in sample.pieces if one.text.strip() != text.strip()]
        sample.pieces[:] = [*pieces, Piece("the model's text", text)]
    return sample


class Rows(Struct, frozen=True):
    """What was seen in the selected rows."""

    rows: int
    topics: list[Counted]
    lengths: list[Lengths]
    strength: Strength


class _ScoreLine(GroupScores, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the log of scores; its first line is a header and has none."""

    key: str = ""
    content: str = ""


def read_rows(folder: Path, trouble: Trouble) -> Rows | None:
    """Read the rows of a selection, and the scores of their tests; None where there are none."""
    rows, topics, spans = 0, Counts(), _Spans()
    asserts: Counter[int] = Counter()
    mutants: Counter[int] = Counter()
    agreement: Counter[int] = Counter()
    for row in read_lines(folder / "selected.jsonl", Selected, trouble):
        rows += 1
        topics.add(topic(row.instruction, row.response))
        spans.add("instruction", row.instruction)
        spans.add("response", row.response)
        spans.add("tests", row.record.tests)
        asserts[min(row.asserts, _MOST)] += 1
        if row.strength is not None:
            mutants[round(100 * max(0.0, min(1.0, row.strength)))] += 1
        if row.agreement is not None:
            agreement[min(row.agreement, _MOST)] += 1
    if not rows:
        return None
    scored = stubs = 0
    for line in read_lines(folder / "work" / "scores.jsonl", _ScoreLine, trouble):
        scored += len(line.scores)
        stubs += sum(score.stub_passes for score in line.scores)
    strength = Strength(
        asserts=_sorted(asserts),
        mutants=_sorted(mutants),
        agreement=_sorted(agreement),
        scored=scored,
        stub_passes=stubs,
    )
    lengths = [one for one in spans.facts() if one.numbers]
    return Rows(rows, topics.ranked(), lengths, strength)


def drawn_rows(folder: Path, most: int, whole: int, trouble: Trouble) -> Iterator[Selected]:
    """Yield a fair sample of about `most` of the `whole` rows, the same one each time."""
    for row in read_lines(folder / "selected.jsonl", Selected, trouble):
        if whole <= most or _digest(row.id) * whole < most * (1 << 64):
            yield row


def _sorted(numbers: Counter[int]) -> dict[int, int]:
    return dict(sorted(numbers.items()))
