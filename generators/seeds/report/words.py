"""What the reports say in sentences, and what they call things."""

from typing import NamedTuple

from veristone.generators.seeds.funnel import Funnel
from veristone.generators.seeds.report.figures import count, duration, odds, share, size
from veristone.generators.seeds.report.flow import Amount, Stage, not_read, stages
from veristone.text import line

__all__ = [
    "NOTES",
    "MainReasons",
    "counted",
    "headline",
    "main_reasons",
    "noun",
    "stage_name",
    "stage_notes",
    "stage_shares",
    "summary",
    "unfinished",
]

NOTES = {
    "share": "Of stage: share of what the stage was given. Of all: share of the first line.",
    "speed": "CPU time of all processes together; it differs from run to run. Seeds of languages"
    " that a step cannot judge do not count.",
    "licences": "Per cent: of the seeds. A seed with two licences counts at both.",
}
"""What a reader needs to know beside a table or plot."""

_STAGES = {"functions": "all functions", "documented": "documented", "candidates": "candidates"}
_NOUNS = {
    "functions": "function",
    "documented": "documented function",
    "candidates": "candidate",
}


class MainReasons(NamedTuple):
    """The most frequent reasons of a stage."""

    first: list[Amount]
    rest: str
    """The others in words; empty for none."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 seed`, `2,000 seeds`, `no seeds`."""
    return f"{count(number) if number else 'no'} {noun if number == 1 else plural or noun + 's'}"


def noun(stage: Stage) -> str:
    """Return what the first stage counts, in the singular."""
    return _NOUNS.get(stage.name, "seed")


def stage_name(stage: Stage) -> str:
    """Return what a stage is called: a step's own name, else what was found."""
    return line(stage.name, 40) if stage.step else _STAGES.get(stage.name, stage.name)


def headline(funnel: Funnel) -> str:
    """Return the result in a few words."""
    first = stages(funnel)[0]
    if not first.kept:
        return "Nothing was found"
    seeds = counted(funnel.seeds, "seed")
    return f"{seeds[0].upper()}{seeds[1:]} from {counted(first.kept, noun(first))}"


def unfinished(funnel: Funnel) -> str:
    """Return a warning where the run has not ended, else nothing."""
    if funnel.finished:
        return ""
    return "This run is not finished. The numbers are those of the parts that are done."


def summary(funnel: Funnel) -> list[str]:
    """Return what was read, and what it cost, in a sentence each."""
    found: list[str] = []
    first = stages(funnel)[0]
    if 0 < funnel.seeds < first.kept and funnel.finished:
        found.append(f"{odds(funnel.seeds, first.kept)} became a seed.")
    documents = sum(source.documents for source in funnel.sources)
    lost = sum(reason.number for reason in not_read(funnel))
    if documents or lost:
        read = sum(source.content_bytes for source in funnel.sources)
        text = f"{counted(documents, 'document')} read"
        text += f" ({size(read)})" if read else ""
        text += f" from {counted(len(funnel.sources), 'source')}"
        if lost:
            text += f"; {counted(lost, 'document')} left out"
        found.append(text[0].upper() + text[1:] + ".")
    cpu_s = sum(item.cpu_s for item in [*funnel.sources, *funnel.steps])
    if cpu_s > 0:
        text = f"{duration(cpu_s)} of CPU time"
        if funnel.wall_s > 0:
            processes = counted(max(1, funnel.processes), "process", "processes")
            text += f", {duration(funnel.wall_s)} by the clock in {processes}"
        found.append(text + ".")
    return found


def stage_notes(stage: Stage) -> list[str]:
    """Return what is odd about a stage's numbers."""
    found: list[str] = []
    if stage.step and stage.step.not_applicable:
        found.append(f"{count(stage.step.not_applicable)} of other languages passed unjudged")
    if stage.step:
        for reason, number in sorted(stage.step.unjudged.items()):
            found.append(f"{count(number)} passed unjudged ({line(reason)})")
    if stage.waiting:
        found.append(f"{count(stage.waiting)} still waiting")
    return found


def main_reasons(stage: Stage, most: int = 3) -> MainReasons:
    """Return the `most` most frequent reasons and how many others there are."""
    reasons = [Amount(line(name, 80), number) for name, number in stage.reasons]
    rest = reasons[most:]
    if len(rest) < 2:
        return MainReasons(reasons, "")
    others = f"{len(rest)} others {count(sum(one.number for one in rest))}"
    return MainReasons(reasons[:most], others)


def stage_shares(stage: Stage, all_: int) -> tuple[str, str]:
    """Return what a stage kept of what it was given, and of all."""
    return share(stage.kept, stage.given), share(stage.kept, all_, 2)
