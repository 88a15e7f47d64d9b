"""The journal of a training: `training.json`, as far as the report goes."""

from typing import Any

import msgspec

from veristone.loop.report.facts import Attempt, Curve, Training
from veristone.loop.report.measures.thin import Measured, thin
from veristone.loop.report.reading.files import as_table, read_struct
from veristone.loop.report.reading.run import Run, StepMark

__all__ = ["TrainingRead", "read_training"]


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    step: int
    loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    tokens: int = 0


class _Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    step: int
    loss: float | None = None


class _Attempt(msgspec.Struct, frozen=True, kw_only=True):
    started_at: str = ""
    devices: list[str] = []
    from_step: int = 0
    to_step: int = 0
    wall_s: float = 0.0
    device_s: float = 0.0


class _Journal(msgspec.Struct, frozen=True, kw_only=True):
    state: str = ""
    versions: dict[str, str] = {}
    data: dict[str, Any] = {}
    plan: dict[str, Any] = {}
    attempts: list[_Attempt] = []
    steps: list[_Step] = []
    evaluations: list[_Evaluation] = []


class TrainingRead(msgspec.Struct, frozen=True, kw_only=True):
    """A journal, read."""

    facts: Training
    read: int
    """Rows in the data, before any was refused."""
    refused: dict[str, int]
    kept_out: int
    """Samples that training does not learn from, for its evaluation."""
    versions: dict[str, str]


def read_training(run: Run, step: StepMark) -> TrainingRead | None:
    """Return what a training step wrote down; None where it wrote nothing."""
    path = run.folder / step.name / "training.json"
    journal = read_struct(path, _Journal, run.trouble)
    if journal is None:
        return None
    refused = as_table(journal.data.get("refused"))
    return TrainingRead(
        facts=Training(
            step=step.name,
            variants=run.users(step),
            round=step.round,
            state=journal.state,
            samples=_number(journal.data, "train_samples"),
            tokens=_number(journal.data, "train_tokens"),
            learnt_tokens=_number(journal.data, "learnt_tokens"),
            steps=max((one.step for one in journal.steps), default=0),
            planned_steps=_number(journal.plan, "steps"),
            seen_tokens=max((one.tokens for one in journal.steps), default=0),
            curves=_curves(journal),
            attempts=[
                Attempt(
                    started_at=one.started_at,
                    devices=one.devices,
                    from_step=one.from_step,
                    to_step=one.to_step,
                    wall_s=one.wall_s,
                    device_s=one.device_s,
                )
                for one in journal.attempts
            ],
        ),
        read=_number(journal.data, "read"),
        refused={name: number for name, number in refused.items() if isinstance(number, int)},
        kept_out=_number(journal.data, "evaluation_samples"),
        versions=journal.versions,
    )


def _curves(journal: _Journal) -> list[Curve]:
    curves = [
        Curve(what="loss", points=_thin([(one.step, one.loss) for one in journal.steps])),
        Curve(
            what="learning_rate",
            points=_thin([(one.step, one.learning_rate) for one in journal.steps]),
        ),
        Curve(what="grad_norm", points=_thin([(one.step, one.grad_norm) for one in journal.steps])),
        Curve(
            what="evaluation_loss",
            points=_thin([(one.step, one.loss) for one in journal.evaluations]),
        ),
    ]
    return [curve for curve in curves if curve.points]


def _thin(values: list[tuple[int, float | None]]) -> Any:
    return thin([Measured(step, value) for step, value in values if value is not None])


def _number(values: dict[str, Any], name: str) -> int:
    found = values.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0
