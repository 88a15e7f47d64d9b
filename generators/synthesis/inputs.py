"""Where a recipe's records come from, as its `[input]` says it."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator

from veristone.generators.seeds.languages import LANGUAGES, language_named

__all__ = ["AnyInput", "Draws", "InstructionsInput", "Seeds", "Tasks"]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    gives: ClassVar[tuple[str, ...]] = ()
    """Variables of templates that have a value from the start."""

    language: str = "python"
    """Of records whose input does not say theirs."""

    @field_validator("language")
    @classmethod
    def _our_name(cls, value: str) -> str:
        name = language_named(value)
        if name is None:
            raise ValueError(f"no language {value!r}; there are {', '.join(LANGUAGES)}")
        return name


class Seeds(_Input):
    """What `veristone seeds` wrote, or any JSON lines or parquet file with code in a column
    `content`, `code` or `seed`."""

    gives: ClassVar[tuple[str, ...]] = ("seed_code",)

    kind: Literal["seeds"] = "seeds"


class InstructionsInput(_Input):
    """JSON lines or parquet with a column `instruction`, `problem` or `prompt`."""

    gives: ClassVar[tuple[str, ...]] = ("instruction",)

    kind: Literal["instructions"] = "instructions"


class Draws(_Input):
    """No file: so many empty records."""

    kind: Literal["draws"] = "draws"
    count: int = Field(ge=1)


class Tasks(_Input):
    """JSON lines of functions to complete: `id` (or `task_id`), `prompt` and `entry_point`, which
    is the last function of the prompt where it is not given."""

    gives: ClassVar[tuple[str, ...]] = ("seed_code", "instruction")

    kind: Literal["tasks"] = "tasks"


AnyInput: TypeAlias = Annotated[
    Seeds | InstructionsInput | Draws | Tasks, Field(discriminator="kind")
]
