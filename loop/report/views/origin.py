"""Sections on cost, on what is missing, and on what the run was made from and with."""

import json
from collections.abc import Sequence

from veristone.generators.seeds.report.figures import DASH, count, duration, rate, share
from veristone.generators.seeds.report.plots import Bar, bars
from veristone.generators.seeds.report.scale import linear
from veristone.generators.seeds.report.sections import Plot, alone
from veristone.loop.report.facts import Facts, StepCost
from veristone.loop.report.views.blocks import Block, Figures, Listing, Section, Table
from veristone.text import line

__all__ = ["costs", "missing", "origin"]

_KINDS = ("seeds", "synthesis", "selection", "dataset", "training", "evaluation")
_MOST_RECIPE = 50_000
_OPEN = 8
"""Steps that are shown unasked."""


def missing(facts: Facts) -> Section:
    """Return what is not there and what could not be read."""
    tables = [
        Table((heading,), [(one,) for one in found], code=frozenset({0}), most=60)
        for heading, found in (("missing", facts.missing), ("could not be read", facts.trouble))
        if found
    ]
    return Section("missing", "What is missing", (), tables)


def costs(facts: Facts) -> Section:
    """Return where the time went, and tokens."""
    found = facts.costs
    if not found:
        return Section("cost", "Cost and time")
    whole = sum(cost.wall_s for cost in found)
    by_kind = {kind: sum(one.wall_s for one in found if one.kind == kind) for kind in _KINDS}
    drawn = [
        Bar(kind, 100 * wall_s / whole, duration(wall_s), share(wall_s, whole), "plain")
        for kind, wall_s in by_kind.items()
        if wall_s > 0
    ]
    blocks: list[Block] = []
    title = "Where the time went"
    if drawn:
        scale = linear((one.value for one in drawn), whole=False)
        blocks.append(Figures([Plot(title, bars([alone(drawn)], scale, title, "% of the time"))]))
    rows: list[tuple[str, ...]] = [
        (
            one.name,
            one.state,
            duration(one.wall_s),
            share(one.wall_s, whole),
            count(one.starts),
            duration(one.device_s),
            count(one.prompt_tokens) if one.prompt_tokens else DASH,
            count(one.completion_tokens) if one.completion_tokens else DASH,
            rate(one.completion_tokens, one.wall_s),
            count(one.trained_tokens) if one.trained_tokens else DASH,
        )
        for one in found
    ]
    sums = [sum(getattr(one, name) for one in found) for name in _SUMS]
    rows.append(
        (
            "together",
            "",
            duration(whole),
            "",
            count(sums[0]),
            duration(sums[1]),
            *(count(number) if number else DASH for number in sums[2:4]),
            "",
            count(sums[4]) if sums[4] else DASH,
        )
    )
    headings = (
        *("step", "state", "time", "of all", "starts", "device time", "prompt tokens"),
        *("tokens written", "a second", "tokens trained on"),
    )
    note = (
        "Time by the clock, all starts together. Device time: of training, all devices together."
        " Synthesis includes its verification, which goes on at the same time."
    )
    table = Table(
        headings,
        rows,
        right=frozenset(range(2, 10)),
        code=frozenset({0}),
        title="All steps",
        note=note,
        most=300,
        folded=len(rows) > _OPEN,
    )
    return Section("cost", "Cost and time", (), [*blocks, _by_kind(found), table])


def _by_kind(found: Sequence[StepCost]) -> Table:
    """Return what each kind of step cost together."""
    rows: list[tuple[str, ...]] = []
    for kind in _KINDS:
        some = [one for one in found if one.kind == kind]
        if some:
            sums = [sum(getattr(one, name) for one in some) for name in _SUMS]
            rows.append(
                (
                    kind,
                    count(len(some)),
                    duration(sum(one.wall_s for one in some)),
                    count(sums[0]),
                    duration(sums[1]),
                    *(count(number) if number else DASH for number in sums[2:]),
                )
            )
    headings = (
        *("kind of step", "steps", "time", "starts", "device time", "prompt tokens"),
        *("tokens written", "tokens trained on"),
    )
    return Table(headings, rows, right=frozenset(range(1, 8)))


_SUMS = ("starts", "device_s", "prompt_tokens", "completion_tokens", "trained_tokens")


def origin(facts: Facts) -> Section:
    """Return the recipe, the versions and how to do it again."""
    blocks: list[Block] = []
    if facts.versions:
        rows = [(name, ", ".join(versions)) for name, versions in facts.versions.items()]
        blocks.append(Table(("made with", "version"), rows, code=frozenset({0, 1}), most=60))
    lead: list[str] = []
    if facts.recipe:
        name = line(facts.name, 80)
        lead.append(f"To do it again: veristone align {name}.toml -o FOLDER")
        text = json.dumps(facts.recipe, indent=1, ensure_ascii=False, default=str)
        blocks.append(Listing("The recipe, whole", text[:_MOST_RECIPE], "json"))
    if facts.commands:
        blocks.append(Listing("The commands of all steps", "\n".join(facts.commands), "sh"))
    return Section("origin", "Made from and with", lead, blocks)
