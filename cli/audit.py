"""`veristone audit`: how far the tests of a dataset can be trusted."""

import contextlib
import shlex
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer

from veristone import ConfigError
from veristone.cli.display import Progress, print_table
from veristone.cli.evaluate import BENCHMARKS, need_benchmark
from veristone.cli.options import EngineOptions, Overwrite

if TYPE_CHECKING:
    from veristone.audit.run import Audited
    from veristone.audit.tasks import AuditTask
    from veristone.engine import Engine

__all__ = ["audit"]


async def audit(
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Samples whose code is right, or the tasks of a benchmark."
        ),
    ],
    engine: EngineOptions,
    benchmark: Annotated[
        str,
        typer.Option(metavar="NAME", help=f"Of which FILE has the tasks: {', '.join(BENCHMARKS)}."),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FOLDER", help="Findings.", show_default="FILE_audit"
        ),
    ] = None,
    overwrite: Overwrite = False,
    task: Annotated[
        str, typer.Option(metavar="ID", help="Look at this one alone, and print what is found.")
    ] = "",
    repeats: Annotated[
        int, typer.Option(metavar="N", min=0, help="More runs of each gold solution.")
    ] = 3,
    mutants: Annotated[
        int, typer.Option(metavar="N", min=0, max=200, help="Of each gold solution, at most.")
    ] = 20,
    min_killed: Annotated[
        float,
        typer.Option(metavar="SHARE", min=0, max=1, help="Of the mutants that must be refused."),
    ] = 0.5,
    beside: Annotated[
        Literal["docker", "bubblewrap"] | None,
        typer.Option(help="A second back end, which must say the same."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Tasks at most.")
    ] = None,
) -> int:
    """Audit the tests of a dataset.

    Of every task: does its gold solution pass, each time and in each sandbox, with time to spare;
    do stubs of it fail; how many mutants of it are noticed; do the statement's examples hold. What
    a task has wrong is listed, shown on a page, and can be seen again with --task.

    An interrupted run goes on where it was. Exit status: 0 no task has a fault; 1 some have; 2
    could not start; 130 interrupted.
    """
    from veristone.audit.examine import Questions, examine
    from veristone.audit.run import Audit, audit_file

    tasks = _read(dataset, benchmark)
    if task:
        tasks = [each for each in tasks if each.name == task]
        if not tasks:
            raise ConfigError(f"{dataset}: there is no task {task!r}")
    questions = Questions(repeats=repeats, mutants=mutants, min_killed=min_killed)
    async with _opened(engine, beside) as (verifier, others):
        if task:
            found = await examine(tasks[0], verifier, questions, others)
            print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
            return 1 if found.faults else 0
        wanted = Audit(
            tasks=tasks[:limit],
            dataset=dataset,
            command=_command(dataset, benchmark),
            questions=questions,
            folder=output or dataset.with_name(f"{dataset.name.partition('.')[0]}_audit"),
            overwrite=overwrite,
            workers=2 * verifier.config.sandboxes,
        )
        with Progress(quiet=False) as progress:
            facts, _ = await audit_file(
                wanted,
                verifier,
                others,
                lambda found, done, total: progress.show(
                    "auditing", f"{done:,} of {total:,}  {found.task_id}", done, total
                ),
            )
    _show(facts, wanted.folder)
    return 0 if facts.sound == facts.tasks else 1


def _read(dataset: Path, benchmark: str) -> "list[AuditTask]":
    from veristone.audit.tasks import of_benchmark, of_samples
    from veristone.engine.reading import read_sample
    from veristone.training.evaluation.datasets import load_dataset
    from veristone.training.evaluation.runner import limits_for

    if not benchmark:
        return list(of_samples(dataset, read_sample))
    need_benchmark(benchmark)
    tasks = load_dataset(dataset, benchmark)  # pyright: ignore[reportArgumentType] - looked up above
    found = list(of_benchmark(tasks, limits_for()))
    if not found:
        raise ConfigError(f"{benchmark} has no gold solutions in its file: nothing to audit with")
    return found


@contextlib.asynccontextmanager
async def _opened(
    options: EngineOptions, beside: str | None
) -> "AsyncGenerator[tuple[Engine, list[Engine]]]":
    from veristone.engine import Engine

    settings = options.settings()
    async with contextlib.AsyncExitStack() as stack:
        others: list[Engine] = []
        if beside is not None:
            other = settings.model_copy(update={"backend": beside})
            others.append(await stack.enter_async_context(Engine(other)))
        yield await stack.enter_async_context(Engine(settings)), others


def _command(dataset: Path, benchmark: str) -> str:
    words = ["veristone", "audit", str(dataset)]
    words += ["--benchmark", benchmark] if benchmark else []
    return f"{shlex.join(words)} --task"


def _show(facts: "Audited", folder: Path) -> None:
    from veristone.audit.examine import FAULTS

    def rows() -> Iterator[tuple[str, str, str]]:
        for fault, count in facts.faults.items():
            yield fault, FAULTS[fault], f"{count:,}"  # pyright: ignore[reportArgumentType] - its keys
        yield "", "no fault", f"{facts.sound:,}"

    print_table(["fault", "what it says", ">tasks"], rows(), title=facts.dataset)
    print(f"{facts.runs:,} programs were judged; findings: {folder / 'findings.jsonl'}")
    print(facts.page or f"page: {folder / 'report.html'}")
