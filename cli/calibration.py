"""`veristone seeds calibrate-judge`: how far a model's judgement can be trusted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from veristone.cli.display import print_table
from veristone.files import disk_trouble, write_whole

if TYPE_CHECKING:
    from veristone.generators.judge.calibration import AtThreshold, Calibration, Estimate
    from veristone.generators.judge.report import Report

__all__ = ["calibrate"]


async def calibrate(
    model: Annotated[str, typer.Option(metavar="MODEL", help="As --judge of `run`.")],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Labelled functions of yours: JSON lines"
            ' {"seed": a line of some seeds.jsonl, "enough": true}.',
            show_default="ours, 144 of them",
        ),
    ] = None,
    precision: Annotated[
        float,
        typer.Option(
            metavar="P",
            min=0.0,
            max=1.0,
            help="Choose the threshold from which on this share is enough.",
        ),
    ] = 0.9,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="The figures and every judgement."),
    ] = Path("judge-calibration.json"),
) -> int:
    """Say how far a model's judgement of documentation can be trusted.

    Asks a model about functions whose documentation people judged: before a run, to choose the
    step's `minimum`, and for every model anew.

    Exit status: 0 done; 1 done, and some functions got no probability; 2 could not start.
    """
    import msgspec

    from veristone.generators.judge.judge import ModelJudge
    from veristone.generators.judge.labelled import BUILT_IN, read_labelled
    from veristone.generators.judge.report import make_report
    from veristone.generators.models.registry import open_model, parse_model

    labelled = read_labelled(labels or BUILT_IN)
    async with open_model(parse_model(model)) as asked:
        judgements = await ModelJudge(asked).judge([one.seed for one in labelled])
        name = asked.name
    report = make_report(name, labelled, judgements, precision=precision)
    with disk_trouble(output):
        write_whole(output, msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    _print(report)
    print(f"written: {output}")
    return 1 if report.unjudged else 0


def _print(report: "Report") -> None:
    print(f"{report.model}: {report.count} labelled functions")
    for reason, count in sorted(report.unjudged.items()):
        print(f"without a probability: {count} ({reason})")
    if report.mean_mass is not None:
        print(f"mean probability of yes and no together: {report.mean_mass:.3f}")
    print_table(
        ["functions", "enough", "AUC", "Brier", "accuracy at 0.5"],
        [(name, *_summary(figures)) for name, figures in report.figures.items()],
    )
    figures = report.figures["all"]
    rows = [(f"{one.threshold:.1f}", *_at(one)) for one in figures.thresholds]
    if figures.chosen is not None:
        rows.append((f"{figures.chosen.threshold:.4f}", *_at(figures.chosen)))
    print_table(["keep from", "kept", "accuracy", "precision", "recall"], rows)
    if figures.chosen is None:
        print(f"no threshold reaches a precision of {figures.wanted:g}")
    else:
        print(
            f"lowest threshold with a precision of {figures.wanted:g}:"
            f" minimum = {figures.chosen.threshold!r} (chosen and measured on the same functions)"
        )


def _summary(figures: "Calibration") -> list[str]:
    return [
        f"{figures.enough} of {figures.count}",
        _interval(figures.auc),
        _number(figures.brier.value),
        _interval(_accuracy(figures)),
    ]


def _accuracy(figures: "Calibration") -> "Estimate":
    return next(one.accuracy for one in figures.thresholds if one.threshold == 0.5)


def _at(one: "AtThreshold") -> list[str]:
    return [str(one.kept), *map(_interval, (one.accuracy, one.precision, one.recall))]


def _interval(figure: "Estimate") -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return _number(figure.value)
    return f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
