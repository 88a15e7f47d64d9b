"""What the report calls models, rounds and scores."""

from veristone.generators.seeds.report.figures import points, share
from veristone.loop.report.facts import Difference, Result, Score
from veristone.loop.report.reading.run import BASE, MAIN

__all__ = ["between", "model_name", "score_name", "score_text", "span_text"]


def model_name(variant: str, number: int, rounds: int) -> str:
    """Return what a model is called: `base`, `main`, `no-filter, round 2`."""
    if variant == BASE:
        return "base model"
    name = "tuned model" if variant == MAIN else variant
    return f"{name}, round {number}" if rounds > 1 else name


def score_name(score: Score, result: Result) -> str:
    """Return `pass@1`, with the tests where there are two kinds."""
    kinds = {one.tests for one in result.scores}
    return f"pass@{score.k}" + (f" ({score.tests})" if len(kinds) > 1 else "")


def score_text(score: Score) -> str:
    """Return `52.4% [44.5, 60.4]`."""
    return f"{share(score.mean, 1)} {span_text(score)}"


def span_text(score: Score) -> str:
    """Return the interval in per cent: `[44.5, 60.4]`."""
    return f"[{100 * score.low:.1f}, {100 * score.high:.1f}]"


def between(difference: Difference) -> str:
    """Return a difference in points with its interval: `+8.5 [+2.4, +14.6]`."""
    low, high = points(difference.low), points(difference.high)
    return f"{points(difference.mean)} [{low}, {high}]"
