"""A whole selection: responses in, rows and products out, and the funnel.

    FOLDER/
      selected.jsonl, preferences.jsonl, kto.jsonl, repairs.jsonl
      rejected.jsonl     every response that was not selected, and why
      funnel.json        written last: it stands for a finished selection
      work/              scores (kept: an interrupted run goes on), what sieves remember

Scores are the dear part; they go into a log, and a run that was interrupted goes on from it. The
rest is read anew each time: 1,500 to 11,000 responses a CPU second (docs/selection.md). All files
appear whole or not at all, and equal input gives equal bytes.

Memory is that of a batch of instructions, whatever the length of the file.
"""

import asyncio
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from veristone import ConfigError, Decision, Verifier, __version__
from veristone.files import only_one, whole_file
from veristone.generators.selection.books import FILES, Books
from veristone.generators.selection.choice import choose
from veristone.generators.selection.compare import Comparison
from veristone.generators.selection.decontamination import Inspector
from veristone.generators.selection.duplicates import Sieve
from veristone.generators.selection.funnel import Funnel
from veristone.generators.selection.gates import GATES, Candidate, Refused, judge_scores, judge_text
from veristone.generators.selection.groups import Group, read_groups
from veristone.generators.selection.limit import Limit
from veristone.generators.selection.products.make import make_products
from veristone.generators.selection.recipe import Recipe
from veristone.generators.selection.rows import Selected
from veristone.generators.selection.scoring.plan import Plan, make_plan
from veristone.generators.selection.scoring.run import ScoreLog, score_all
from veristone.generators.selection.student import show_instruction, show_response
from veristone.generators.synthesis.records import Record

__all__ = ["FILES", "Selection"]

_BATCH = 400
"""Instructions that are in memory together."""
_MOST_BYTES = 1024 * 1024
"""Of a synthesis run's recipe: a larger file is none."""
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class _Weighed:
    """An instruction after the gates and the choice."""

    group: Group
    chosen: list[Candidate]
    passes: list[Record]
    """Those that went through every gate."""
    failures: list[Record]
    doubtful: frozenset[str]
    """Ids of failures that behave like a pass."""
    rows: list[Selected] = field(default_factory=list[Selected])


class Selection:
    """One run of a recipe over one file.

    Args:
        recipe: what to do.
        responses: the file of a synthesis run.
        folder: for the outputs; made if it is not there.
        verifier: needed where the recipe has scores.
        compare: count what each rule for duplicates would keep.
        on_progress: called with a word for what is done and a number of instructions.
    """

    def __init__(
        self,
        recipe: Recipe,
        responses: Path,
        folder: Path,
        *,
        verifier: Verifier | None = None,
        compare: bool = False,
        on_progress: Callable[[str, int], None] = lambda what, done: None,
    ) -> None:
        self._recipe = recipe
        self._responses = responses
        self._folder = folder
        self._work = folder / "work"
        self._verifier = verifier
        self._compare = compare
        self._progress = on_progress
        funnel = Funnel(
            recipe=recipe.name, digest=_digest(recipe), settings=recipe.model_dump(mode="json")
        )
        self._books = Books(funnel, _steps(recipe))

    async def go(self) -> Funnel:
        """Do everything; return the funnel.

        Raises:
            DatasetError: the responses cannot be read.
            ConfigError: a setting is wrong, the verifier is missing, or another process works in
                the folder.
        """
        with only_one(self._folder):
            (self._folder / "funnel.json").unlink(missing_ok=True)
            self._work.mkdir(exist_ok=True)
            scores = await self._score()
            try:
                await self._select(scores)
            finally:
                if scores is not None:
                    scores.close()
            self._books.close()
            self._books.funnel.synthesis = _synthesis(self._responses.parent)
            with whole_file(self._folder / "funnel.json") as file:
                file.write(msgspec.json.format(_encode(self._books.funnel), indent=1))
        return self._books.funnel

    # Scores

    async def _score(self) -> ScoreLog | None:
        recipe = self._recipe
        if not recipe.scores.asks:
            return None
        if self._verifier is None:
            raise ConfigError(f"recipe {recipe.name}: its scores need the verifier")
        path = self._work / "scores.jsonl"
        await score_all(
            self._plans(),
            self._verifier,
            path,
            _digest_of([recipe.scores, recipe.gates, recipe.random_seed]),
            lambda done: self._progress("scored", done),
        )
        return ScoreLog(path)

    def _plans(self) -> Iterator[Plan]:
        recipe = self._recipe
        for group in read_groups(self._responses):
            able: list[Record] = []
            for record in group.records:
                passed = _decision(record) is Decision.PASS
                if passed and isinstance(
                    judge_text(recipe.gates, record, verified=True), Candidate
                ):
                    able.append(record)
            if able:
                ids = {record.id for record in able}
                others = [record for record in group.records if record.id not in ids]
                yield make_plan(group.key, able, others, recipe.scores, recipe.random_seed)

    # Selection

    async def _select(self, scores: ScoreLog | None) -> None:
        recipe = self._recipe
        for old in ("duplicates", "compare"):
            shutil.rmtree(self._work / old, ignore_errors=True)
        sieves = [Sieve(rule, self._work / "duplicates" / rule.name) for rule in recipe.duplicates]
        inspector = Inspector(recipe.decontamination, self._work / "benchmarks")
        comparison = Comparison(self._work / "compare") if self._compare else None
        limit = Limit(recipe.choice.limit, recipe.random_seed)
        with ExitStack() as stack:
            for name in FILES:
                whole = whole_file(self._folder / f"{name}.jsonl")
                self._books.files[name] = stack.enter_context(whole)
            if recipe.choice.limit:
                limit.divert(self._books.files, self._work, stack)
            groups = read_groups(self._responses)
            while batch := list(islice(groups, _BATCH)):
                self._batch(batch, scores, sieves, inspector, comparison, limit)
                self._progress("selected", self._books.funnel.instructions)
                # Where Ctrl-C and SIGTERM come in.
                await asyncio.sleep(0)
            if recipe.choice.limit:
                self._books.lines.subtract(limit.settle(self._books.reject))
        if comparison is not None:
            self._books.funnel.compared, self._books.funnel.yields = (
                comparison.given,
                comparison.kept(),
            )
        for old in ("duplicates", "compare"):
            shutil.rmtree(self._work / old, ignore_errors=True)

    def _batch(
        self,
        groups: Sequence[Group],
        scores: ScoreLog | None,
        sieves: Sequence[Sieve],
        inspector: Inspector,
        comparison: Comparison | None,
        limit: Limit,
    ) -> None:
        weighed = [self._weigh(group, scores) for group in groups]
        live = [(one, candidate) for one in weighed for candidate in one.chosen]
        if comparison is not None:
            comparison.add([candidate.record for _, candidate in live])
        for sieve in sieves:
            found = sieve.judge([candidate.record for _, candidate in live])
            for (_, candidate), duplicate in zip(live, found, strict=True):
                if duplicate is not None:
                    self._books.reject(
                        candidate.record.id, sieve.rule.name, "duplicate", duplicate.detail
                    )
            live = [pair for pair, duplicate in zip(live, found, strict=True) if duplicate is None]
        for one, candidate in live:
            finding = _contamination(inspector, candidate.record)
            if finding is not None:
                self._books.reject(candidate.record.id, "decontamination", *finding)
            elif (row := self._row(one.group.key, candidate)) is not None:
                one.rows.append(row)
                limit.see(row)
                self._books.write("selected", row)
        for one in weighed:
            if one.rows:
                self._make_products(one, inspector)

    def _weigh(self, group: Group, scores: ScoreLog | None) -> _Weighed:
        recipe = self._recipe
        known = scores.of(group.key) if scores is not None else None
        by_id = {score.id: score for score in known.scores} if known is not None else {}
        candidates: list[Candidate] = []
        self._books.funnel.instructions += 1
        self._books.funnel.instructions_passed += any(
            _decision(record) is Decision.PASS for record in group.records
        )
        for record in group.records:
            self._books.read += 1
            if not self._in_pool(record):
                continue
            found = judge_text(recipe.gates, record, verified=recipe.choice.pool == "passes")
            if isinstance(found, Candidate):
                found = Candidate(record, found.asserts, by_id.get(record.id))
                self._note_idle(found)
                refused = judge_scores(recipe.gates, found)
                if refused is None:
                    candidates.append(found)
                    continue
                found = refused
            assert isinstance(found, Refused)
            self._books.reject(record.id, found.gate, found.reason, found.detail)
        chosen = choose(candidates, recipe.choice, recipe.random_seed)
        taken = {candidate.record.id for candidate in chosen}
        for candidate in candidates:
            if candidate.record.id not in taken:
                self._books.reject(candidate.record.id, "choice", "not_chosen")
        passes = [one.record for one in candidates if _decision(one.record) is Decision.PASS]
        failures = [one for one in group.records if _decision(one) is Decision.FAIL]
        doubtful = frozenset(known.doubtful if known is not None else ())
        return _Weighed(group, chosen, passes, failures, doubtful)

    def _in_pool(self, record: Record) -> bool:
        """Tell whether a response may be chosen at all; reject it if not."""
        verdict, pool = record.verdict, self._recipe.choice.pool
        if verdict is None or verdict.decision is Decision.UNDECIDED:
            reason = "no_verdict" if verdict is None else str(verdict.reason)
            self._books.reject(record.id, "verdict", reason)
            return False
        wrong = verdict.decision is (Decision.FAIL if pool == "passes" else Decision.PASS)
        if pool != "any" and wrong:
            self._books.reject(record.id, "passed", str(verdict.reason), _line(verdict.message))
            return False
        return True

    def _note_idle(self, candidate: Candidate) -> None:
        """Count what gates could not judge."""
        gates, score = self._recipe.gates, candidate.score
        self._books.idle["asserts"] += bool(gates.min_asserts) and candidate.asserts is None
        self._books.idle["strength"] += bool(gates.min_strength) and (
            score is None or score.strength is None
        )
        self._books.idle["agreement"] += bool(gates.min_agreement) and (
            score is None or score.solutions < 2
        )
        self._books.idle["stable"] += gates.stable and score is None

    def _row(self, key: str, candidate: Candidate) -> Selected | None:
        """Return the row of a chosen response; None, and rejected, where nothing is left of it."""
        recipe, record = self._recipe, candidate.record
        answer = show_response(record, recipe.student, recipe.random_seed, key)
        question = show_instruction(record, recipe.student, recipe.random_seed, key)
        if not answer.text or not question.text:
            part = "response" if question.text else "instruction"
            self._books.reject(record.id, "student", "empty", f"nothing is left of the {part}")
            return None
        self._books.describe(record)
        score = candidate.score
        return Selected(
            id=record.id,
            group=key,
            instruction=question.text,
            response=answer.text,
            sections=answer.sections,
            shown_tests=question.asserts,
            asserts=candidate.asserts or 0,
            strength=score.strength if score is not None else None,
            agreement=score.agreeing if score is not None else None,
            record=record,
        )

    def _make_products(self, one: _Weighed, inspector: Inspector) -> None:
        made = make_products(
            one.group.key,
            one.rows[0].instruction,
            one.passes,
            one.failures,
            one.doubtful,
            self._recipe,
            inspector,
        )
        for name, rows in made.rows.items():
            for row in rows:
                self._books.write(name, row)
        for name, reasons in made.unused.items():
            self._books.unused.setdefault(name, Counter()).update(reasons)


def _synthesis(folder: Path) -> dict[str, object]:
    """Return what a synthesis run says of itself; empty where it says nothing."""
    found: dict[str, object] = {}
    for name in ("recipe", "counts"):
        path = folder / f"{name}.json"
        with suppress(OSError, ValueError):
            if path.stat().st_size <= _MOST_BYTES:
                found[name] = json.loads(path.read_bytes())
    return found


def _steps(recipe: Recipe) -> list[str]:
    """Return the names of all steps in order."""
    rules = [rule.name for rule in recipe.duplicates]
    end = ["decontamination", "student", *(["limit"] if recipe.choice.limit else [])]
    return ["verdict", "passed", *GATES, "choice", *rules, *end]


def _decision(record: Record) -> Decision:
    return record.verdict.decision if record.verdict is not None else Decision.UNDECIDED


def _contamination(inspector: Inspector, record: Record) -> tuple[str, str] | None:
    # Some of the tests may be shown; those of a benchmark are known by their numbers.
    fenced = f"```\n{record.tests}\n```" if "```" in record.response else record.tests
    return inspector.look(record.instruction, f"{record.response}\n{fenced}", record.language)


def _line(text: str) -> str:
    return " ".join(text.split())[:200]


def _digest(recipe: Recipe) -> str:
    return _digest_of([recipe])


def _digest_of(settings: Sequence[Any]) -> str:
    plain = [one.model_dump(mode="json") if hasattr(one, "model_dump") else one for one in settings]
    text = json.dumps([__version__, plain], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
