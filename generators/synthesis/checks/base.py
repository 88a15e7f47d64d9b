"""What a check says, and all that checks may say."""

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from veristone.text import line

__all__ = ["Check", "Problem", "Reason", "problem"]

Reason: TypeAlias = Literal[
    "empty",
    "truncated",
    "unfinished",
    "too_long",
    "too_short",
    "duplicate",
    "copies_example",
    "copies_seed",
    "leaked_template",
    "wrong_language",
    "wrong_format",
    "no_code",
    "does_not_parse",
    "incomplete",
    "imports",
    "no_tests",
    "vacuous_tests",
    "tests_define_solution",
    "bad_concepts",
    "not_evolved",
]
"""`unfinished`: the model stopped for a reason of its server's, such as a content filter.
`wrong_format`: a section or tag of the answer is missing, doubled or out of order. `not_evolved`:
an evolution says the same again, or answers the task. The others are named after what was found;
each is explained where it is checked."""


class Problem(NamedTuple):
    """Why a text is refused."""

    reason: Reason
    detail: str = ""
    """What exactly was found, for a person: one printable line."""


Check: TypeAlias = Callable[[], Problem | None]


def problem(reason: Reason, detail: str = "") -> Problem:
    """Return a problem whose detail is made fit to be shown."""
    return Problem(reason, line(" ".join(detail[:1000].split()), 120))
