"""Selection: how many of what each gate keeps are really right, and what each rule keeps.

    python -m benchmarks selection [--groups N] [--size N]

CodeGen-16B's solutions and tests for 82 HumanEval tasks (microsoft/CodeT, MIT), put together as a
self-aligning model would have written them: `--size` (default 10) solutions to an instruction,
`--groups` (default 1) instructions a task, and with each solution one to three of the asserts that
the model wrote for that task. Whoever selects sees those asserts only; HumanEval's hidden tests
then say how many of the kept are right.
"""

import argparse
import ast
import asyncio
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from benchmarks.record import machine, rows_of, write
from veristone import AssertsCheck, Decision, Limits, Sample, Verdict, Verifier
from veristone.cli.display import print_table
from veristone.engine import Engine
from veristone.generators.code.completion import asserts_in, with_helpers
from veristone.generators.selection.choice import Choice, ranked
from veristone.generators.selection.duplicates import DuplicateFilter, Duplicates
from veristone.generators.selection.gates import (
    Candidate,
    Gates,
    refusal_by_score,
    refusal_by_text,
)
from veristone.generators.selection.groups import Group, read_groups
from veristone.generators.selection.score_log import ScoreLog, score_groups
from veristone.generators.selection.scoring import Score, Scoring, ScoringPlan
from veristone.generators.synthesis.records import Record, Trace

__all__ = ["DATA", "asserts_of", "build", "main", "measure", "pairs", "written"]

DATA = Path(__file__).parents[2] / "shared" / "data"
_SCORING = Scoring(mutants=6, agreement=True, compared=10)
_LIMITS = Limits(cpu_s=2.0)
"""No task of HumanEval takes a right solution as long; many wrong ones loop for ever."""
_DUPLICATE_RULES = {
    "same instruction": "instruction",
    "same response": "response",
    "function names (StarCoder2-Instruct)": "names",
    "sets of names (SelfCodeAlign)": "name_set",
    "same syntax tree": "tree",
    "similar syntax tree, 0.7": "tree~0.7",
    "similar code, 0.7": "code~0.7",
    "similar response, 0.7": "response~0.7",
    "similar instruction, 0.7": "instruction~0.7",
    "all of StarCoder2-Instruct": "instruction response names",
    "all of SelfCodeAlign": "instruction response name_set instruction~0.7 response~0.7 code~0.7",
    "recipe strong": "instruction~0.7 tree code~0.8",
}


class Pair(NamedTuple):
    """A response and HumanEval's own tests for its task."""

    record: Record
    hidden: str


def pairs(data: Path, groups: int, size: int) -> Iterator[Pair]:
    """Yield responses without verdicts, sorted by id."""
    tasks = {row["entry_point"]: row for row in rows_of(data / "humaneval.jsonl.gz")}
    named = written(data)
    keys = sorted((f"{name}-{group}", name, group) for name in named for group in range(groups))
    for key, name, group in keys:
        prompt, solutions, tests = named[name]
        asserts = asserts_of(tests, name)
        ids = sorted((f"{key}/{number}", group * size + number) for number in range(size))
        for record_id, at in ids:
            code = f"{prompt}{with_helpers(prompt, solutions[at])}\n"
            record = Record(
                id=record_id,
                instruction=_instruction(prompt, name),
                response=f"```python\n{code}```",
                code=code,
                tests="".join(_deal(asserts, at)),
                category="function",
                traces=(Trace(stage="response", model="Salesforce/codegen-16B-mono"),),
            )
            yield Pair(record, f"{tasks[name]['test']}\ncheck({name})\n")


def written(data: Path) -> dict[str, tuple[str, list[str], list[str]]]:
    """Return for each function its prompt, the solutions, and the continuations of `assert `."""
    suites = {
        row["prompt"]: row["samples"]
        for row in rows_of(data / "codegen16b_humaneval_tests.jsonl.gz")
    }
    named: dict[str, tuple[str, list[str], list[str]]] = {}
    for row in rows_of(data / "codegen16b_humaneval_solutions.jsonl.gz"):
        name = re.findall(r"^def (\w+)", row["prompt"], re.MULTILINE)[-1]
        tests = next(found for prompt, found in suites.items() if prompt.startswith(row["prompt"]))
        named[name] = (row["prompt"], row["samples"], tests)
    return named


def _instruction(prompt: str, name: str) -> str:
    tree = ast.parse(prompt)
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
    return f"Write a Python function `{name}`. {ast.get_docstring(function) or ''}".strip()


def asserts_of(samples: Sequence[str], name: str) -> list[str]:
    """Return the whole asserts about a function in continuations of `assert `, in order."""
    return [
        f"{text}\n"
        for sample in samples
        for text in asserts_in(f"assert {sample}")
        if re.search(rf"\b{name}\b", text)
    ]


def _deal(asserts: Sequence[str], at: int) -> list[str]:
    """Return one to three different asserts for the response at a position."""
    count = 1 + at % 3
    # Three responses take six: nobody gets those of another until all are given out.
    start = 6 * (at // 3) + (0, 1, 3)[at % 3]
    dealt = [asserts[(start + step) % len(asserts)] for step in range(count)] if asserts else []
    return list(dict.fromkeys(dealt))


async def build(
    data: Path, verifier: Verifier, path: Path, groups: int, size: int
) -> dict[str, bool]:
    """Write a responses file with real verdicts; return which responses are right."""
    wanted = list(pairs(data, groups, size))
    judged = await _judge(verifier, [(one.record, one.record.tests) for one in wanted])
    hidden = await _judge(verifier, [(one.record, one.hidden) for one in wanted])
    with open(path, "wb") as file:  # noqa: ASYNC230 # a benchmark waits for nobody
        for one, verdict in zip(wanted, judged, strict=True):
            record = msgspec.structs.replace(one.record, verdict=verdict)
            file.write(msgspec.json.encode(record) + b"\n")
    return {
        one.record.id: verdict.decision is Decision.PASS
        for one, verdict in zip(wanted, hidden, strict=True)
        if verdict.decision is not Decision.UNDECIDED
    }


async def _judge(verifier: Verifier, work: Sequence[tuple[Record, str]]) -> list[Verdict]:
    samples = (
        Sample(id=record.id, code=record.code, check=AssertsCheck(tests=tests), limits=_LIMITS)
        for record, tests in work
    )
    return [verdict async for verdict in verifier.verify_stream(samples, ordered=True)]


class Rule(NamedTuple):
    """A way to select."""

    name: str
    gates: Gates = Gates(finished=False)
    choice: Choice = Choice()


_OPEN = Gates(finished=False, min_tests=0)
_ONE = Gates(finished=False, min_asserts=1)
_RULES = (
    Rule("no filter", _OPEN, Choice(pool="any")),
    Rule("failures only", _OPEN, Choice(pool="failures")),
    Rule("passes (the papers' rule)"),
    Rule("passes, shortest", choice=Choice(by="shortest")),
    Rule("at least 1 effective assert", _ONE),
    Rule("at least 2 effective asserts", Gates(finished=False, min_asserts=2)),
    Rule("at least 3 effective asserts", Gates(finished=False, min_asserts=3)),
    Rule("strength 0.5", Gates(finished=False, min_asserts=1, min_strength=0.5)),
    Rule("strength 0.8", Gates(finished=False, min_asserts=1, min_strength=0.8)),
    Rule("chosen by strength", _ONE, Choice(by="strength")),
    Rule("agreement of 2", Gates(finished=False, min_asserts=1, min_agreement=2)),
    Rule("agreement of 3", Gates(finished=False, min_asserts=1, min_agreement=3)),
    Rule("chosen by agreement", _ONE, Choice(by="agreement")),
    Rule(
        "strength 0.5, chosen by agreement",
        Gates(finished=False, min_asserts=1, min_strength=0.5),
        Choice(by="agreement"),
    ),
    Rule(
        "strength 0.5, agreement of 2, chosen by agreement",
        Gates(finished=False, min_asserts=1, min_strength=0.5, min_agreement=2),
        Choice(by="agreement"),
    ),
)


def _apply(
    rule: Rule, groups: Sequence[Group], scores: dict[str, Score], right: dict[str, bool]
) -> dict[str, Any]:
    """Return how many a rule keeps and chooses, and how many of those are right."""
    counts: Counter[str] = Counter()
    for group in groups:
        candidates = [one for record in group.records if (one := _candidate(rule, record, scores))]
        chosen = ranked(candidates, rule.choice, random_seed=0)[: rule.choice.count]
        for name, some in (("kept", candidates), ("chosen", chosen)):
            known = [right[one.record.id] for one in some if one.record.id in right]
            counts[name] += len(known)
            counts[f"{name}_right"] += sum(known)
    return {
        "rule": rule.name,
        **{key: counts[key] for key in ("kept", "kept_right", "chosen", "chosen_right")},
    }


def _candidate(rule: Rule, record: Record, scores: dict[str, Score]) -> Candidate | None:
    decision = record.verdict.decision if record.verdict is not None else Decision.UNDECIDED
    wanted = {"passes": Decision.PASS, "failures": Decision.FAIL}.get(rule.choice.pool, decision)
    if decision is Decision.UNDECIDED or decision is not wanted:
        return None
    found = Candidate.of(record)._replace(score=scores.get(record.id))
    refused = refusal_by_text(rule.gates, found) or refusal_by_score(rule.gates, found)
    return found if refused is None else None


async def measure(data: Path, groups: int, size: int) -> dict[str, Any]:
    """Return everything that is printed."""
    with tempfile.TemporaryDirectory(prefix="selection-") as scratch:
        folder = Path(scratch)
        responses, log = folder / "responses.jsonl", folder / "scores.jsonl"
        async with Engine() as engine:
            right = await build(data, engine, responses, groups, size)
            began = time.monotonic()
            plans = [_plan(group) for group in read_groups(responses)]
            runs = sum(len(plan.runs) for plan in plans)
            lines = (await score_groups(plans, engine, ScoreLog(log, "benchmark"))).values()
            took_s = time.monotonic() - began
        found = list(read_groups(responses))
        scores = {score.id: score for line in lines for score in line.scores}
        doubtful = {name for line in lines for name in line.doubtful}
        passes = [record for group in found for record in group.records if _passed(record)]
    return {
        "instructions": len(found),
        "responses": sum(len(group.records) for group in found),
        "runs": runs,
        "runs_per_s": runs / took_s,
        "rules": [_apply(rule, found, scores, right) for rule in _RULES],
        "strengths": _tally(
            (_strength(score), right[name]) for name, score in scores.items() if name in right
        ),
        "failures": _tally(
            ("behaves like a pass" if one.id in doubtful else reason, right[one.id])
            for group in found
            for one in group.records
            if (reason := _failure(one)) and one.id in right
        ),
        "yields": {"given": len(passes), **_yields(passes)},
    }


def _failure(record: Record) -> str:
    """Return why a response failed; empty where it did not."""
    match record.verdict:
        case Verdict(decision=Decision.FAIL, reason=reason):
            return str(reason)
        case _:
            return ""


def _yields(records: Sequence[Record]) -> dict[str, int]:
    """Return what each of several rules, or chains of rules, keeps of the same responses."""
    kept = dict.fromkeys(_DUPLICATE_RULES, 0)
    for name, words in _DUPLICATE_RULES.items():
        chain = [DuplicateFilter(_rule(word)) for word in words.split()]
        for record in records:
            if all(one.find(record) is None for one in chain):
                kept[name] += 1
                for one in chain:
                    one.add(record)
    return kept


def _rule(word: str) -> Duplicates:
    of, _, threshold = word.partition("~")
    return Duplicates.model_validate({"of": of, "threshold": float(threshold or 1)})


def _plan(group: Group) -> ScoringPlan:
    passes = [record for record in group.records if _passed(record)]
    others = [record for record in group.records if not _passed(record)]
    return ScoringPlan(group.key, passes, others, _SCORING, 0)


def _passed(record: Record) -> bool:
    return record.verdict is not None and record.verdict.decision is Decision.PASS


def _tally(found: Iterable[tuple[str, bool]]) -> dict[str, dict[str, int]]:
    """Return how many there are by name, and how many of them are right."""
    known: dict[str, list[bool]] = {}
    for name, right in found:
        known.setdefault(name, []).append(right)
    return {name: {"number": len(known[name]), "right": sum(known[name])} for name in sorted(known)}


def _strength(score: Score) -> str:
    """Return the tenth that a mutation score lies in."""
    if score.stub_passes:
        return "stub passes"
    return "no mutants" if score.strength is None else f"{int(score.strength * 10) / 10:.1f}"


def show(record: dict[str, Any]) -> None:
    """Print what `measure` found."""
    rows = [
        (
            row["rule"],
            f"{row['kept']:,}",
            _share(row["kept_right"], row["kept"]),
            f"{row['chosen']:,}",
            _share(row["chosen_right"], row["chosen"]),
        )
        for row in record["rules"]
    ]
    title = f"{record['responses']:,} responses, {record['instructions']} instructions"
    columns = ["rule", ">kept", ">of them right", ">chosen", ">of them right"]
    print_table(columns, rows, title=title)
    for title, first in (
        ("passes by mutation score", "strengths"),
        ("failures by reason", "failures"),
    ):
        some = [
            (name, f"{known['number']:,}", _share(known["right"], known["number"]))
            for name, known in record[first].items()
        ]
        print_table([first, ">number", ">really right"], some, title=title)
    kept = [(name, f"{number:,}") for name, number in record["yields"].items()]
    print_table(["rule", ">kept"], kept, title="near-duplicates: passes by each rule")
    print(f"{record['runs']:,} runs, {record['runs_per_s']:.0f} a second")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


async def main(arguments: list[str]) -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(prog="benchmarks selection", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--groups", type=int, default=1)
    parser.add_argument("--size", type=int, default=10)
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        print(f"selection: no data at {options.data}: left out")
        return
    record = {**machine(), **await measure(options.data, options.groups, options.size)}
    show(record)
    print(f"record: {write('selection', record)}")


if __name__ == "__main__":
    asyncio.run(main([]))
