"""What can go wrong in training beyond settings and data.

VeristoneError
└── TrainingFailed      a run cannot go on; the message says why and what to change
"""

from veristone import VeristoneError

__all__ = ["TrainingFailed"]


class TrainingFailed(VeristoneError, RuntimeError):
    """A run cannot go on: the loss is no number any more, or memory ran out."""
