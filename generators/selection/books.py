"""The books of a selection: what was rejected where, what was written, and the funnel of it all."""

from collections import Counter
from collections.abc import Sequence
from typing import IO

import msgspec

from veristone.generators.selection.funnel import Funnel, StepFunnel
from veristone.generators.selection.rows import Rejection
from veristone.generators.synthesis.records import Record

__all__ = ["FILES", "Books"]

FILES = ("selected", "preferences", "kto", "repairs", "rejected")
"""Names of the outputs, without `.jsonl`."""
_encode = msgspec.json.Encoder().encode


class Books:
    """Counts what the steps do, and writes it down.

    Args:
        funnel: to be filled in.
        steps: names of all steps, in order.
    """

    def __init__(self, funnel: Funnel, steps: Sequence[str]) -> None:
        self.funnel = funnel
        self.files: dict[str, IO[bytes]] = {}
        """Where lines go, by the names in FILES."""
        self.lines: Counter[str] = Counter()
        """Lines written, by file."""
        self.read = 0
        """Responses."""
        self.idle: Counter[str] = Counter()
        """Responses that a step let through because it cannot judge them."""
        self.unused: dict[str, Counter[str]] = {}
        """By product, why material was left out."""
        self._reasons: dict[str, Counter[str]] = {step: Counter() for step in steps}

    def reject(self, record_id: str, step: str, reason: str, detail: str = "") -> None:
        """Write down that a response goes no further."""
        self._reasons[step][reason] += 1
        rejection = Rejection(id=record_id, step=step, reason=reason, detail=detail)
        self.files["rejected"].write(_encode(rejection) + b"\n")

    def write(self, name: str, row: msgspec.Struct) -> None:
        """Write a row or a product."""
        self.files[name].write(_encode(row) + b"\n")
        self.lines[name] += 1

    def describe(self, record: Record) -> None:
        """Count what a selected response is like."""
        funnel = self.funnel
        seed, verdict = record.seed, record.verdict
        licences = (seed.provenance.licences if seed is not None else ()) or ("unknown",)
        model = next((trace.model for trace in reversed(record.traces) if trace.model), "unknown")
        _count(funnel.models, model)
        _count(funnel.languages, record.language)
        _count(funnel.categories, record.category or "unknown")
        _count(funnel.difficulties, record.difficulty or "unknown")
        _count(funnel.verifiers, (verdict.version if verdict is not None else "") or "unknown")
        for licence in licences:
            _count(funnel.licences, licence)

    def close(self) -> None:
        """Fill in the numbers that follow from the others."""
        given = self.read
        for step, reasons in self._reasons.items():
            kept = given - reasons.total()
            found = StepFunnel(
                step=step,
                given=given,
                kept=kept,
                not_applicable=self.idle[step],
                reasons=dict(reasons.most_common()),
            )
            self.funnel.steps.append(found)
            given = kept
        self.funnel.products = {name: self.lines[name] for name in FILES if name != "rejected"}
        self.funnel.unused = {name: dict(c.most_common()) for name, c in self.unused.items() if c}


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
