"""Which examples a record is shown.

The papers draw new examples in a new order for every prompt, so no two prompts begin alike and a
server's prefix cache finds nothing. Here records share a small number of draws, the decks: prompts
of one deck are equal up to the record. A deck depends on the random seed, the stage and its number;
adding an example to a set changes only the decks that it gets into.
"""

from collections.abc import Sequence

from veristone.generators.synthesis.examples import Example
from veristone.generators.synthesis.hashing import number

__all__ = ["deck_of"]


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

    `decks` is how many different draws there are; 0 makes a draw of its own for every record.
    """
    deck = str(number("deck", random_seed, stage, record_id, below=decks)) if decks else record_id

    def place(example: Example) -> int:
        return number("card", random_seed, stage, deck, example.name, below=1 << 64)

    return sorted(examples, key=lambda example: (place(example), example.name))[:shots]
