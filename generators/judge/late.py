"""The docstring judge's place in a run over seeds: chosen late, opened late."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from veristone import ConfigError

if TYPE_CHECKING:
    from veristone.generators.judge.judge import ModelJudge
    from veristone.generators.judge.records import Judgement
    from veristone.generators.seeds.pipeline.recipe import Recipe
    from veristone.generators.seeds.records import Seed

__all__ = ["JUDGEMENTS", "LateJudge", "drawn_note", "judge_of", "with_judge"]

JUDGEMENTS = "judgements"
"""Folder of a run that keeps what the judge answered, whatever is done anew."""
_STEP = "docstring_judge"
_LOCAL = ("vllm", "transformers")


def with_judge(settings: Mapping[str, Any], words: str) -> dict[str, Any]:
    """Return a recipe's settings with this model for its docstring judge.

    Raises:
        ConfigError: the words are no model, or the recipe has no such step.
    """
    words = _lasting(words)
    found: Any = settings.get("steps", [])
    steps: list[Any] = list(found) if isinstance(found, list) else []  # pyright: ignore[reportUnknownArgumentType] - not checked yet
    judges = [place for place, step in enumerate(steps) if _is_judge(step)]
    if not judges:
        raise ConfigError(f"--judge: the recipe has no step {_STEP!r} to ask a model")
    for place in judges:
        steps[place] = {**steps[place], "model": words}
    return {**settings, "steps": steps}


def _is_judge(step: Any) -> bool:
    return isinstance(step, dict) and ("kind", _STEP) in step.items()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - not checked yet


def _lasting(words: str) -> str:
    """Return the words for a model as they are understood in any folder, also tomorrow."""
    from veristone.generators.models.registry import parse_model

    words = words.strip()
    parse_model(words)
    kind, colon, path = words.partition(":")
    if words.endswith(".toml") and kind not in ("http", "https"):
        return str(Path(words).expanduser().absolute())
    if colon and (kind == "replay" or (kind in _LOCAL and Path(path).expanduser().exists())):
        return f"{kind}:{Path(path).expanduser().absolute()}"
    return words


def judge_of(recipe: "Recipe") -> str:
    """Return the words for the model that a recipe's docstring judge asks; empty: none.

    Raises:
        ConfigError: two steps ask different ones, or the words are no model.
    """
    from veristone.generators.models.registry import parse_model
    from veristone.generators.seeds.sandboxed.judge import DocstringJudgeStep

    models = {step.model for step in recipe.steps if isinstance(step, DocstringJudgeStep)} - {""}
    if len(models) > 1:
        raise ConfigError(f"the recipe's judges ask several models ({', '.join(sorted(models))})")
    for words in models:
        parse_model(words)
    return next(iter(models), "")


class LateJudge:
    """A judge whose model is opened with the first question.

    A model takes minutes to load; the filters before it take hours, and a stage that is done asks
    nothing.
    """

    def __init__(self, words: str, folder: Path, stack: AsyncExitStack) -> None:
        self._words = words
        self._folder = folder
        self._stack = stack
        self._judge: ModelJudge | None = None

    async def judge(self, seeds: "Sequence[Seed]") -> "list[Judgement]":
        """Return the judgement of each seed, in order.

        Raises:
            ConfigError, ModelUnavailable, OSError: see `ModelJudge.judge`.
        """
        if self._judge is None:
            from veristone.generators.judge.judge import ModelJudge
            from veristone.generators.models.registry import open_model, parse_model

            model = await self._stack.enter_async_context(open_model(parse_model(self._words)))
            self._judge = ModelJudge(model, folder=self._folder)
        return await self._judge.judge(seeds)

    def note(self) -> str:
        """Say how probabilities were had, where that was the poorer way."""
        drawn = self._judge is not None and self._judge.draws
        return drawn_note(self._words) if drawn else ""


def drawn_note(model: str) -> str:
    """Return what is said of a model that reports no log-probabilities."""
    return (
        f"{model} reports no log-probabilities: the judge drew whole answers and counted them,"
        " which is dearer and coarser"
    )
