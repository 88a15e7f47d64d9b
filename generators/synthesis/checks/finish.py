"""`empty`, `truncated`, `unfinished`: whether there is a text, and whether it is whole."""

from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["finish"]

_ENDED = frozenset({"stop", "eos", "eos_token", "stop_sequence", "end_turn", ""})
"""Words of servers for a model that came to its end, or to a stop string."""


def finish(text: str, finish_reason: str) -> Problem | None:
    """Return why a completion is not to be read: it was cut, ended by its server, or says nothing.

    What can be seen is what counts: zero-width spaces alone are empty.
    """
    if finish_reason == "length":
        return problem("truncated", f"cut after {len(text)} characters")
    if finish_reason not in _ENDED:
        return problem("unfinished", finish_reason)
    if not any(char.isprintable() and not char.isspace() for char in text):
        return problem("empty")
    return None
