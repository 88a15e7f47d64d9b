"""Folders of `veristone align` for the tests of the report, filled by the parts' own writers.

A small recipe is planned, and every step of the plan gets what its command would have left.
"""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from report_responses import (
    hostile_records,
    hostile_refusals,
    records,
    refusals,
)

from veristone import ProgramCheck, Reason
from veristone.generators.dataset.write import write_dataset
from veristone.generators.seeds.funnel import Funnel, SourceFunnel, StepFunnel
from veristone.generators.selection.recipe import Recipe
from veristone.generators.selection.run import Selection
from veristone.generators.synthesis.pipeline.chain import VERIFY, Chain
from veristone.generators.synthesis.pipeline.export import export
from veristone.generators.synthesis.pipeline.folder import begin
from veristone.generators.synthesis.pipeline.work import outcome
from veristone.generators.synthesis.records import Record, Refusal, StageResult
from veristone.loop.plan import Step as Planned
from veristone.loop.plan import plan
from veristone.loop.recipe import AlignRecipe, load_align_recipe
from veristone.queues import Item
from veristone.settings import checked
from veristone.training.evaluation.datasets import Dataset
from veristone.training.evaluation.formats import plan_path
from veristone.training.evaluation.results import summarise, write_results
from veristone.training.evaluation.runner import EvalReport, Outcome, limits_for
from veristone.training.evaluation.samples import Candidate
from veristone.training.evaluation.task import Program, Task
from veristone.training.finetune.journal import Attempt, Evaluation, Journal, Step, write_journal

__all__ = ["RECIPE", "Size", "fill", "hostile_run", "make_run", "write_recipe"]

RECIPE = """
name = "coder-1b"
rounds = {rounds}
[model]
model = "acme/coder-1b"
serve = "vllm:MODEL"
[seeds]
source = ["tree:corpus"]
[synthesis]
recipe = "starcoder2-instruct"
[training]
preset = "tiny"
[benchmarks]
"HumanEval+" = "he.jsonl"
MBPP = "mbpp.jsonl"
[[evaluation]]
benchmark = "humaneval+"
dataset = "he.jsonl"
[[evaluation]]
benchmark = "mbpp"
dataset = "mbpp.jsonl"
n = 5
temperature = 0.8
[[variants]]
name = "no-execution-filter"
description = "a random response, whether it passes or not"
[variants.selection]
recipe = "no-filter"
[[variants]]
name = "failures-only"
description = "responses that fail"
[variants.selection]
recipe = "failures-only"
[report.compare]
"Evol-Instruct" = "evol.jsonl"
"""

_POOLS = {"no-filter": "any", "failures-only": "failures"}
_SKILLS = {"base": 0.38, "main": 0.56, "no-execution-filter": 0.47, "failures-only": 0.36}


@dataclass(frozen=True)
class Size:
    """How much is made."""

    instructions: int = 60
    responses: int = 6
    rounds: int = 2
    tasks: int = 164
    steps: int = 400


def write_recipe(folder: Path, text: str = RECIPE, rounds: int = 2) -> AlignRecipe:
    """Write a recipe and the benchmarks that it names beside the run; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "recipe.toml"
    place.write_text(text.replace("{rounds}", str(rounds)))
    tasks = [
        {
            "task_id": f"HumanEval/{number}",
            "prompt": f"Write a function that returns {what}.",
            "canonical_solution": f"def task_{number}(values):\n    return sorted(values)\n",
            "entry_point": f"task_{number}",
        }
        for number, what in enumerate(
            ("the prime factors of an integer", "whether a string is a palindrome", "a sorted list")
        )
    ]
    (folder / "he.jsonl").write_text("\n".join(map(json.dumps, tasks)))
    rows = [{"task_id": 7, "text": "Write a function to find the mean of a list.", "code": "x = 1"}]
    (folder / "mbpp.jsonl").write_text("\n".join(map(json.dumps, rows)))
    evolved = [
        {
            "instruction": f"Write an SQL query over {n} tables that joins every row of the"
            " database on its primary key." * (1 + n % 4),
            "output": f"```sql\nSELECT {n};\n```",
        }
        for n in range(40)
    ]
    (folder / "evol.jsonl").write_text("\n".join(map(json.dumps, evolved)))
    return load_align_recipe(place)


def make_run(folder: Path, size: Size | None = None, text: str = RECIPE) -> list[Planned]:
    """Make a whole run in `folder`; return its steps."""
    size = size or Size()
    recipe = write_recipe(folder.with_name(f"{folder.name}-recipe"), text, size.rounds)
    folder.mkdir(parents=True, exist_ok=True)
    frozen = recipe.model_dump(mode="json", by_alias=True)
    (folder / "align.json").write_text(json.dumps(frozen))
    steps = plan(recipe)
    for step in steps:
        fill(folder, step, size)
    return steps


def fill(folder: Path, step: Planned, size: Size, **mark: Any) -> None:
    """Leave in a step's folder what its command would have left."""
    place = folder / step.name
    place.mkdir(parents=True, exist_ok=True)
    if mark.get("done", True):
        _FILLERS[step.kind](folder, step, size)
    facts = {
        "digest": step.digest,
        "kind": step.kind,
        "name": step.name,
        "variant": step.variant,
        "round": step.round,
        "label": step.label,
        "after": list(step.after),
        "wall_s": round(random.Random(step.name).uniform(2, 4000), 3),
        "starts": 1 + (step.kind == "training"),
        "done": True,
        "exit": 0,
    }
    (place / "step.json").write_text(json.dumps({**facts, **mark}))


def _seeds(folder: Path, step: Planned, size: Size) -> None:
    funnel = Funnel(
        recipe="starcoder2",
        finished=True,
        versions={"veristone": "0.1.0", "pyright": "1.1.414", "ruff": "0.17.5"},
        sources=[
            SourceFunnel(
                source="the-stack",
                documents=412_000,
                seen={"functions": 1_904_311, "documented": 431_207},
                candidates=431_207,
            )
        ],
        steps=[
            StepFunnel(
                step="static_rules",
                given=431_207,
                kept=120_480,
                reasons={"no_arguments": 210_000, "todo": 60_727, "network": 40_000},
            ),
            StepFunnel(
                step="pyright", given=120_480, kept=41_022, reasons={"undefined_name": 79_458}
            ),
            StepFunnel(
                step="near_duplicates",
                given=41_022,
                kept=size.instructions,
                reasons={"near_duplicate": 41_022 - size.instructions},
            ),
        ],
        seeds=size.instructions,
    )
    place = folder / step.name
    (place / "funnel.json").write_bytes(msgspec.json.encode(funnel))
    found = (record.seed for record in records(size.instructions, 1))
    (place / "seeds.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, filter(None, found))))


def _synthesis(folder: Path, step: Planned, size: Size) -> None:
    found = list(records(size.instructions, size.responses, 1 + 0.3 * (step.round - 1)))
    asyncio.run(_export(folder / step.name, found, list(refusals(found[: len(found) // 4]))))


async def _export(place: Path, found: Sequence[Record], refused: Sequence[Refusal]) -> None:
    """Put everything into a real store and export it."""
    stages = ("concepts", "instructions", "responses")
    run = begin(place, b'{"recipe": "made up"}', stages)
    groups: dict[str, list[Record]] = {}
    for record in found:
        groups.setdefault(record.id.rpartition("/")[0], []).append(record)
    async with run.open() as chain:
        for key, some in groups.items():
            seed = Record(id=key, seed=some[0].seed)
            concepts = msgspec.structs.replace(seed, concepts=some[0].concepts)
            first = some[0]
            asked = Record(id=key, seed=first.seed, instruction=first.instruction)
            answers = [msgspec.structs.replace(one, verdict=None) for one in some]
            made = zip(stages, (seed, concepts, asked), ([concepts], [asked], answers), strict=True)
            for stage, given, kept in made:
                result = StageResult(
                    key=key, kept=tuple(kept), prompt_tokens=900, completion_tokens=140 * len(kept)
                )
                await _keep(chain, stage, result, given)
            for one in some:
                result = StageResult(key=one.id, kept=(one,))
                given = msgspec.structs.replace(one, verdict=None)
                await _keep(chain, VERIFY, result, given)
        for number, refusal in enumerate(refused):
            result = StageResult(key=f"refused-{number}", refused=(refusal,))
            stage = refusal.stage if refusal.stage in stages else "responses"
            await _keep(chain, stage, result, refusal.record)
        await chain.queues[stages[0]].complete("feed")
        await chain.complete()
    await export(run)


async def _keep(chain: Chain, stage: str, result: StageResult, given: Record) -> None:
    queue = chain.queues[stage]
    await queue.put([Item(result.key, b"")])
    (lease,) = await queue.lease(1, 60)
    await queue.ack(lease.token, outcomes={lease.token: outcome(result, given)})


def _selection(folder: Path, step: Planned, size: Size) -> None:
    pool = _POOLS.get(step.settings["recipe"], "passes")
    recipe = checked(
        Recipe,
        {
            "name": step.settings["recipe"],
            "choice": {"pool": pool},
            "gates": {"min_tests": 0, "min_asserts": int(pool == "passes")},
        },
        "recipe",
    )
    asyncio.run(Selection(recipe, folder / step.inputs["responses"], folder / step.name).go())


def _dataset(folder: Path, step: Planned, size: Size) -> None:
    write_dataset(
        folder / step.inputs["selection"],
        folder / step.outputs["dataset"],
        lambda text: f"### Instruction\n{text}\n\n### Response\n",
        validation=0.05,
    )


def _training(folder: Path, step: Planned, size: Size) -> None:
    draw = random.Random(step.name)
    manifest = json.loads((folder / step.inputs["dataset"] / "veristone.json").read_bytes())
    rows = sum(manifest["rows"]["default"].values())
    floor = {"main": 0.62, "no-execution-filter": 0.74, "failures-only": 0.83}[step.variant]
    steps = [
        Step(
            step=number,
            epoch=4 * number / size.steps,
            loss=floor + 1.1 * 2 ** (-number / 40) + draw.gauss(0, 0.05),
            learning_rate=1e-5 * min(1, number / (0.05 * size.steps)) * (1 - number / size.steps),
            grad_norm=None if number == 1 else 0.8 + draw.expovariate(3),
            tokens=8_000 * number,
        )
        for number in range(1, size.steps + 1)
    ]
    journal = Journal(
        state="finished",
        digest="d",
        settings={"preset": "tiny"},
        template={},
        versions={"veristone": "0.1.0", "torch": "2.7.1", "transformers": "4.56.0"},
        data={
            "read": rows,
            "refused": {"too_long": 2},
            "train_samples": rows - 2,
            "train_tokens": 350 * rows,
            "learnt_tokens": 200 * rows,
            "evaluation_samples": 0,
        },
        model={},
        plan={"steps": size.steps},
        attempts=[
            Attempt(
                started_at="2026-01-02T03:04:05Z",
                devices=["NVIDIA H100 80GB HBM3"] * 2,
                processes=2,
                from_step=start,
                to_step=end,
                wall_s=700.0,
                device_s=1400.0,
            )
            for start, end in ((0, size.steps // 2), (size.steps // 2, size.steps))
        ],
        steps=steps,
        evaluations=[
            Evaluation(step=number, loss=floor + 0.9 * 2 ** (-number / 60) + 0.05, tokens=9_000)
            for number in range(size.steps // 4, size.steps + 1, max(1, size.steps // 4))
        ],
    )
    write_journal(folder / step.name / "training.json", journal)


def _program(solution: str) -> Program:
    return Program(solution, ProgramCheck())


def _evaluation(folder: Path, step: Planned, size: Size) -> None:
    """Tasks differ in how hard they are, models in skill; a few samples are undecided."""
    benchmark: Any = step.settings["benchmark"]
    samples = step.settings["n"]
    draw = random.Random(step.name)
    skill = _SKILLS[step.variant] + 0.05 * max(0, step.round - 1)
    tasks = {
        f"T/{number}": Task(f"T/{number}", "def f(x):", f"f{number}", "    return x\n", _program)
        for number in range(size.tasks)
    }
    outcomes: list[Outcome] = []
    for number, name in enumerate(tasks):
        hard = random.Random(number).random()
        for _ in range(samples):
            is_right = draw.random() < min(1.0, max(0.02, skill + 0.9 * (0.5 - hard)))
            undecided = draw.random() < 0.004
            base = "undecided" if undecided else "pass" if is_right else "fail"
            plus = base if draw.random() < 0.93 or base != "pass" else "fail"
            outcomes.append(
                Outcome(
                    candidate=Candidate(name, "def f(x): ..."),
                    base_status=base,
                    plus_status=plus if benchmark.endswith("+") else None,
                    reason=Reason.SANDBOX_ERROR if undecided else Reason.PASSED,
                )
            )
    report = EvalReport(Dataset(benchmark, folder / "x", "md5", tasks), outcomes, limits_for())
    place = folder / step.name
    path = plan_path(place / "s.jsonl", place / "results.json", overwrite=True)
    write_results(report, summarise(report), path)


def hostile_run(folder: Path) -> None:
    """Make a run in which every name and text is an attack on whoever shows it."""
    script = "<script>window.pwned = 1</script>"
    text = RECIPE.replace('name = "coder-1b"', f"name = '{script}|`x`'", 1)
    text = text.replace("a random response, whether it passes or not", script)
    text = text.replace('"HumanEval+" = ', f"'{script}' = ")
    text = text.replace('"Evol-Instruct" = ', f"'{script}' = ")
    text = text.replace('benchmark = "mbpp"', f"benchmark = \"mbpp\"\nname = '{script}'")
    size = Size(instructions=4, responses=2, rounds=1, tasks=4, steps=3)
    make_run(folder, size, text)
    place = folder / "round-1/synthesis/main"
    lines = [msgspec.json.encode(one) for one in hostile_records()]
    (place / "responses.jsonl").write_bytes(b"\n".join([*lines, b"{broken", b"\xff\xfe", b"[1]"]))
    lines = [msgspec.json.encode(one) for one in hostile_refusals()]
    (place / "refused.jsonl").write_bytes(b"\n".join(lines))
    training = folder / "round-1/training/main/training.json"
    journal = json.loads(training.read_text())
    journal["attempts"][0]["devices"] = [script, "\u202e\x1b[31m"]
    journal["versions"][script] = script
    training.write_text(json.dumps(journal))
    results = next(folder.glob("round-1/evaluation/main/*/results.json"))
    found = json.loads(results.read_text())
    found["veristone"]["notes"] = [script, "a\nb", "`" * 10]
    results.write_text(json.dumps(found))
    (folder / "round-1/selection/main/funnel.json").write_text('{"recipe": 7}')
    (folder / "round-1/dataset/main/rows/veristone.json").write_text("[" * 100_000)


_FILLERS = {
    "seeds": _seeds,
    "synthesis": _synthesis,
    "selection": _selection,
    "dataset": _dataset,
    "training": _training,
    "evaluation": _evaluation,
}
