"""The findings of an audit as a page: which tasks are not fit to train or to rank on, and why."""

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from veristone.audit.examine import FAULTS, Findings
from veristone.generators.pages.sections import (
    Named,
    Piece,
    Reading,
    Readings,
    Report,
    Section,
    Table,
)

if TYPE_CHECKING:
    from veristone.audit.run import Audited

__all__ = ["report_of"]

_READ = 200
"""Tasks that are shown one by one."""


def report_of(facts: "Audited", found: Sequence[Findings]) -> Report:
    """Return the page; equal findings, equal pages."""
    faulty = [each for each in found if each.faults]
    return Report(
        title=f"Audit of {facts.dataset}",
        kind="Audit of a dataset's tests",
        name=facts.dataset,
        headline=f"{facts.sound:,} of {facts.tasks:,} tasks have no fault",
        findings=list(_sentences(facts, found)),
        sections=[
            Section("faults", "Faults", [_counts(facts, found)] if facts.tasks else []),
            Section(
                "tasks",
                "Tasks with a fault",
                [_readings(facts, faulty)] if faulty else [],
                [f"The first {_READ} of {len(faulty):,}."] if len(faulty) > _READ else [],
            ),
            Section("all", "All tasks", [_table(found)] if found else []),
        ],
        footer=[("Made by", [Named("veristone audit")])],
    )


def _sentences(facts: "Audited", found: Sequence[Findings]) -> Iterator[str]:
    made = sum(each.mutants for each in found)
    killed = sum(each.killed for each in found)
    if made:
        yield f"Of {made:,} mutants of the gold solutions the tests refuse {killed / made:.1%}."
    shown = sum(each.examples for each in found)
    if shown:
        broken = sum(len(each.broken_examples) for each in found)
        yield f"The statements show {shown:,} examples; not true of the gold solution: {broken:,}."
    yield f"{facts.runs:,} programs were judged for it."


def _counts(facts: "Audited", found: Sequence[Findings]) -> Table:
    rows = [
        (
            [Named(fault)],
            FAULTS[fault],
            f"{count:,}",
            ", ".join([each.task_id for each in found if fault in each.faults][:3]),
        )
        for fault, count in facts.faults.items()
    ]
    return Table(["fault", "what it says", "tasks", "for example"], rows, numbers=(2,), most=20)


def _readings(facts: "Audited", faulty: Sequence[Findings]) -> Readings:
    items = [_reading(facts, each) for each in faulty[:_READ]]
    return Readings("One by one", "", items, apart=True)


def _reading(facts: "Audited", each: Findings) -> Reading:
    pieces: list[Piece] = []
    if each.message:
        pieces.append(Piece("The verdict on the gold solution", each.message))
    if each.stubs:
        pieces.append(Piece("Constants whose stubs pass", ", ".join(each.stubs)))
    pieces += [Piece("An example that does not hold", text) for text in each.broken_examples]
    pieces += [Piece("A mutant that passes", text) for text in each.survivors]
    pieces.append(Piece("To see it", f"{facts.command} {shlex.quote(each.task_id)}"))
    return Reading(each.task_id, ", ".join(each.faults), pieces)


def _table(found: Sequence[Findings]) -> Table:
    rows = [
        (
            [Named(each.task_id)],
            ", ".join(each.faults),
            f"{each.killed} of {each.mutants}" if each.mutants else "",
            f"{each.cpu_s / each.cpu_limit_s:.1%}" if each.cpu_limit_s else "",
            str(each.examples or ""),
        )
        for each in found
    ]
    headings = ["task", "faults", "mutants refused", "of the time limit", "examples"]
    return Table(headings, rows, numbers=(2, 3, 4), title="Every task", most=len(rows), folded=True)
