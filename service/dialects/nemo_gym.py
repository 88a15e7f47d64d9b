"""NeMo Gym's resources server: `/verify`, and what its agents ask of one beside it.

Contract read from nemo_gym/base_resources_server.py, responses_api_agents/simple_agent and
nemo_gym/rollout_collection.py (0.4.0; `/reverify_mode` from 07d6b0d). How an answer is checked
stands in the row's `verifier_metadata.unit_tests`, in any form that `veristone.forms.check_of`
knows. Where there is no verdict, the reply says so in the two ways that its readers know:
`_ng_failure_class` sets the row aside to be tried again, and `mask_sample` takes it out of NeMo
RL's loss.
"""

import statistics
from collections.abc import Sequence
from typing import Annotated, Any, cast

import msgspec
from litestar import MediaType, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from veristone import Decision, InvalidSample
from veristone.generators.code.answer_sample import answer_sample, without_entry
from veristone.service.admission import NoVerdict
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.dialects.common import refused_with_detail, with_detail

__all__ = ["DIALECT", "Results", "response_text"]

_PATIENCE_S = 300.0
_MOST_REWARD = 1e9
"""Of which the sum is a number still, however many there are."""


class Rewarded(msgspec.Struct, kw_only=True):
    """What is read of a reply to `/verify` that comes back."""

    reward: Annotated[float, msgspec.Meta(ge=-_MOST_REWARD, le=_MOST_REWARD)]
    task: int = msgspec.field(default=0, name="_ng_task_index")


class Results(msgspec.Struct, kw_only=True):
    """The replies to `/verify` of a whole collection, without those that were set aside."""

    verify_responses: list[Rewarded]


@post("/verify", status_code=200, tags=["NeMo Gym"])
async def verify(data: JSONBody[dict[str, Any]], caller: NamedDependency[Caller]) -> dict[str, Any]:
    """Return a request with its reward."""
    metadata = data.get("verifier_metadata")
    if not isinstance(metadata, dict):
        raise InvalidSample("verifier_metadata: an object with unit_tests is expected")
    check = cast("dict[str, Any]", metadata).get("unit_tests")
    sample = answer_sample(response_text(data.get("response")), check)
    try:
        verdict = await caller.decide(sample, _PATIENCE_S)
    except NoVerdict as error:
        # Its row is set aside and tried again; a reward of zero here is no judgement.
        return data | {
            "reward": 0.0,
            "_ng_failure_class": "undecided",
            "mask_sample": True,
            "failure_reason": str(error),
        }
    return data | {
        "reward": float(verdict.decision is Decision.PASS),
        "extracted_model_code": without_entry(sample.code),
        "reason": verdict.reason,
    }


@post("/seed_session", status_code=200, tags=["NeMo Gym"])
async def seed_session() -> dict[str, Any]:
    """Begin a session; nothing is kept for it."""
    return {}


@post("/aggregate_metrics", status_code=200, tags=["NeMo Gym"])
async def aggregate_metrics(data: JSONBody[Results]) -> dict[str, Any]:
    """Return the mean reward of a collection and of each of its tasks.

    Its agents hand this on to whoever rewards; without an answer a collection ends in an error.
    """
    by_task: dict[int, list[float]] = {}
    for each in data.verify_responses:
        by_task.setdefault(each.task, []).append(each.reward)
    groups = [
        {"_ng_task_index": task, "num_rollouts": len(rewards)} | _mean(rewards)
        for task, rewards in sorted(by_task.items())
    ]
    overall = _mean([each.reward for each in data.verify_responses])
    return {"group_level_metrics": groups, "agent_metrics": overall, "key_metrics": overall}


@get("/reverify_mode", media_type=MediaType.JSON, tags=["NeMo Gym"])
async def reverify_mode() -> bytes:
    """Say that `/verify` may be asked again about recorded rollouts: nothing else decides."""
    return msgspec.json.encode("stateless")  # Litestar leaves text as it is, without its quotes


def _mean(rewards: Sequence[float]) -> dict[str, float]:
    return {"mean/reward": statistics.fmean(rewards)} if rewards else {}


class _Part(msgspec.Struct):
    type: str
    text: str = ""


class _Item(msgspec.Struct):
    type: str = ""
    content: list[_Part] | None = None


class _Response(msgspec.Struct):
    output: list[_Item]


def response_text(response: Any) -> str:
    """Return what the model wrote last in an OpenAI Responses object.

    Raises:
        InvalidSample: it is none.
    """
    try:
        items = msgspec.convert(response, _Response).output
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidSample(f"response: no object of OpenAI's Responses API: {error}") from error
    messages = [item.content or [] for item in items if item.type == "message"]
    return "".join(part.text for part in (messages or [[]])[-1] if part.type == "output_text")


DIALECT = Dialect(
    routes=(verify, seed_session, aggregate_metrics, reverify_mode),
    refuse=refused_with_detail,
    invalid=with_detail,
    echoing=frozenset({"/verify"}),
)
