"""Verdicts computed again, and compared: `veristone replay` as a library call.

What counts is the decision, and the reason. Times, memory and texts are nobody's promise.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from veristone import DatasetError, InvalidSample, Sample, Verdict, Verifier
from veristone.engine.reading import read_sample
from veristone.files import read_bytes

__all__ = ["Difference", "Replayed", "replay"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A sample that is judged otherwise than it was."""

    before: Verdict
    now: Verdict


@dataclass(slots=True)
class Replayed:
    """What came out."""

    verdicts: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])
    changed: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """What was not as it had been, beside the samples: version, image, python, backend,
    cpu_factor (to two places: it is measured at each start)."""


async def replay(
    samples: Path,
    verdicts: Path,
    verifier: Verifier,
    on_verdict: Callable[[Replayed], None] = lambda so_far: None,
) -> Replayed:
    """Judge the samples of recorded verdicts again.

    Args:
        samples: JSON Lines, of which the verdicts were made.
        verdicts: what `veristone verify` wrote, in the same order; a file that breaks off is
            compared as far as it goes.
        verifier: judges.
        on_verdict: called after each, always with the same object.

    Raises:
        DatasetError: a file cannot be read, or the verdicts are not those of the samples.
    """
    found = Replayed()
    recorded: list[Verdict] = []

    def again() -> Iterator[Sample]:
        for sample, verdict in _pairs(samples, verdicts):
            recorded.append(verdict)
            yield sample

    async for now in _judged(verifier, again()):
        before = recorded[found.verdicts]
        found.verdicts += 1
        if before.reason is not now.reason:
            found.differences.append(Difference(before, now))
        _note(found, before, now)
        on_verdict(found)
    return found


async def _judged(verifier: Verifier, samples: Iterator[Sample]) -> AsyncIterator[Verdict]:
    async for verdict in verifier.verify_stream(samples, ordered=True):
        yield verdict


def _pairs(samples: Path, verdicts: Path) -> Iterator[tuple[Sample, Verdict]]:
    """Yield each sample with its verdict; lines that were rejected have none."""
    lines = [line for line in read_bytes(samples).split(b"\n") if line.strip()]
    records = read_bytes(verdicts).split(b"\n")[:-1]
    if len(records) > len(lines):
        raise DatasetError(f"{verdicts} has more records than {samples} has samples")
    for number, (line, record) in enumerate(zip(lines, records, strict=False), 1):
        try:
            if "rejected" in msgspec.json.decode(record):
                continue
            verdict = msgspec.json.decode(record, type=Verdict)
            sample = read_sample(line)
        except (msgspec.MsgspecError, InvalidSample, TypeError) as error:
            raise DatasetError(
                f"{verdicts}:{number}: not a verdict of {samples}: {error}"
            ) from error
        known = verdict.provenance
        if sample.id != verdict.id or (known is not None and known.sample != sample.digest()):
            raise DatasetError(f"{verdicts}:{number}: {verdict.id!r} was made of another sample")
        yield sample, verdict


def _note(found: Replayed, before: Verdict, now: Verdict) -> None:
    pairs = {"version": (before.version, now.version)}
    if before.isolation is not None and now.isolation is not None:
        pairs["backend"] = (before.isolation.backend, now.isolation.backend)
    if before.provenance is not None and now.provenance is not None:
        pairs["image"] = (before.provenance.image, now.provenance.image)
        pairs["python"] = (before.provenance.python, now.provenance.python)
        factors = (before.provenance.cpu_factor, now.provenance.cpu_factor)
        pairs["cpu_factor"] = (f"{factors[0]:.2f}", f"{factors[1]:.2f}")
    for name, (then, today) in pairs.items():
        if then != today:
            found.changed.setdefault(name, (then, today))
