"""A recipe: what goes in, the stages in order, and how results are verified.

A recipe is a folder with `recipe.toml` and one Jinja template per stage beside it; those that come
with Veristone lie in `generators/synthesis/recipes/NAME/` and are named without a path. What
`load_recipe` returns holds the texts of templates and examples themselves, so it can be frozen as
one JSON file, and a run never depends on a file that may have changed since.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from veristone import ConfigError
from veristone.generators.synthesis.examples import Example, read_examples
from veristone.generators.synthesis.read_input import AnyInput
from veristone.generators.synthesis.stages.evolve import Evolve
from veristone.generators.synthesis.stages.instructions import Concepts, Instructions, Propose
from veristone.generators.synthesis.stages.responses import ProblemAndSolution, Responses
from veristone.generators.synthesis.stages.solutions import Solutions
from veristone.generators.synthesis.verification import Verify
from veristone.settings import change_texts, read_toml

__all__ = ["AnyStage", "Recipe", "builtin_recipes", "load_recipe"]

AnyStage: TypeAlias = Annotated[
    Concepts | Evolve | Instructions | ProblemAndSolution | Propose | Responses | Solutions,
    Field(discriminator="kind"),
]
_BUILT_IN = Path(__file__).parent / "recipes"
_FILE = "recipe.toml"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_NEEDED = ("seed_code", "concepts", "instruction")
"""Variables of templates that somebody must have given a value."""


class Recipe(BaseModel):
    """What to ask for and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="synthesis", min_length=1)
    random_seed: int = 0
    examples: tuple[Example, ...] = ()
    input: AnyInput
    stages: tuple[AnyStage, ...] = Field(min_length=1)
    verify: Verify = Verify()

    @model_validator(mode="after")
    def _complete_the_stages(self) -> Self:
        """Number stages of one name after the first (`evolve`, `evolve-2`), and hand out the
        examples."""
        if len({example.name for example in self.examples}) < len(self.examples):
            raise ValueError("two examples have the same name")
        stages: list[AnyStage] = []
        for stage in self.stages:
            name, number = stage.name, 1
            while name in [other.name for other in stages]:
                number += 1
                name = f"{stage.name}-{number}"
            if not _NAME.fullmatch(name) or name == "verify":
                raise ValueError(f"stage name {name!r}: letters, digits, - and _, no digit first")
            stages.append(stage.model_copy(update={"name": name}).with_examples(self.examples))
        # Still being made: nobody has seen the recipe with other stages.
        object.__setattr__(self, "stages", tuple(stages))
        return self

    @model_validator(mode="after")
    def _templates_have_what_they_show(self) -> Self:
        given = set(self.input.gives)
        for stage in self.stages:
            for template in stage.templates:
                missing = sorted(template.variables.intersection(_NEEDED) - given)
                if missing:
                    raise ValueError(
                        f"stage {stage.name!r}: {template.name} shows {missing[0]!r}, which neither"
                        " the input nor a stage before it gives"
                    )
            given |= set(stage.gives)
        return self


def builtin_recipes() -> list[str]:
    """Return the names of the recipes that come with Veristone."""
    return sorted(path.parent.name for path in _BUILT_IN.glob(f"*/{_FILE}"))


def load_recipe(name: str) -> dict[str, Any]:
    """Read a recipe's settings: a built-in one by its name, its folder, or its TOML file.

    Files that it names are read into it, relative to its folder: templates (or one of ours, as
    `RECIPE/concepts.jinja`) and the folder of examples (or a set of ours, by its name).

    Raises:
        ConfigError: there is no such recipe, it is no TOML, or a file that it names is missing.
    """
    path = _BUILT_IN / name / _FILE
    if name not in builtin_recipes():
        path = Path(name).expanduser()
        path = path / _FILE if path.is_dir() else path
    settings = read_toml(path, name, what="recipe", known=builtin_recipes())
    if isinstance(settings.get("examples"), str):
        examples = read_examples(settings["examples"], path.parent)
        settings["examples"] = [example.model_dump(mode="json") for example in examples]

    def read(key: str, text: str) -> Any:
        if key == "template" or key.endswith("_template"):
            return {"name": Path(text).name, "text": _template_text(text, path.parent)}
        return text

    return change_texts(settings, read)


def _template_text(name: str, folder: Path) -> str:
    for place in (folder / Path(name).expanduser(), _BUILT_IN / name):
        try:
            return place.read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"template {name}: {error}") from error
    raise ConfigError(f"template {name}: no such file in {folder}")
