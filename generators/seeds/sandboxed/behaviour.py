"""Decontamination by what a function does, whatever it looks like.

Text cannot tell that a renamed, reordered or translated function solves a benchmark's task: 82 of
HumanEval's 164 tasks had working solutions in data that substrings had "decontaminated" (Magicoder,
issue 40). Here every Python function is called with a few inputs of every task; one that gives the
task's answers to all of them solves it, and is rejected.

What is not found: functions that cannot be loaded in the sandbox (a module is missing there),
that take their arguments in another order or form, or that print instead of returning; tasks
whose answers could be guessed or that a trivial function solves (`Guard.unguarded`, written to
`guard.json` in the step's folder). The step `contamination`, which compares text, is for those.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from veristone import ConfigError, Verdict, Verifier
from veristone.files import write_whole
from veristone.generators.seeds.contamination.benchmarks import BenchmarkFile
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.guard import Answers, Guard, ask, build
from veristone.generators.seeds.sandboxed.runs import read_report, verifier_of
from veristone.generators.seeds.sandboxed.tasks import read_tasks
from veristone.generators.seeds.steps import AsyncStep, Outcome, Rejected, Services, Unjudged
from veristone.text import line

__all__ = ["BehaviourStep"]

_MOST_NAMED = 3


class BehaviourStep(AsyncStep, frozen=True):
    """Rejects Python functions that solve a task of a benchmark.

    Kept without having been judged are, by reason: `not_loaded`, `unfinished` (some calls went on
    too long), `timeout`, `crashed`.
    """

    kind: Literal["behaviour"] = "behaviour"
    languages = frozenset({"python"})

    benchmarks: tuple[BenchmarkFile, ...] = ()

    def prepare(self, folder: Path) -> None:
        """Read the benchmarks once, so that a wrong path ends the run before it begins.

        Raises:
            ConfigError: none is named, or one cannot be read.
        """
        if not self.benchmarks:
            raise ConfigError("behaviour: name the files of some benchmarks under `benchmarks`")
        for benchmark in self.benchmarks:
            read_tasks(benchmark)

    async def ask(self, seeds: Sequence[Seed], services: Services, folder: Path) -> list[Outcome]:
        """Put every task's questions to every function; methods and snippets pass."""
        verifier = verifier_of(services, self.kind)
        guard = await self.guard(verifier, folder)
        questions = [(task.calls, task.answers) for task in guard.tasks]
        outcomes: list[Outcome] = list(seeds)
        asked = [n for n, seed in enumerate(seeds) if seed.shape == "function" and seed.name]
        samples = (ask(seeds[n].id, seeds[n].text, seeds[n].name, questions) for n in asked)
        numbers = iter(asked)
        async for verdict in verifier.verify_stream(samples):
            number = next(numbers)
            outcomes[number] = _judge(seeds[number], verdict, guard)
        return outcomes

    async def guard(self, verifier: Verifier, folder: Path) -> Guard:
        """Return what seeds are asked; built at the first call and kept in `folder`.

        Raises:
            ConfigError: a benchmark cannot be read.
            SandboxFailure: the verifier could not decide about a benchmark's solution.
        """
        path = folder / "guard.json"
        if path.exists():
            return msgspec.json.decode(path.read_bytes(), type=Guard)
        tasks = [task for each in self.benchmarks for task in read_tasks(each)]
        guard = await build(tasks, verifier)
        write_whole(path, msgspec.json.format(msgspec.json.encode(guard)))
        return guard


def _judge(seed: Seed, verdict: Verdict, guard: Guard) -> Outcome:
    report = read_report(verdict, Answers)
    if isinstance(report, Rejected):
        return report if report.reason == "undecided" else Unjudged(seed, report.reason)
    solved = [guard.tasks[number] for number, *_ in report.answers]
    if solved:
        names = ", ".join(task.name for task in solved[:_MOST_NAMED])
        more = f" and {len(solved) - _MOST_NAMED} more" if len(solved) > _MOST_NAMED else ""
        return Rejected("solves_benchmark", line(names + more))
    if not report.finished:
        return Unjudged(seed, "unfinished" if report.loaded else "not_loaded")
    return seed
