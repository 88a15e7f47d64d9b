"""`veristone seeds calibrate-judge`: how far a model's judgement can be trusted."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from veristone import ConfigError
from veristone.cli.judging import drawn_note

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers
    from veristone.generators.judge.calibration import AtThreshold, Calibration, Estimate
    from veristone.generators.judge.report import Report

__all__ = ["add_calibration"]

_CALIBRATION = """
Asks a model about functions whose documentation people judged, and says how far its probabilities
can be trusted: before a run, to choose the step's `minimum`, and for every model anew. The set that
comes with Veristone has 144 functions. FILE of --labels has JSON lines of yours,
{"seed": a line of some seeds.jsonl, "enough": true}.

Exit status: 0 done; 1 done, and some functions got no probability; 2 could not start.
"""


def add_calibration(actions: "Subparsers") -> None:
    """Add `calibrate-judge` to the actions of `veristone seeds`."""
    action = actions.add_parser(
        "calibrate-judge",
        help="how far a model's judgement of documentation can be trusted",
        description=_CALIBRATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    action.add_argument("--model", required=True, metavar="MODEL", help="as --judge of `run`")
    action.add_argument("--labels", type=Path, metavar="FILE", help="labelled functions of yours")
    action.add_argument(
        "--precision",
        type=float,
        default=0.9,
        metavar="P",
        help="choose the threshold from which on this share is enough (default: 0.9)",
    )
    action.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("judge-calibration.json"),
        metavar="FILE",
        help="where the figures and every judgement go (default: judge-calibration.json)",
    )
    action.set_defaults(run=calibrate)


async def calibrate(arguments: argparse.Namespace) -> int:
    """Run `calibrate-judge`."""
    import msgspec

    from veristone.files import whole_file
    from veristone.generators.judge.judge import ModelJudge
    from veristone.generators.judge.labelled import BUILT_IN, read_labelled
    from veristone.generators.judge.report import make_report
    from veristone.generators.models.registry import open_model, parse_model

    if not 0 < arguments.precision <= 1:
        raise ConfigError("--precision is above 0 and at most 1")
    labelled = read_labelled(arguments.labels or BUILT_IN)
    async with open_model(parse_model(arguments.model)) as model:
        judge = ModelJudge(model)
        judgements = await judge.judge([one.seed for one in labelled])
        name = model.name
    report = make_report(name, labelled, judgements, precision=arguments.precision)
    try:
        with whole_file(arguments.output) as file:
            file.write(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    except OSError as error:
        raise ConfigError(f"{arguments.output}: {error}") from error
    _print(report)
    print(f"written: {arguments.output}")
    return 1 if report.unjudged else 0


def _print(report: "Report") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"{report.model}: {report.count} labelled functions", markup=False)
    for reason, count in sorted(report.unjudged.items()):
        console.print(f"without a probability: {count} ({reason})", markup=False)
    if report.drawn:
        console.print(drawn_note(report.model), markup=False)
    if report.mean_mass is not None:
        console.print(f"mean probability of yes and no together: {report.mean_mass:.3f}")
    rows = Table("functions", "enough", "AUC", "Brier", "accuracy at 0.5")
    for name, figures in report.figures.items():
        rows.add_row(name, *_summary(figures))
    console.print(rows)
    baselines = Table("without a model", "AUC", "accuracy at 0.5")
    for name, figures in report.baselines.items():
        # Of lengths only the order means something.
        accuracy = _interval(_accuracy(figures)) if name == "always yes" else ""
        baselines.add_row(name, _interval(figures.auc), accuracy)
    console.print(baselines)
    figures = report.figures["all"]
    thresholds = Table("keep from", "kept", "accuracy", "precision", "recall")
    for one in figures.thresholds:
        thresholds.add_row(f"{one.threshold:.1f}", *_at(one))
    if figures.chosen is not None:
        thresholds.add_row(f"{figures.chosen.threshold:.4f}", *_at(figures.chosen), style="bold")
    console.print(thresholds)
    if figures.chosen is None:
        console.print(f"no threshold reaches a precision of {figures.wanted:g}")
    else:
        console.print(
            f"lowest threshold with a precision of {figures.wanted:g}:"
            f" minimum = {figures.chosen.threshold!r} (chosen and measured on the same functions)",
            soft_wrap=True,
        )
    reliability = Table("probability of yes", "count", "mean", "enough")
    for row in figures.bins:
        reliability.add_row(
            f"{row.low:.1f} to {row.high:.1f}",
            str(row.count),
            _number(row.mean),
            _number(row.enough),
        )
    console.print(reliability)


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
    shares = (one.accuracy, one.precision, one.recall)
    return [str(one.kept), *(_interval(share) for share in shares)]


def _interval(figure: "Estimate") -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return _number(figure.value)
    return f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
