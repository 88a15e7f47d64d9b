"""Graders of OpenEnv's validation (RFC 008) that a verifier can answer.

They look at packages whose oracle and canaries are files of samples (JSON Lines, docs/wire.md):
`capabilities.oracle.location` names one of gold solutions, `capabilities.canaries` one of answers
that must earn nothing. Both lie in the package.

| check | asks |
| --- | --- |
| `semantic.oracle_max` | does every gold solution earn the most? |
| `semantic.floor_gap` | do stubs that return any constant earn the least? |
| `semantic.canary_floor` | does a canary earn anything? |
| `semantic.verifier_determinism` | does every one of them earn the same three times? |

Found by the entry points `openenv.validation.graders`; the service is named by ``VERISTONE_URL``.
Where it has no verdict the check is an ERROR, which is neither PASS nor FAIL. For openenv 0.10.0,
whose `openenv validate` runs no semantic check and loads no entry point yet: there only
`GraderRegistry.load_entry_points` finds them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from openenv.validation import CheckResult, CheckStatus, Level, NormalizedManifest, Subject

from veristone import (
    Client,
    Decision,
    InvalidSample,
    Sample,
    SandboxFailure,
    Verdict,
    VeristoneError,
)
from veristone.files import read_rows
from veristone.generators.code.stubs import against_stubs, stubbed
from veristone.integrations.asking import service_token, service_urls

__all__ = ["CanaryFloor", "FloorGap", "OracleMax", "VerifierDeterminism"]

_TIMES = 3
_SHOWN = 20


class _Found(NamedTuple):
    """What a check measured, and what is wrong."""

    measured: dict[str, Any]
    problems: list[str]
    remediation: str


class _Grader:
    """What the graders share: see `openenv.validation.Grader`."""

    check_id = ""
    level = Level.SEMANTIC
    requires_capabilities: frozenset[str] = frozenset({"oracle"})
    requires_provider: frozenset[Any] = frozenset()
    depends_on: tuple[str, ...] = ()

    def __init__(self, client: Callable[[], Client] | None = None) -> None:
        self._client = client or (lambda: Client(*service_urls(), token=service_token()))

    def applies_to(self, manifest: NormalizedManifest) -> bool:
        """Return whether the package's oracle is a file of samples."""
        oracle = manifest.capabilities.oracle
        return oracle is not None and oracle.location.endswith(".jsonl")

    def run(self, subject: Subject) -> CheckResult:
        """Ask the service about the package's samples."""
        started = time.monotonic()
        try:
            found = asyncio.run(self._run(subject))
        except VeristoneError as error:
            return self._result(CheckStatus.ERROR, started, evidence=[str(error)])
        status = CheckStatus.FAIL if found.problems else CheckStatus.PASS
        return self._result(
            status,
            started,
            measured=found.measured,
            evidence=found.problems[:_SHOWN] or ["holds for every sample"],
            remediation=found.remediation if found.problems else None,
        )

    def _result(self, status: CheckStatus, started: float, **more: Any) -> CheckResult:
        took_s = time.monotonic() - started
        return CheckResult(check_id=self.check_id, status=status, duration_s=took_s, **more)

    async def _run(self, subject: Subject) -> _Found:
        async with self._client() as client:
            return await self._grade(subject, client)

    async def _grade(self, subject: Subject, client: Client) -> _Found:
        raise NotImplementedError


class OracleMax(_Grader):
    """Every gold solution earns the most, less the tolerance."""

    check_id = "semantic.oracle_max"

    async def _grade(self, subject: Subject, client: Client) -> _Found:
        verdicts = await _judged(client, _oracle(subject))
        rewards = [_reward(subject, verdict) for verdict in verdicts]
        reward = subject.manifest.reward
        least = reward.range[1] - reward.oracle_tolerance
        problems = [
            f"{verdict.id}: {verdict.reason}: {verdict.message}"
            for verdict, earned in zip(verdicts, rewards, strict=True)
            if earned < least
        ]
        measured = {"solutions": len(rewards), "oracle_reward": min(rewards)}
        return _Found(measured, problems, "mend the gold solutions, or the tests that fail them")


class FloorGap(_Grader):
    """No task gives the most to stubs of its gold solution that return any constant."""

    check_id = "semantic.floor_gap"
    depends_on = ("semantic.oracle_max",)

    async def _grade(self, subject: Subject, client: Client) -> _Found:
        samples = _oracle(subject)
        problems: list[str] = []
        counted = 0
        for sample in samples:
            found = await against_stubs(sample.code, _passes(client, sample), stubbed)
            if found is None:
                continue
            counted += 1
            if found.vacuous:
                said = " or ".join(found.constants)
                problems.append(f"{sample.id}: passes where every function returns {said}")
        measured = {"solutions": len(samples), "stubbed": counted}
        return _Found(measured, problems, "give the tasks tests that look at values")


class CanaryFloor(_Grader):
    """No canary earns more than the least."""

    check_id = "semantic.canary_floor"
    requires_capabilities = frozenset({"oracle", "canaries"})

    async def _grade(self, subject: Subject, client: Client) -> _Found:
        verdicts = await _judged(client, _canaries(subject))
        problems = [f"{one.id}: passes" for one in verdicts if one.decision is Decision.PASS]
        return _Found({"canaries": len(verdicts)}, problems, "judge what the canary gets around")


class VerifierDeterminism(_Grader):
    """Gold solutions and canaries earn the same each time."""

    check_id = "semantic.verifier_determinism"

    async def _grade(self, subject: Subject, client: Client) -> _Found:
        samples = [*_oracle(subject), *_canaries(subject)]
        seen: list[set[str]] = [set() for _ in samples]
        for _ in range(_TIMES):
            for reasons, verdict in zip(seen, await _judged(client, samples), strict=True):
                reasons.add(str(verdict.reason))
        problems = [
            f"{sample.id}: {', '.join(sorted(reasons))}"
            for sample, reasons in zip(samples, seen, strict=True)
            if len(reasons) > 1
        ]
        measured = {"samples": len(samples), "times": _TIMES}
        return _Found(measured, problems, "take clocks, random numbers and order out of the tests")


def _oracle(subject: Subject) -> list[Sample]:
    oracle = subject.manifest.capabilities.oracle
    return _samples(subject, oracle.location if oracle is not None else "")


def _canaries(subject: Subject) -> list[Sample]:
    named = subject.manifest.capabilities.canaries
    return _samples(subject, named) if named else []


def _samples(subject: Subject, location: str) -> list[Sample]:
    """Return the samples in a file of the package.

    Raises:
        InvalidSample: it lies outside, is empty, or a line is no sample.
    """
    root = Path(subject.root).resolve()
    path = (root / location).resolve()
    if not path.is_relative_to(root):
        raise InvalidSample(f"{location}: leads out of the package")
    try:
        samples = [msgspec.convert(row.fields, Sample) for row in read_rows(path)]
    except msgspec.ValidationError as error:
        raise InvalidSample(f"{location}: {error}") from error
    if not samples:
        raise InvalidSample(f"{location}: no samples in it")
    return samples


async def _judged(client: Client, samples: Sequence[Sample]) -> list[Verdict]:
    """Return the verdicts on samples, in order.

    Raises:
        SandboxFailure: one has none.
    """
    verdicts = [verdict async for verdict in client.verify_stream(samples)]
    for verdict in verdicts:
        if verdict.decision is Decision.UNDECIDED:
            raise SandboxFailure(f"{verdict.id}: no verdict: {verdict.message}")
    return verdicts


def _passes(client: Client, sample: Sample) -> Callable[[str], Awaitable[bool]]:
    async def passes(code: str) -> bool:
        changed = msgspec.structs.replace(sample, code=code)
        (verdict,) = await _judged(client, [changed])
        return verdict.decision is Decision.PASS

    return passes


def _reward(subject: Subject, verdict: Verdict) -> float:
    low, high = subject.manifest.reward.range
    return high if verdict.decision is Decision.PASS else low
