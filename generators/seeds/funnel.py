"""The funnel: how many went into each stage, how many came out, and why the rest did not.

Counts add up over parts (`add`) and over runs. Examples are the ones whose ids have the smallest
digests, a sample that depends neither on the order of parts nor on how many there were.
"""

import hashlib
from typing import Any, TypeVar, cast

import msgspec

from veristone.generators.seeds.records import Rejection, Seed

__all__ = ["EXAMPLES", "Funnel", "SourceFunnel", "StepFunnel", "add", "key", "note"]

EXAMPLES = 5
"""Examples kept of what a step let through, and of each reason for a rejection."""


class StepFunnel(msgspec.Struct, kw_only=True):
    """What one step did."""

    step: str
    given: int = 0
    kept: int = 0
    not_applicable: int = 0
    """Of those kept: seeds of languages that the step cannot judge."""
    unjudged: dict[str, int] = {}
    """Of those kept: seeds that could not be judged, by reason (`no_tests`, `not_loaded`)."""
    flagged: dict[str, int] = {}
    """Of those kept: seeds that are remarkable, by reason (`same_name` as a benchmark's task)."""
    flags: dict[str, list[Rejection]] = {}
    """Examples of these, at most EXAMPLES each."""
    reasons: dict[str, int] = {}
    """Rejections by reason; their sum is `given - kept`."""
    by_language: dict[str, tuple[int, int]] = {}
    """Given and kept, by language."""
    cpu_s: float = 0.0
    """CPU seconds of all processes together; differs from run to run."""
    rejected: dict[str, list[Rejection]] = {}
    """Examples by reason, at most EXAMPLES each."""


class SourceFunnel(msgspec.Struct, kw_only=True):
    """What one source gave."""

    source: str
    documents: int = 0
    """Documents that could be read and were extracted from."""
    content_bytes: int = 0
    """Of those documents, as UTF-8."""
    reasons: dict[str, int] = {}
    """Documents (and rows) that could not be read or are not allowed, by reason."""
    seen: dict[str, int] = {}
    """What extraction saw: `functions`, `documented`, ... (`records.Extraction.counts`)."""
    candidates: int = 0
    cpu_s: float = 0.0
    rejected: dict[str, list[Rejection]] = {}


class Funnel(msgspec.Struct, kw_only=True):
    """The whole of a run, or the part of it that is done."""

    recipe: str = ""
    """Name of the recipe."""
    digest: str = ""
    """Of the recipe's settings: runs with equal digests and sources have equal seeds."""
    finished: bool = False
    versions: dict[str, str] = {}
    """Of what decides: veristone, pyright, ruff, ..."""
    sources: list[SourceFunnel] = []
    steps: list[StepFunnel] = []
    """In the order of the recipe."""
    wall_s: float = 0.0
    """Of all runs that worked on it together."""
    processes: int = 1
    seeds: int = 0
    by_language: dict[str, int] = {}
    licences: dict[str, int] = {}
    """Seeds by licence; a seed with two counts at both."""
    lines: dict[int, int] = {}
    """Seeds by their number of lines."""
    examples: list[Seed] = []
    """A few of the seeds."""


_Total = TypeVar("_Total", StepFunnel, SourceFunnel)


def add(total: _Total, more: _Total) -> None:
    """Add what happened in one part to a total, in place."""
    for name in total.__struct_fields__:
        before, now = getattr(total, name), getattr(more, name)
        if isinstance(now, int | float):
            setattr(total, name, before + now)
        elif isinstance(now, dict):
            for word, value in cast("dict[str, Any]", now).items():
                before[word] = _sum(before.get(word), value)


def _sum(one: Any, other: Any) -> Any:
    if isinstance(other, list):
        both: list[Rejection] = [*(one or ()), *cast("list[Rejection]", other)]
        return sorted(both, key=key)[:EXAMPLES]
    if isinstance(other, tuple):
        before, now = one or (0, 0), cast("tuple[int, int]", other)
        return before[0] + now[0], before[1] + now[1]
    return (one or 0) + other


def note(counts: dict[str, int], examples: dict[str, list[Rejection]], item: Rejection) -> None:
    """Count a rejection, or a flag, by its reason; keep it if it may become an example."""
    counts[item.reason] = counts.get(item.reason, 0) + 1
    few = examples.setdefault(item.reason, [])
    few.append(item)
    if len(few) > 8 * EXAMPLES:
        few[:] = sorted(few, key=key)[:EXAMPLES]


def key(item: Seed | Rejection) -> str:
    """Return the digest that decides which items are examples."""
    if isinstance(item, Rejection) and item.seed is None:
        where = item.provenance
        name = f"{where.source}\0{where.repository}\0{where.path}\0{where.start_line}"
    else:
        seed = item if isinstance(item, Seed) else item.seed
        assert seed is not None
        name = seed.id
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
