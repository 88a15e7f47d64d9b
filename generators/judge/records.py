"""What the judge says of a seed. A wire type: it is kept in files, unknown fields are tolerated."""

import msgspec

__all__ = ["Judgement"]


class Judgement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer about one seed: a probability, neither yes nor no, or refused."""

    seed: str
    """Id of the seed."""
    p_yes: float | None = None
    """Probability of yes among yes and no, 0 to 1; None: the answer was neither, or none came."""
    logp_yes: float | None = None
    """Natural logarithm of the probability of all tokens that say yes; None: the model reported
    none."""
    logp_no: float | None = None
    mass: float = 0.0
    """Probability of yes and no together, before they were brought to 1."""
    refused: str = ""
    """Why there is no answer, a fixed word: `too_long_to_judge`, `request_refused`."""
    detail: str = ""
    """The refusal in words, at most a line."""
