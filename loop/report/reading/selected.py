"""What a selection made: its funnel, its rows, and the scores of their tests."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from veristone.generators.selection.funnel import Funnel
from veristone.generators.selection.rows import Selected
from veristone.generators.selection.scoring import GroupScores
from veristone.loop.report.facts import Counted, Lengths, Stage, Strength
from veristone.loop.report.measures.spread import Counts, is_drawn
from veristone.loop.report.measures.topics import topic
from veristone.loop.report.reading.cut import words
from veristone.loop.report.reading.files import Trouble, read_lines, read_struct
from veristone.loop.report.reading.responses import Spans

__all__ = ["RowsRead", "drawn_rows", "read_funnel", "read_rows", "selection_stages"]

_MOST = 100
"""Asserts and agreeing solutions that are told apart."""


class RowsRead(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen in the selected rows."""

    rows: int
    topics: list[Counted]
    lengths: list[Lengths]
    strength: Strength


def read_funnel(folder: Path, trouble: Trouble) -> Funnel | None:
    """Return a selection's funnel; None before it is finished."""
    return read_struct(folder / "funnel.json", Funnel, trouble)


def selection_stages(funnel: Funnel, passed: int | None) -> list[Stage]:
    """Return the steps of a selection.

    Verdicts are told by verification, so where it told the same number (`passed`) the first two
    steps say nothing new.
    """
    steps = funnel.steps
    if len(steps) > 2 and steps[1].step == "passed" and steps[1].kept == passed:
        steps = steps[2:]
    return [
        Stage(
            part="selection",
            name=step.step,
            unit="response",
            given=step.given,
            kept=step.kept,
            reasons=[
                Counted(name=name, number=number)
                for name, number in sorted(step.reasons.items(), key=lambda one: (-one[1], one[0]))
            ],
        )
        for step in steps
    ]


def read_rows(folder: Path, trouble: Trouble) -> RowsRead | None:
    """Read the selected rows once; None where there are none."""
    rows, topics = 0, Counts()
    asserts: Counter[int] = Counter()
    mutants: Counter[int] = Counter()
    agreement: Counter[int] = Counter()
    spans = (Spans("instruction", "words"), Spans("response", "lines"), Spans("tests", "lines"))
    for row in read_lines(folder / "selected.jsonl", Selected, trouble):
        rows += 1
        topics.add(topic(row.instruction, row.response))
        spans[0].add(words(row.instruction))
        spans[1].add(len(row.response.strip().splitlines()))
        spans[2].add(len(row.record.tests.strip().splitlines()))
        asserts[min(row.asserts, _MOST)] += 1
        if row.strength is not None:
            mutants[round(100 * max(0.0, min(1.0, row.strength)))] += 1
        if row.agreement is not None:
            agreement[min(row.agreement, _MOST)] += 1
    if not rows:
        return None
    scored, stubs = _scores(folder, trouble)
    return RowsRead(
        rows=rows,
        topics=topics.ranked(),
        lengths=[one.facts for one in spans if one.facts.numbers],
        strength=Strength(
            asserts=dict(sorted(asserts.items())),
            mutants=dict(sorted(mutants.items())),
            agreement=dict(sorted(agreement.items())),
            scored=scored,
            stub_passes=stubs,
        ),
    )


class _Line(GroupScores, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the log of scores; its first line is a header and has none."""

    key: str = ""
    content: str = ""


def _scores(folder: Path, trouble: Trouble) -> tuple[int, int]:
    """Return how many responses were scored, and whose tests pass with empty functions."""
    scored = stubs = 0
    for line in read_lines(folder / "work" / "scores.jsonl", _Line, trouble):
        scored += len(line.scores)
        stubs += sum(score.stub_passes for score in line.scores)
    return scored, stubs


def drawn_rows(folder: Path, most: int, whole: int, trouble: Trouble) -> Iterator[Selected]:
    """Yield a fair sample of about `most` of the `whole` rows, the same one each time."""
    for row in read_lines(folder / "selected.jsonl", Selected, trouble):
        if is_drawn(row.id, most, whole):
            yield row
