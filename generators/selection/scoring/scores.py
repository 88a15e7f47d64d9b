"""What more runs tell about a passing response."""

import msgspec

__all__ = ["GroupScores", "Score"]


class Score(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Numbers for one response. What was not asked for is zero or None."""

    id: str
    mutants: int = 0
    """Changed copies of the solution that got a verdict; the stub is not among them."""
    killed: int = 0
    """Those that the response's own tests noticed."""
    stub_passes: bool = False
    """Whether the tests pass with functions that do nothing."""
    agreeing: int | None = None
    """Solutions that behave alike on all tests of the instruction, this one included."""
    solutions: int = 0
    """Solutions that were compared."""
    shared: int = 0
    """Single tests of the instruction, of all responses, that those solutions pass."""
    failed_again: int = 0
    """Failures among repeated runs."""
    unjudged: int = 0
    """Runs that ended without a verdict; they count nowhere else."""

    @property
    def strength(self) -> float | None:
        """Share of the mutants that were noticed; None where there were none."""
        return self.killed / self.mutants if self.mutants else None


class GroupScores(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of `scores.jsonl`: all scores of one instruction."""

    key: str
    content: str
    """Digest of what was run."""
    scores: tuple[Score, ...] = ()
    doubtful: tuple[str, ...] = ()
    """Failures that behave like a pass on all tests: rather their own tests are wrong."""
