"""Stop strings, for texts that come from somewhere which did not heed them."""

from collections.abc import Sequence

import msgspec

from veristone import Completion, Generation

__all__ = ["cut", "stop_at"]


def stop_at(text: str, stop: Sequence[str]) -> int | None:
    """Return where the first stop string in a text begins, None if there is none."""
    found = [place for word in stop if word and (place := text.find(word)) >= 0]
    return min(found, default=None)


def cut(generation: Generation, stop: Sequence[str]) -> Generation:
    """Return the generation with every text ended by its first stop string.

    Log-probabilities stay as they are: which of them belong to the rest of a text is not known.
    """
    completions = tuple(_cut(one, stop) for one in generation.completions)
    return msgspec.structs.replace(generation, completions=completions)


def _cut(completion: Completion, stop: Sequence[str]) -> Completion:
    place = stop_at(completion.text, stop)
    if place is None:
        return completion
    text = completion.text[:place]
    return msgspec.structs.replace(completion, text=text, finish_reason="stop")
