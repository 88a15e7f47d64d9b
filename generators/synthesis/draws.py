"""Choices that are the same in every run: numbers out of hashes, never out of a generator's state.

Whatever is drawn for a record (its examples, its difficulty, the seed of its request) depends on
the recipe's random seed, the stage and the record's id alone. So it does not matter in which order,
how often or in how many processes records are worked on.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from veristone.generators.seeds.languages import KnownLanguage
from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.records import Record

__all__ = [
    "Category",
    "Difficulty",
    "Properties",
    "Weight",
    "chosen",
    "deck_of",
    "fraction",
    "number",
]

Category: TypeAlias = Literal["function", "class", "program"]
Difficulty: TypeAlias = Literal["easy", "medium", "hard"]
K = TypeVar("K", bound=str)
Weight: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_BITS = 53
"""What a float holds exactly."""


def number(*parts: str | int, below: int) -> int:
    """Return a number from 0 to `below` - 1, spread evenly over different `parts`."""
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    words = [str(part).encode("utf-8", "surrogatepass") for part in parts]
    data = b"".join(b"%d:%s" % (len(word), word) for word in words)
    return int.from_bytes(hashlib.sha256(data).digest()[:16], "big") % below


def fraction(*parts: str | int) -> float:
    """Return a number from 0 up to, but never, 1."""
    return number(*parts, below=1 << _BITS) / (1 << _BITS)


def chosen(weights: Mapping[Any, float], *key: str | int) -> str:
    """Return one of the names, by weight, always the same for a key; empty where there are none.

    The order of the names does not matter.
    """
    table = sorted((str(name), weight) for name, weight in weights.items() if weight > 0)
    point = fraction(*key) * sum(weight for _, weight in table)
    for name, weight in table:
        point -= weight
        if point < 0:
            return name
    return table[-1][0] if table else ""


def deck_of(
    record_id: str,
    stage: str,
    random_seed: int,
    examples: Sequence[Example],
    *,
    shots: int,
    decks: int,
) -> list[Example]:
    """Return the examples that a record is shown, in the order of the prompt.

    The papers draw new examples in a new order for every prompt, so no two prompts begin alike and
    a server's prefix cache finds nothing. Here records share `decks` different draws: prompts of
    one deck are equal up to the record; 0 makes a draw of its own for every record. Adding an
    example to a set changes only the decks that it gets into.
    """
    deck = str(number("deck", random_seed, stage, record_id, below=decks)) if decks else record_id

    def place(example: Example) -> int:
        return number("card", random_seed, stage, deck, example.name, below=1 << 64)

    return sorted(examples, key=lambda example: (place(example), example.name))[:shots]


def _some_weight(weights: dict[K, float]) -> dict[K, float]:
    if weights and not sum(weights.values()) > 0:
        raise ValueError("all weights are 0")
    return weights


Weights: TypeAlias = Annotated[dict[K, Weight], AfterValidator(_some_weight)]


class Properties(BaseModel):
    """What kind of task a record asks for, drawn by weights: in the recipe as
    `[stages.properties.categories]` and so on. A table that is empty changes nothing: the record
    keeps what it has.

    StarCoder2-Instruct drew difficulties evenly and always asked for functions; SelfCodeAlign drew
    functions twice as often as classes and programs (its fourth kind was a second word for
    functions). Both forgot what they had drawn; here it stays in the record.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: Weights[Category] = {}
    difficulties: Weights[Difficulty] = {}
    languages: Weights[KnownLanguage] = {}
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
