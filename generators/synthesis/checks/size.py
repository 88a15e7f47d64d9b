"""`too_long`, `too_short`: characters of a part."""

from veristone.generators.synthesis.checks.base import Problem, problem

__all__ = ["size"]


def size(text: str, least: int, most: int, what: str) -> Problem | None:
    """Return whether `what` is shorter or longer than it may be, blanks around it aside."""
    characters = len(text.strip())
    if not characters:
        return problem("empty", f"no {what}")
    if characters < least:
        return problem("too_short", f"{what}: {characters} characters, {least} at least")
    if characters > most:
        return problem("too_long", f"{what}: {characters} characters, {most} at most")
    return None
