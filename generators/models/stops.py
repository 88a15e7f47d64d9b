"""Stop strings, for texts that come from somewhere which did not heed them."""

from collections.abc import Sequence

import msgspec

from veristone import Completion

__all__ = ["cut", "stop_at"]


def stop_at(text: str, stop: Sequence[str]) -> int | None:
    """Return where the first stop string in a text begins, None if there is none."""
    found = [place for word in stop if word and (place := text.find(word)) >= 0]
    return min(found, default=None)


def cut(completion: Completion, stop: Sequence[str]) -> Completion:
    """Return the completion, ended by the first stop string in its text.

    Log-probabilities stay as they are: which of them belong to the rest of a text is not known.
    """
    place = stop_at(completion.text, stop)
    if place is None:
        return completion
    text = completion.text[:place]
    return msgspec.structs.replace(completion, text=text, finish_reason="stop")
