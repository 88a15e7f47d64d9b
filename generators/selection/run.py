"""A whole selection: responses in, rows and products out, and the funnel.

    FOLDER/
      selected.jsonl, preferences.jsonl, kto.jsonl, repairs.jsonl
      rejected.jsonl     every response that was not selected, and why
      funnel.json        written last: it stands for a finished selection
      work/              scores (kept: an interrupted run goes on)

Runs in sandboxes take most of the time; their scores go into a log, and a run that was interrupted
goes on from it. The rest is done anew each time. Equal input gives equal bytes.

Memory is that of a batch of instructions, and what the rules for duplicates remember.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from veristone import ConfigError, Decision, Verifier, __version__
from veristone.files import only_one
from veristone.generators.seeds.contamination.detector import Detector
from veristone.generators.selection.choice import ranked
from veristone.generators.selection.duplicates import DuplicateFilter
from veristone.generators.selection.formatting import show_instruction, show_response
from veristone.generators.selection.funnel import Funnel
from veristone.generators.selection.gates import (
    GATES,
    Candidate,
    Refusal,
    not_judged,
    refusal_by_score,
    refusal_by_text,
)
from veristone.generators.selection.groups import Group, read_groups
from veristone.generators.selection.outputs import FILES, Outputs
from veristone.generators.selection.products import collect_answers, make_products
from veristone.generators.selection.recipe import Recipe
from veristone.generators.selection.rows import Selected
from veristone.generators.selection.score_log import ScoreLog, score_groups
from veristone.generators.selection.scoring import GroupScores, ScoringPlan
from veristone.generators.synthesis.records import Record

__all__ = ["FILES", "Selection"]

_UNWANTED = {"passes": Decision.FAIL, "not_failed": Decision.FAIL, "failures": Decision.PASS}
_BATCH = 64
"""Instructions that are in memory together, and whose runs are under way at once."""


@dataclass(slots=True)
class _Work:
    """An instruction on its way through the steps."""

    group: Group
    candidates: list[Candidate]
    refused: list[tuple[str, Refusal]]
    scores: GroupScores | None = None


class Selection:
    """One run of a recipe over one file.

    Args:
        recipe: what to do.
        responses: the file of a synthesis run.
        folder: for the outputs; made if it is not there.
        verifier: needed where the recipe has scores.
        on_progress: called with the number of instructions that are done.

    Raises:
        ConfigError: the recipe has scores, and there is no verifier.
    """

    def __init__(
        self,
        recipe: Recipe,
        responses: Path,
        folder: Path,
        *,
        verifier: Verifier | None = None,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        if recipe.scores.asks and verifier is None:
            raise ConfigError(f"recipe {recipe.name}: its scores need the verifier")
        self._recipe = recipe
        self._gates = recipe.gates
        if recipe.choice.pool in ("any", "failures"):
            # An ablation: what failed need not show that its tests are any good.
            self._gates = recipe.gates.model_copy(update={"min_tests": 0, "min_asserts": 0})
        self._responses = responses
        self._work = folder / "work"
        self._verifier = verifier
        self._progress = on_progress
        self._detector: Detector | None = None
        self._duplicates = [DuplicateFilter(rule) for rule in recipe.duplicates]
        self._of_instructions = {
            rule.name for rule in recipe.duplicates if rule.of == "instruction"
        }
        settings = recipe.model_dump(mode="json")
        funnel = Funnel(recipe=recipe.name, digest=_digest(settings), settings=settings)
        self._outputs = Outputs(folder, funnel, _steps(recipe))

    async def go(self) -> Funnel:
        """Do everything; return the funnel.

        Raises:
            DatasetError: the responses cannot be read.
            ConfigError: a setting is wrong, or another process works in the folder.
        """
        folder, funnel, choice = self._outputs.folder, self._outputs.funnel, self._recipe.choice
        with only_one(folder):
            (folder / "funnel.json").unlink(missing_ok=True)
            self._work.mkdir(exist_ok=True)
            self._detector = self._recipe.decontamination.detector()
            with self._outputs:
                await self._go_through(read_groups(self._responses))
            if choice.limit:
                self._outputs.keep_some(choice.limit, self._recipe.random_seed)
            funnel.synthesis = _synthesis(self._responses.parent)
            self._outputs.close_funnel()
        return funnel

    async def _go_through(self, groups: Iterator[Group]) -> None:
        log = None
        if self._recipe.scores.asks:
            decisive = {"scores", "gates", "random_seed"}
            settings = self._recipe.model_dump(mode="json", include=decisive)
            log = ScoreLog(self._work / "scores.jsonl", _digest(settings))
        done = 0
        try:
            while batch := [self._begin(group) for group in islice(groups, _BATCH)]:
                if log is not None:
                    await self._score(batch, log)
                for work in batch:
                    self._select(work)
                done += len(batch)
                self._progress(done)
                # Where Ctrl-C and SIGTERM come in.
                await asyncio.sleep(0)
        finally:
            if log is not None:
                log.close()

    def _begin(self, group: Group) -> _Work:
        """Ask the gates that need no scores."""
        work = _Work(group, [], [])
        for record in group.records:
            refused = self._outside_pool(record)
            if refused is None:
                candidate = Candidate.of(record)
                refused = refusal_by_text(self._gates, candidate)
                if refused is None:
                    work.candidates.append(candidate)
                    continue
            work.refused.append((record.id, refused))
        return work

    def _outside_pool(self, record: Record) -> Refusal | None:
        """Return why a response may not be chosen at all."""
        verdict, pool = record.verdict, self._recipe.choice.pool
        languages = self._recipe.choice.languages
        if languages and record.language not in languages:
            return Refusal("language", "other_language", record.language)
        if verdict is None:
            return None if pool in ("any", "not_failed") else Refusal("verdict", "no_verdict")
        if verdict.decision is Decision.UNDECIDED:
            return Refusal("verdict", str(verdict.reason))
        if verdict.decision is _UNWANTED.get(pool):
            message = " ".join(verdict.message.split())[:200]
            return Refusal("passed", str(verdict.reason), message)
        return None

    async def _score(self, batch: list[_Work], log: ScoreLog) -> None:
        assert self._verifier is not None
        plans: list[ScoringPlan] = []
        for work in batch:
            chosen = [one.record for one in work.candidates]
            ids = {record.id for record in chosen}
            others = [record for record in work.group.records if record.id not in ids]
            scoring, seed = self._recipe.scores, self._recipe.random_seed
            plans.append(ScoringPlan(work.group.key, chosen, others, scoring, seed))
        scores = await score_groups(plans, self._verifier, log)
        for work in batch:
            work.scores = scores.get(work.group.key)

    def _select(self, work: _Work) -> None:
        """Take an instruction through the other steps, and write down what becomes of it."""
        outputs, recipe, group = self._outputs, self._recipe, work.group
        outputs.read += len(group.records)
        outputs.funnel.instructions += 1
        outputs.funnel.instructions_passed += any(map(_passed, group.records))
        for record_id, refused in work.refused:
            outputs.reject(record_id, refused)
        candidates = self._ask_about_scores(work)
        rows: list[Selected] = []
        left = ranked(candidates, recipe.choice, recipe.random_seed)
        turns = recipe.choice.count if recipe.choice.before_duplicates else len(left)
        while left and len(rows) < recipe.choice.count and turns:
            one = left.pop(0)
            turns -= 1
            found = self._row(group.key, one)
            if isinstance(found, Refusal):
                outputs.reject(one.record.id, found)
                if found.step in self._of_instructions:
                    break  # the others are no better
                continue
            rows.append(found)
            outputs.write("selected", found)
            for rule in self._duplicates:
                rule.add(one.record)
        for one in left:
            outputs.reject(one.record.id, Refusal("choice", "not_chosen"))
        if rows:
            passes = [one.record for one in candidates if _passed(one.record)]
            self._make_products(work, passes, rows[0].instruction)

    def _ask_about_scores(self, work: _Work) -> list[Candidate]:
        scores = {score.id: score for score in work.scores.scores} if work.scores else {}
        candidates: list[Candidate] = []
        for one in work.candidates:
            scored = one._replace(score=scores.get(one.record.id))
            self._outputs.pass_by(not_judged(self._gates, scored))
            refused = refusal_by_score(self._gates, scored)
            if refused is None:
                candidates.append(scored)
            else:
                self._outputs.reject(one.record.id, refused)
        return candidates

    def _row(self, key: str, candidate: Candidate) -> Selected | Refusal:
        """Return the row of a chosen response, or why there is none."""
        recipe, record = self._recipe, candidate.record
        for one in self._duplicates:
            duplicate = one.find(record)
            if duplicate is not None:
                return Refusal(one.rule.name, "duplicate", duplicate)
        # Some of the tests may be shown; those of a benchmark are known by their numbers.
        fenced = f"```\n{record.tests}\n```" if "```" in record.response else record.tests
        answer = f"{record.response}\n{fenced}"
        if self._detector is not None:
            match = self._detector.check(record.instruction, answer, record.language)
            if match is not None:
                return Refusal("decontamination", match.reason, match.detail)
        shown = show_response(record, recipe.student, recipe.random_seed, key)
        question = show_instruction(record, recipe.student, recipe.random_seed, key)
        if not shown.text or not question.text:
            part = "response" if question.text else "instruction"
            return Refusal("student", "empty", f"nothing is left of the {part}")
        score = candidate.score
        return Selected(
            id=record.id,
            group=key,
            instruction=question.text,
            response=shown.text,
            sections=shown.sections,
            shown_tests=question.asserts,
            asserts=candidate.asserts or 0,
            strength=score.strength if score is not None else None,
            agreement=score.agreeing if score is not None else None,
            record=record,
        )

    def _make_products(self, work: _Work, passes: list[Record], instruction: str) -> None:
        recipe, settings = self._recipe, self._recipe.products
        if not (settings.preferences or settings.kto or settings.repairs):
            return
        answers = collect_answers(
            work.group.key,
            instruction,
            passes,
            [one for one in work.group.records if _failed(one)],
            recipe.student,
            recipe.random_seed,
            work.scores.doubtful if work.scores is not None else (),
        )
        language = passes[0].language if passes else "python"

        def is_clean(text: str) -> bool:
            detector = self._detector
            return detector is None or detector.check(instruction, text, language) is None

        for name, rows in make_products(answers, settings, is_clean).items():
            for row in rows:
                self._outputs.write(name, row)


def _synthesis(folder: Path) -> dict[str, object]:
    """Return what a synthesis run says of itself; empty where it says nothing."""
    found: dict[str, object] = {}
    for name in ("recipe", "counts"):
        with suppress(OSError, ValueError):
            found[name] = json.loads((folder / f"{name}.json").read_bytes())
    return found


def _steps(recipe: Recipe) -> list[str]:
    """Return the names of all steps in order."""
    rules = [rule.name for rule in recipe.duplicates]
    begin = ["language"] if recipe.choice.languages else []
    end = ["decontamination", "student", *(["limit"] if recipe.choice.limit else [])]
    return [*begin, "verdict", "passed", *GATES, "choice", *rules, *end]


def _passed(record: Record) -> bool:
    return record.verdict is not None and record.verdict.decision is Decision.PASS


def _failed(record: Record) -> bool:
    return record.verdict is not None and record.verdict.decision is Decision.FAIL


def _digest(settings: Any) -> str:
    text = json.dumps([__version__, settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
