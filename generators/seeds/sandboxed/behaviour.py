"""Decontamination by what a function does, whatever it looks like.

Text cannot tell that a renamed, reordered or translated function solves a benchmark's task: 82 of
HumanEval's 164 tasks had working solutions in data that substrings had "decontaminated" (Magicoder,
issue 40). Here every Python function is called with a few inputs of every task that takes as many
arguments; one that gives the task's answers to all of them solves it, and is rejected.

What is not found: functions that cannot be loaded in the sandbox (a module is missing there),
that take their arguments in another order or form, or that print instead of returning; tasks
whose answers could be guessed or that a trivial function solves (`Guard.unguarded`, written to
`guard-*.json` in the step's folder). The step `contamination`, which compares text, is for those.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from pydantic import Field, PrivateAttr

from veristone import ConfigError, Verifier
from veristone.files import write_whole
from veristone.generators.seeds.contamination.benchmarks import BenchmarkFile, files_of
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.probes import (
    PROGRAM,
    TASKS_PER_SAMPLE,
    Answers,
    Guard,
    Guarded,
    Questions,
    answers_of,
    build_guard,
)
from veristone.generators.seeds.sandboxed.runs import Asked, Run, run_all, verifier_of
from veristone.generators.seeds.sandboxed.tasks import read_tasks
from veristone.generators.seeds.steps import AsyncStep, Outcome, Rejected, Services
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
    probes: int = Field(default=12, ge=2, le=24)
    """Calls of a task's own tests that are made, at most. A seed must answer all of them as the
    task's solution does; nearly every seed fails at the first, so more calls cost little."""
    bits: int = Field(default=16, ge=1, le=64)
    """What it must take to guess a task's answers. Where its own tests are not worth that, other
    inputs are added (24 calls at most); where that does not help either, it is left out. See
    `probes.information`."""

    _built: list[Guard] = PrivateAttr(default_factory=list[Guard])
    """The guard, once there is one."""
    _building: asyncio.Lock = PrivateAttr(default_factory=asyncio.Lock)

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
        outcomes: list[Outcome] = list(seeds)
        asked = [
            index for index, seed in enumerate(seeds) if seed.shape == "function" and seed.name
        ]
        solved: dict[int, list[str]] = {index: [] for index in asked}
        for start in range(0, len(guard.tasks), TASKS_PER_SAMPLE):
            tasks = guard.tasks[start : start + TASKS_PER_SAMPLE]
            questions = Questions([(task.arity, task.calls) for task in tasks])

            def put(index: int, questions: Questions = questions) -> Asked:
                return questions.ask(seeds[index].id, seeds[index].text, seeds[index].name)

            async for index, run in run_all(verifier, asked, put):
                undecided = run.undecided()
                if undecided is not None:
                    outcomes[index] = undecided
                else:
                    solved[index] += self._solved(run, tasks)
        for index, names in solved.items():
            if names:
                more = f" and {len(names) - _MOST_NAMED} more" * (len(names) > _MOST_NAMED)
                detail = line(", ".join(names[:_MOST_NAMED]) + more)
                outcomes[index] = Rejected("solves_benchmark", detail)
        return outcomes

    def _solved(self, run: Run, tasks: Sequence[Guarded]) -> list[str]:
        """Return the tasks that the seed solved, as far as it came."""
        report = run.report(Answers)
        answers = answers_of(report.answers, len(tasks)) if report is not None else None
        if report is None or answers is None:
            self.unjudged[run.broken().reason] += 1
            return []
        if not report.finished:
            self.unjudged["unfinished" if report.loaded else "not_loaded"] += 1
        return [
            f"{task.id} {task.entry_point}"
            for task, answer in zip(tasks, answers, strict=True)
            if answer == task.answer
        ]

    async def guard(self, verifier: Verifier, folder: Path) -> Guard:
        """Return what seeds are asked; built at the first call and kept in `folder`.

        Raises:
            ConfigError: a benchmark cannot be read.
            SandboxFailure: the verifier could not decide about a benchmark's solution.
        """
        async with self._building:
            if not self._built:
                path = folder / f"guard-{self._digest()}.json"
                if path.exists():
                    guard = msgspec.json.decode(path.read_bytes(), type=Guard)
                else:
                    tasks = [task for each in self.benchmarks for task in read_tasks(each)]
                    guard = await build_guard(tasks, verifier, probes=self.probes, bits=self.bits)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_whole(path, msgspec.json.format(msgspec.json.encode(guard)))
                self._built.append(guard)
            return self._built[0]

    def _digest(self) -> str:
        """Name what a guard is made from: the benchmarks, the settings and our own code."""
        state = hashlib.sha256(repr((self.probes, self.bits)).encode())
        for benchmark in self.benchmarks:
            state.update(benchmark.name.encode())
            for path in files_of(benchmark.path):
                state.update(hashlib.sha256(path.read_bytes()).digest())
        here = Path(__file__).parent
        for name in ("tasks.py", "probes.py", "trivial.py"):
            state.update((here / name).read_bytes())
        for source in PROGRAM.sources().values():
            state.update(source)
        return state.hexdigest()[:16]
