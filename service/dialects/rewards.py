"""What trainers post to a remote reward model, and data pipelines to a remote validator.

| path | who asks | no verdict |
| --- | --- | --- |
| `/reward/slime` | slime, `--rm-type remote_rm --rm-url` | 503: asked again ten times |
| `/reward/openrlhf` | OpenRLHF, `--reward.remote_url` | 503: asked again five times |
| `/validate` | NeMo Data Designer, `RemoteValidatorParams` | `is_valid` is null |

Contracts read from slime/rollout/rm_hub, openrlhf/utils/agent.py and Data Designer's remote
validator. How a completion is checked stands in the row (`label`, `tests`), in any form that
`veristone.forms.check_of` knows.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from veristone import Decision, InvalidSample, Sample, Verdict
from veristone.generators.code.answer_sample import answer_sample
from veristone.service.admission import NoVerdict
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.dialects.common import refused_with_detail, with_detail

__all__ = ["DIALECT"]

_SLIME_S, _OPENRLHF_S, _DESIGNER_S = 100.0, 170.0, 28.0
"""Seconds in which each asks again or gives up, less the way back."""
_MOST_ROWS = 4096
_END = 64
"""Characters by which the end of a prompt is found again where OpenRLHF cut its beginning off."""


class SlimeRequest(msgspec.Struct, kw_only=True):
    """One sample of slime's."""

    response: str
    label: Any = None
    prompt: Any = None


class OpenRlhfRequest(msgspec.Struct, kw_only=True):
    """A batch of OpenRLHF's: `query` is prompt and response, with the tokenizer's own tokens."""

    query: list[str]
    prompts: list[str]
    labels: list[Any]


class OpenRlhfReply(msgspec.Struct, kw_only=True):
    """A reward for each query, in order."""

    rewards: list[float]
    scores: list[float]
    extra_logs: dict[str, list[float]] = {}


class ValidateRequest(msgspec.Struct, kw_only=True):
    """Rows of Data Designer's; each has `code` (or `completion`) and `tests`."""

    data: list[dict[str, Any]]


class Validated(msgspec.Struct, kw_only=True):
    """Whether a row's code passes; null where nobody knows."""

    is_valid: bool | None
    reason: str
    message: str = ""


class ValidateReply(msgspec.Struct, kw_only=True):
    """An answer for each row, in order."""

    data: list[Validated]


@post("/reward/slime", status_code=200, tags=["rewards"])
async def slime(data: JSONBody[SlimeRequest], caller: NamedDependency[Caller]) -> float:
    """Return 1 for a pass and 0 for a failure."""
    verdict = await caller.decide(answer_sample(data.response, data.label), _SLIME_S)
    return float(verdict.decision is Decision.PASS)


@post("/reward/openrlhf", status_code=200, tags=["rewards"])
async def openrlhf(
    data: JSONBody[OpenRlhfRequest], caller: NamedDependency[Caller]
) -> OpenRlhfReply:
    """Return 1 for a pass and 0 for a failure, for each query."""
    if not len(data.query) == len(data.prompts) == len(data.labels):
        raise InvalidSample("query, prompts and labels are not equally many")
    samples = [
        answer_sample(_behind(prompt, query), label)
        for query, prompt, label in zip(data.query, data.prompts, data.labels, strict=True)
    ]
    verdicts = await caller.verify_all(samples, _OPENRLHF_S)
    for verdict in verdicts:
        if verdict.decision is Decision.UNDECIDED:  # it has no place in a list of numbers
            raise NoVerdict(verdict.message)
    rewards = [float(verdict.decision is Decision.PASS) for verdict in verdicts]
    return OpenRlhfReply(rewards=rewards, scores=rewards, extra_logs={"passed": rewards})


def _behind(prompt: str, query: str) -> str:
    """Return the answer: what follows the prompt, or the end of one that was too long to keep.

    Code in the prompt, an example, must never be taken for the answer's.
    """
    if query.startswith(prompt):
        return query[len(prompt) :]
    end = prompt[-_END:]
    at = query.find(end)
    return query[at + len(end) :] if at >= 0 else query


@post("/validate", status_code=200, tags=["rewards"])
async def validate(
    data: JSONBody[ValidateRequest], caller: NamedDependency[Caller]
) -> ValidateReply:
    """Say of each row whether its code passes its tests."""
    if len(data.data) > _MOST_ROWS:
        raise InvalidSample(f"data has more than {_MOST_ROWS} rows")
    verdicts = await caller.verify_all(map(_row_sample, data.data), _DESIGNER_S)
    return ValidateReply(data=[_validated(verdict) for verdict in verdicts])


def _row_sample(row: Mapping[str, Any]) -> Sample:
    answer = row.get("code", row.get("completion"))
    if not isinstance(answer, str):
        raise InvalidSample("a row needs its program as text, as `code` or `completion`")
    return answer_sample(answer, row.get("tests"), str(row.get("language", "python")))


def _validated(verdict: Verdict) -> Validated:
    decided = verdict.decision is not Decision.UNDECIDED
    return Validated(
        is_valid=verdict.decision is Decision.PASS if decided else None,
        reason=verdict.reason,
        message=verdict.message,
    )


DIALECT = Dialect(
    routes=(slime, openrlhf, validate),
    refuse=refused_with_detail,
    invalid=with_detail,
    echoing=frozenset({"/validate"}),
)
