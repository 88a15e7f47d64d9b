"""`veristone show`: read some of what lies in a folder of ours.

Shown are the items with the smallest digests: the same ones each time, and a fair sample. What
models and corpora write may move a terminal's cursor or worse: nothing is printed that is not made
visible first (`veristone.text`).
"""

import hashlib
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from heapq import nsmallest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from veristone import ConfigError
from veristone.cli.options import Folder, Limit
from veristone.extras import need_modules
from veristone.files import disk_trouble
from veristone.text import excerpt, line, near

if TYPE_CHECKING:
    from veristone import Verdict
    from veristone.generators.seeds.records import Rejection, Seed
    from veristone.generators.synthesis.pipeline.folder import RunFolder
    from veristone.generators.synthesis.records import Record, Refusal

__all__ = ["show"]

_LINES, _WIDTH = 60, 200


class _Item(NamedTuple):
    """Something to read: a sort key, a heading and the lines below it."""

    order: str
    head: str
    body: list[str]


class _Wanted(NamedTuple):
    """What is asked for; None: any."""

    stage: str | None
    reason: str | None
    decision: str | None
    language: str | None


async def show(
    folder: Folder,
    limit: Limit = 20,
    stage: Annotated[
        str | None,
        typer.Option("--stage", "--step", help="What this stage or step made or rejected."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="What was refused, or failed, for this reason.")
    ] = None,
    decision: Annotated[
        Literal["pass", "fail"] | None, typer.Option(help="Only with this verdict.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Only of this language.")] = None,
) -> int:
    """Read some of what a run made.

    Prints a fair sample, the same each time, of what a run of `veristone generate` made (also while
    it works), or of what a run of `veristone seeds` found. Without options: what came out at the
    end.

    \b
    veristone show FOLDER --stage instructions        kept and refused, as the model wrote them
    veristone show FOLDER --reason truncated          what was refused for this reason
    veristone show FOLDER --decision fail             responses whose tests failed
    veristone show FOLDER --reason assertion_failed   those that failed in this way
    """
    from veristone.generators.synthesis.pipeline.folder import is_run

    wanted = _Wanted(stage, reason, decision, language)
    items = _records(folder, wanted) if is_run(folder) else _seeds(folder, wanted)
    best: list[_Item] = []
    total = 0
    with disk_trouble(folder):
        async for item in items:
            total += 1
            best.append(item)
            if len(best) >= 4 * limit:
                best = nsmallest(limit, best)
    for item in nsmallest(limit, best):
        print("\n".join([f"── {item.head}", *(f"   {row}".rstrip() for row in item.body), ""]))
    print(f"{min(limit, total):,} of {total:,}", file=sys.stderr)
    return 0


def _known(stage: str | None, stages: list[str]) -> None:
    if stage is not None and stage not in stages:
        told = f"--stage {stage}: the run's are {', '.join(stages)}"
        raise ConfigError(told + near(stage, stages))


# Seeds -----------------------------------------------------------------------------------------


async def _seeds(folder: Path, wanted: _Wanted) -> AsyncIterator[_Item]:
    need_modules("veristone.generators.seeds.pipeline.run", extra="seeds")
    from veristone.generators.seeds.funnel import key
    from veristone.generators.seeds.pipeline.recipe import stored_recipe

    if not (folder / "recipe.json").exists():
        raise ConfigError(f"{folder}: no run of `veristone generate` or `veristone seeds`")
    if wanted.decision is not None:
        raise ConfigError(f"{folder} holds seeds, which have no verdicts: leave --decision out")
    _known(wanted.stage, ["read", *(step.kind for step in stored_recipe(folder).steps)])
    rejected = wanted.stage or wanted.reason
    for item in _rejections(folder, wanted) if rejected else _found(folder):
        if wanted.language in (None, _language(item)):
            yield _Item(key(item), *_seed_rows(item))


def _found(folder: Path) -> "Iterator[Seed]":
    from veristone.generators.seeds.pipeline.storage import StageFolder, read_seeds, stage_folders

    stages = stage_folders(folder)
    if (folder / "seeds.jsonl").exists():
        yield from read_seeds(folder / "seeds.jsonl")
    elif stages:
        stage = StageFolder(stages[-1])
        for number in stage.done():
            yield from stage.seeds(number)


def _rejections(folder: Path, wanted: _Wanted) -> "Iterator[Rejection]":
    from veristone.generators.seeds.pipeline.storage import StageFolder, stage_folders

    for path in stage_folders(folder):
        stage = StageFolder(path)
        for number in stage.done():
            for rejection in stage.rejections(number):
                if wanted.stage in (None, rejection.step) and wanted.reason in (
                    None,
                    rejection.reason,
                ):
                    yield rejection


def _language(item: "Rejection | Seed") -> str:
    from veristone.generators.seeds.records import Rejection

    seed = item.seed if isinstance(item, Rejection) else item
    return seed.language if seed is not None else ""


def _seed_rows(item: "Rejection | Seed") -> tuple[str, list[str]]:
    from veristone.generators.seeds.records import Rejection

    where = item.provenance
    place = " ".join(filter(None, (where.repository, where.path)))
    if where.start_line:
        place += f":{where.start_line}"
    rows: list[str] = []
    seed = item
    if isinstance(item, Rejection):
        rows.append(f"rejected by {item.step}: {item.reason}  {line(item.detail)}")
        seed = item.seed
    if seed is not None and not isinstance(seed, Rejection):
        rows += excerpt(seed.text, _LINES, _WIDTH).split("\n")
    return f"{line(place)}  {line(', '.join(where.licences))}", rows


# Synthesis -------------------------------------------------------------------------------------


class _Made(NamedTuple):
    """One thing that a stage made: a record, or a refusal."""

    stage: str
    record: "Record"
    refusal: "Refusal | None" = None


async def _records(path: Path, wanted: _Wanted) -> AsyncIterator[_Item]:
    from veristone.generators.synthesis.pipeline.folder import find

    folder = find(path)
    _known(wanted.stage, [*folder.stages])
    if wanted.stage is None and wanted.reason is None:
        found = _stored(folder, await _last(folder))
    else:
        found = _stored(folder, [wanted.stage] if wanted.stage else [*folder.stages])
    async for made in found:
        if _fits(made, wanted):
            digest = hashlib.blake2b(f"{made.stage}\0{made.record.id}".encode(), digest_size=16)
            yield _Item(digest.hexdigest(), *_record_rows(made))


def _fits(made: _Made, wanted: _Wanted) -> bool:
    verdict = made.record.verdict
    reason = made.refusal.reason if made.refusal else verdict.reason if verdict else None
    return (
        wanted.stage in (None, made.stage)
        and wanted.reason in (None, reason)
        and wanted.decision in (None, verdict.decision if verdict else "")
        and wanted.language in (None, made.record.language)
    )


async def _last(folder: "RunFolder") -> list[str]:
    """The last stage that made something."""
    async with folder.open() as chain:
        return [stage.stage for stage in await chain.look() if stage.count("given")][-1:]


async def _stored(folder: "RunFolder", stages: list[str]) -> AsyncGenerator[_Made]:
    async with folder.open() as chain:
        for stage in stages:
            async for result in chain.results(stage):
                for record in result.kept:
                    yield _Made(stage, record)
                for refusal in result.refused:
                    yield _Made(stage, refusal.record, refusal)


def _record_rows(made: _Made) -> tuple[str, list[str]]:
    record, refusal = made.record, made.refusal
    facts = (made.stage, record.language, record.category, record.difficulty)
    head = f"{line(record.id)}  {line(' · '.join(filter(None, facts)))}"
    rows: list[str] = []
    if refusal is not None:
        rows.append(f"refused: {line(refusal.reason)}  {line(refusal.detail)}")
        if refusal.finish_reason:
            rows.append(f"the model ended with: {line(refusal.finish_reason)}")
        if record.instruction != refusal.text:
            rows += _block("instruction", record.instruction)
        rows += _block("the model wrote", refusal.text)
    else:
        if record.seed is not None and not (record.response or record.code):
            rows += _block("seed", record.seed.text)
        if record.concepts:
            rows.append(f"concepts: {line(', '.join(record.concepts), 400)}")
        rows += (f"before {line(e.method, 60)}: {line(e.instruction)}" for e in record.history)
        rows += _block("instruction", record.instruction)
        rows += _block("response", record.response)
        if record.code.strip() not in record.response:
            rows += _block("code", record.code)
        rows += _block("tests", record.tests)
    if record.verdict is not None:
        rows += _verdict_rows(record.verdict)
    return head, rows


def _verdict_rows(verdict: "Verdict") -> list[str]:
    rows = [f"{verdict.decision}: {verdict.reason}, {verdict.passed} of {verdict.total} tests"]
    if verdict.message:
        rows.append(line(verdict.message))
    failed = (t for t in verdict.tests if not t.passed and t.message not in verdict.message)
    if (test := next(failed, None)) is not None:
        rows.append(f"{line(test.name, 60)}: {line(test.message)}")
    return rows


def _block(title: str, text: str) -> list[str]:
    if not text.strip():
        return []
    rows = excerpt(text.strip("\n"), _LINES, _WIDTH).split("\n")
    return [f"{title}:", *(f"│ {row}" for row in rows)]
