"""What the report says first: what was gained, over what, and how sure that is."""

from collections.abc import Iterator

from veristone.generators.seeds.report.figures import duration, odds, share
from veristone.generators.seeds.report.words import counted
from veristone.loop.report.facts import Difference, Facts, Result
from veristone.loop.report.reading.run import BASE, MAIN
from veristone.loop.report.views.names import between
from veristone.text import line

__all__ = ["headline", "summary", "unfinished"]


def headline(facts: Facts) -> str:
    """Return the result in a few words."""
    for label in dict.fromkeys(result.label for result in facts.results):
        base = _result(facts, label, BASE, 0)
        tuned = _latest(facts, label)
        before = base.main if base is not None else None
        after = tuned.main if tuned is not None else None
        if before is not None and after is not None:
            return (
                f"{line(label, 60)}: {share(before.mean, 1)} before, {share(after.mean, 1)} after"
            )
        if after is not None:
            return f"{line(label, 60)}: {share(after.mean, 1)} after training"
    rows = _rows(facts)
    if rows:
        first = facts.funnel[0] if facts.funnel else None
        whole = ""
        if first is not None and first.part == "seeds":
            whole = f" from {counted(first.given, first.unit)}"
        return f"{_capital(counted(rows, 'training row'))}{whole}, not yet evaluated"
    return "Nothing to train on yet"


def summary(facts: Facts) -> list[str]:
    """Return the findings in a sentence each."""
    found: list[str] = []
    for label in dict.fromkeys(result.label for result in facts.results):
        found += _gains(facts, label)
    found += _yield(facts)
    wall_s = sum(cost.wall_s for cost in facts.costs)
    if wall_s > 0:
        found.append(f"{counted(len(facts.costs), 'step')} took {duration(wall_s)} by the clock.")
    return found


def unfinished(facts: Facts) -> str:
    """Return a warning where something is missing or damaged, else nothing."""
    if facts.missing:
        return "This run is not finished. What is here is from the parts that are done."
    return "Some files of this run could not be read." if facts.trouble else ""


def _gains(facts: Facts, label: str) -> Iterator[str]:
    """Say what the latest model gained over the base model and over the control."""
    latest = _latest(facts, label)
    if latest is None:
        return
    last = latest.round
    gain = _difference(facts, label, last, BASE)
    rounds = f" after {counted(last, 'round')}" if facts.rounds > 1 else ""
    said = ""
    if gain is not None:
        said = f"{line(label, 60)}{rounds}: {_points(gain)} over the base model{_doubt(gain)}"
    control = _difference(facts, label, last, facts.control) if facts.control else None
    if control is not None:
        start = f"{said}; " if said else f"{line(label, 60)}{rounds}: "
        name = line(facts.control, 60)
        said = f"{start}{_points(control)} over the control {name}{_doubt(control)}"
    if said:
        of = gain or control
        tasks = f" ({counted(of.tasks, 'task')}, 95% interval)" if of is not None else ""
        yield f"{said}{tasks}."


def _points(difference: Difference) -> str:
    mean, _, interval = between(difference).partition(" ")
    return f"{mean} points {interval}"


def _doubt(difference: Difference) -> str:
    may_be_chance = not difference.clear and difference.mean != 0
    return ", which may be chance" if may_be_chance else ""


def _yield(facts: Facts) -> Iterator[str]:
    verdicts = facts.verdicts
    if verdicts is not None and verdicts.responses:
        passed = sum(rate.passed for rate in verdicts.by_language)
        decided = verdicts.responses - verdicts.undecided
        text = f"{share(passed, decided)} of {counted(decided, 'judged response')} passed"
        if verdicts.instructions:
            part = share(verdicts.instructions_passed, verdicts.instructions)
            text += f"; {part} of {counted(verdicts.instructions, 'instruction')} have one that did"
        yield f"{text}."
    rows, stages = _rows(facts), facts.funnel
    if rows and stages and stages[0].part == "seeds" and stages[0].given > rows:
        whole = counted(stages[0].given, stages[0].unit)
        part = odds(rows, stages[0].given)
        yield f"{_capital(counted(rows, 'row'))} to learn from: {part} of {whole}."
    elif rows:
        yield f"{_capital(counted(rows, 'row'))} to learn from."


def _rows(facts: Facts) -> int:
    last = facts.funnel[-1] if facts.funnel else None
    return last.kept if last is not None and last.part in ("dataset", "training") else 0


def _latest(facts: Facts, label: str) -> Result | None:
    found = [one for one in facts.results if (one.label, one.variant) == (label, MAIN)]
    return max(found, key=lambda one: one.round, default=None)


def _result(facts: Facts, label: str, variant: str, number: int) -> Result | None:
    wanted = (label, variant, number)
    found = (one for one in facts.results if (one.label, one.variant, one.round) == wanted)
    return next(found, None)


def _difference(facts: Facts, label: str, number: int, other: str) -> Difference | None:
    for one in facts.differences:
        if (one.label, one.variant, one.round, one.other) == (label, MAIN, number, other):
            return one
    return None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
