"""A selection's recipe: one TOML file. Built-in ones lie in `recipes/` and go by their names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from veristone.generators.seeds.contamination.benchmarks import BenchmarkFile, named_benchmarks
from veristone.generators.seeds.contamination.detector import Detector
from veristone.generators.seeds.contamination.step import Contamination
from veristone.generators.selection.choice import Choice
from veristone.generators.selection.duplicates import Duplicates
from veristone.generators.selection.formatting import Formatting
from veristone.generators.selection.gates import Gates
from veristone.generators.selection.products import Products
from veristone.generators.selection.scoring import Scoring
from veristone.settings import change_texts, joined, read_named

__all__ = [
    "Decontamination",
    "Recipe",
    "load_recipe",
    "with_benchmarks",
]

_BUILT_IN = Path(__file__).parent / "recipes"


class Decontamination(BaseModel):
    """Which benchmarks must not be found in what is selected.

    What judges seeds judges what a model made of them: a clean seed can still lead to a benchmark's
    task, and a benchmark's task can be written from memory.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    benchmarks: tuple[BenchmarkFile, ...] = ()
    """None: nothing is looked for, and the card says so."""
    evaluated: tuple[str, ...] = ()
    """Benchmarks that results will be reported on: each must be among `benchmarks`."""

    def detector(self) -> Detector | None:
        """Return what looks for benchmarks' tasks.

        Raises:
            ConfigError: a file is missing or cannot be read, or an evaluated benchmark has none.
        """
        if not (self.benchmarks or self.evaluated):
            return None
        return Contamination(benchmarks=self.benchmarks, evaluated=self.evaluated).detector()


class Recipe(BaseModel):
    """What is selected and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "selection"
    random_seed: int = 0
    gates: Gates = Gates()
    scores: Scoring = Scoring()
    choice: Choice = Choice()
    duplicates: tuple[Duplicates, ...] = ()
    decontamination: Decontamination = Decontamination()
    student: Formatting = Formatting()
    products: Products = Products()

    @model_validator(mode="after")
    def _scores_are_made(self) -> Self:
        """A threshold on what is never measured would let everything through."""
        scores, by = self.scores, self.choice.by
        for setting, asked, measured, name in (
            ("gates.min_strength", self.gates.min_strength, scores.mutants, "mutants"),
            ("choice.by = 'strength'", by == "strength", scores.mutants, "mutants"),
            ("gates.min_agreement", self.gates.min_agreement, scores.agreement, "agreement"),
            (
                "choice.by = 'agreement'",
                by == "agreement",
                scores.agreement,
                "agreement",
            ),
            ("gates.stable", self.gates.stable, scores.repeats, "repeats"),
        ):
            if asked and not measured:
                raise ValueError(f"{setting} needs scores.{name}")
        if self.choice.pool != "passes" and scores.asks:
            raise ValueError("choice.pool: only passes are scored; leave [scores] out")
        names = [rule.name for rule in self.duplicates]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"duplicates: {twice[0]} stands there twice")
        return self


def load_recipe(name: str) -> dict[str, Any]:
    """Read a recipe's settings: a built-in one by its name, or a TOML file.

    Relative paths of benchmarks are meant from the folder that the file lies in.

    Raises:
        ConfigError: there is no such recipe, or it is no TOML.
    """
    path, settings = read_named(name, _BUILT_IN, what="recipe")
    settings.setdefault("name", path.stem)
    return change_texts(
        settings, lambda key, text: joined(path.parent, text) if key == "path" else text
    )


def with_benchmarks(recipe: Recipe, named: Sequence[str]) -> Recipe:
    """Return the recipe with benchmarks (`NAME=FILE`) added.

    Raises:
        ConfigError: one is not of that form.
    """
    before = recipe.decontamination
    benchmarks = (*before.benchmarks, *named_benchmarks(named))
    more = before.model_copy(update={"benchmarks": benchmarks})
    return recipe.model_copy(update={"decontamination": more})
