"""What kind of task a record asks for: category, difficulty and language, drawn by weights.

StarCoder2-Instruct drew difficulties evenly and always asked for functions; SelfCodeAlign drew
functions twice as often as classes and programs (its fourth kind was a second word for functions).
Both forgot what they had drawn; here it stays in the record.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from veristone.generators.seeds.languages import LANGUAGES, language_named
from veristone.generators.synthesis.hashing import fraction
from veristone.generators.synthesis.records import Record

__all__ = ["Category", "Difficulty", "Properties", "Weight", "chosen"]

Category: TypeAlias = Literal["function", "class", "program"]
Difficulty: TypeAlias = Literal["easy", "medium", "hard"]
Weight: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _some_weight(weights: dict[str, float]) -> dict[str, float]:
    if weights and not sum(weights.values()) > 0:
        raise ValueError("all weights are 0")
    return weights


def _known_languages(weights: dict[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word, weight in weights.items():
        name = language_named(word)
        if name is None:
            raise ValueError(f"no language {word!r}; there are {', '.join(LANGUAGES)}")
        found[name] = found.get(name, 0) + weight
    return found


class Properties(BaseModel):
    """Weights by value, in the recipe as `[stages.properties.categories]` and so on. A table that
    is empty changes nothing: the record keeps what it has."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: Annotated[dict[Category, Weight], AfterValidator(_some_weight)] = Field(
        default_factory=dict[Category, Weight]
    )
    difficulties: Annotated[dict[Difficulty, Weight], AfterValidator(_some_weight)] = Field(
        default_factory=dict[Difficulty, Weight]
    )
    languages: Annotated[
        dict[str, Weight], AfterValidator(_some_weight), AfterValidator(_known_languages)
    ] = Field(default_factory=dict[str, Weight])
    """Of the code that is asked for. Without weights it is the record's: the seed's language."""

    def drawn(self, record: Record, stage: str, random_seed: int) -> Record:
        """Return the record with its properties drawn."""
        key = (random_seed, stage, record.id)
        return msgspec.structs.replace(
            record,
            category=chosen(self.categories, "category", *key) or record.category,
            difficulty=chosen(self.difficulties, "difficulty", *key) or record.difficulty,
            language=chosen(self.languages, "language", *key) or record.language,
        )


def chosen(weights: Mapping[Any, float], *key: str | int) -> str:
    """Return one of the names, by weight, always the same for a key; empty where there are none.

    The order of the names does not matter.
    """
    names = sorted(str(name) for name, weight in weights.items() if weight > 0)
    table: dict[str, float] = {str(name): weight for name, weight in weights.items()}
    point = fraction(*key) * sum(table[name] for name in names)
    for name in names:
        point -= table[name]
        if point < 0:
            return name
    return names[-1] if names else ""
