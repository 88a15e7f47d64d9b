"""A recipe: which sources, what is extracted, and the steps in order. One TOML file.

Built-in recipes lie in `generators/seeds/recipes/` and are named without a path.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from veristone import ConfigError
from veristone.generators.seeds.contamination.step import Contamination
from veristone.generators.seeds.duplicates.exact import ExactDuplicates
from veristone.generators.seeds.duplicates.near import NearDuplicates
from veristone.generators.seeds.extract import AnyExtractor
from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.extract.quota import Quota
from veristone.generators.seeds.filters import AnyRule
from veristone.generators.seeds.filters.pyright import Pyright
from veristone.generators.seeds.sandboxed.behaviour import BehaviourStep
from veristone.generators.seeds.sandboxed.judge import DocstringJudgeStep
from veristone.generators.seeds.sources import AnySource
from veristone.settings import change_texts, checked, joined, read_named

__all__ = [
    "AnyStep",
    "Recipe",
    "load_recipe",
    "stored_recipe",
]

AnyStep: TypeAlias = Annotated[
    AnyRule
    | Pyright
    | Contamination
    | ExactDuplicates
    | NearDuplicates
    | Quota
    | BehaviourStep
    | DocstringJudgeStep,
    Field(discriminator="kind"),
]

_BUILT_IN = Path(__file__).parents[1] / "recipes"
_PATHS = frozenset({"path", "paths"})


class Recipe(BaseModel):
    """What to collect and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "seeds"
    part_size: int = Field(default=1000, ge=1)
    """Seeds that are filtered in one go; what an interruption costs, at most, in each process.
    Larger ones save the type checker's start-up (15 ms of CPU a function at 1000, 11 at 2000),
    smaller ones keep all processes busy to the end."""
    sources: tuple[AnySource, ...] = ()
    extract: AnyExtractor = Field(default_factory=Functions)
    steps: tuple[AnyStep, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {twice[0]!r}: give one another `name`")
        return self

    def mining(self) -> list[Any]:
        """Return the settings that decide what is mined, as JSON."""
        data = self.model_dump(mode="json", include={"sources", "extract", "part_size"})
        return [data["sources"], data["extract"], data["part_size"]]


def load_recipe(name: str) -> dict[str, Any]:
    """Read a recipe's settings: a built-in one by its name, or a TOML file.

    Relative paths in a file are meant from the folder that it lies in.

    Raises:
        ConfigError: there is no such recipe, or it is no TOML.
    """
    path, settings = read_named(name, _BUILT_IN, what="recipe")
    return change_texts(
        settings, lambda key, text: joined(path.parent, text) if key in _PATHS else text
    )


def stored_recipe(folder: Path) -> Recipe:
    """Return the recipe that a run's folder was made with.

    Raises:
        ConfigError: no run has begun there, or the file is damaged.
    """
    path = folder / "recipe.json"
    try:
        settings: Any = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigError(
            f"{folder}: no run of ours; begin one with `veristone seeds run`"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return checked(Recipe, settings, str(path))
