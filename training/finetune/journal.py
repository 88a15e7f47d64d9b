"""`training.json`: everything that a report needs, written while the run goes on.

The file is always whole: it is written beside its place and moved there. Steps that were made after
the last write are lost when a run is killed, and made again when it goes on from its checkpoint,
which is never younger than the file.
"""

from pathlib import Path
from typing import Any, Literal

import msgspec

from veristone import ConfigError
from veristone.files import write_whole

__all__ = ["Attempt", "Evaluation", "Journal", "Step", "read_journal", "write_journal"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One optimizer step."""

    step: int
    epoch: float
    loss: float
    """Mean over the learnt tokens of the whole batch, in nats."""
    learning_rate: float
    grad_norm: float | None
    """Before clipping."""
    tokens: int
    """Seen so far, padding not counted."""


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """A look at the samples that were kept out."""

    step: int
    loss: float
    """Mean over their learnt tokens, in nats."""
    tokens: int


class Attempt(msgspec.Struct, kw_only=True):
    """From one start of the command to its end; a run that was interrupted has several."""

    started_at: str
    """ISO 8601, UTC."""
    devices: list[str]
    processes: int
    from_step: int
    to_step: int
    wall_s: float = 0.0
    """In training, checkpoints and evaluations included; without loading model and data."""
    device_s: float = 0.0
    """Wall time of all devices together."""


class Journal(msgspec.Struct, kw_only=True):
    """A run, so far."""

    version: int = 1
    state: Literal["running", "interrupted", "failed", "finished"] = "running"
    digest: str
    """Of the settings that decide the result."""
    settings: dict[str, Any]
    template: dict[str, Any]
    versions: dict[str, str]
    data: dict[str, Any]
    model: dict[str, Any]
    plan: dict[str, Any]
    attempts: list[Attempt] = []
    steps: list[Step] = []
    evaluations: list[Evaluation] = []
    final: dict[str, Any] = {}

    def finish(self) -> None:
        """Write the numbers of the whole run down, all attempts together."""
        wall_s = round(sum(attempt.wall_s for attempt in self.attempts), 3)
        tokens = self.steps[-1].tokens if self.steps else 0
        recent = [step.loss for step in self.steps[-10:]]
        self.state = "finished"
        self.final = {
            "steps": self.steps[-1].step if self.steps else 0,
            "loss": sum(recent) / len(recent) if recent else None,
            "eval_loss": self.evaluations[-1].loss if self.evaluations else None,
            "tokens": tokens,
            "tokens_per_s": round(tokens / wall_s, 1) if wall_s else None,
            "wall_s": wall_s,
            "device_s": round(sum(attempt.device_s for attempt in self.attempts), 3),
        }


def read_journal(path: Path) -> Journal | None:
    """Return the run's journal, or None where there is none.

    Raises:
        ConfigError: the file is not ours.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Journal)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{path} is not ours ({error}): give another folder") from error


def write_journal(path: Path, journal: Journal) -> None:
    """Write the whole file or, when interrupted, leave the old one."""
    write_whole(path, msgspec.json.format(msgspec.json.encode(journal), indent=1))
