"""The docstring judge's place in a run over seeds: chosen late, opened late."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from veristone import ConfigError
from veristone.generators.judge.judge import ModelJudge
from veristone.generators.judge.records import Judgement
from veristone.generators.models.registry import open_model, parse_model
from veristone.generators.seeds.pipeline.recipe import Recipe
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.judge import DocstringJudgeStep

__all__ = ["LateJudge", "judge_of", "with_judge"]

_LOCAL = ("vllm", "transformers")


def with_judge(recipe: Recipe, words: str) -> Recipe:
    """Return a recipe with this model for its docstring judge.

    Raises:
        ConfigError: the words are no model, or the recipe has no such step.
    """
    asked = {"model": _lasting(words)}
    steps = tuple(
        step.model_copy(update=asked) if isinstance(step, DocstringJudgeStep) else step
        for step in recipe.steps
    )
    if not any(isinstance(step, DocstringJudgeStep) for step in steps):
        raise ConfigError("--judge: the recipe has no step 'docstring_judge' to ask a model")
    return recipe.model_copy(update={"steps": steps})


def _lasting(words: str) -> str:
    """Return the words for a model as they are understood in any folder, also tomorrow."""
    words = words.strip()
    parse_model(words)
    kind, colon, path = words.partition(":")
    if words.endswith(".toml") and kind not in ("http", "https"):
        return str(Path(words).expanduser().absolute())
    if colon and (kind == "replay" or (kind in _LOCAL and Path(path).expanduser().exists())):
        return f"{kind}:{Path(path).expanduser().absolute()}"
    return words


def judge_of(recipe: Recipe) -> str:
    """Return the words for the model that a recipe's docstring judge asks; empty: none.

    Raises:
        ConfigError: two steps ask different ones, or the words are no model.
    """
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

    async def judge(self, seeds: Sequence[Seed]) -> list[Judgement]:
        """Return the judgement of each seed, in order.

        Raises:
            ConfigError, ModelUnavailable, OSError: see `ModelJudge.judge`.
        """
        if self._judge is None:
            model = await self._stack.enter_async_context(open_model(parse_model(self._words)))
            self._judge = ModelJudge(model, folder=self._folder)
        return await self._judge.judge(seeds)
