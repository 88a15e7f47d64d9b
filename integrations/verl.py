"""verl's custom reward: two keys of its configuration and no code.

    reward.custom_reward_function.path=pkg://veristone.integrations.verl
    reward.custom_reward_function.name=compute_score
    +reward.custom_reward_function.reward_kwargs.url=http://127.0.0.1:8080

verl has no way to leave a sample out: an exception ends the step, a None takes the scores of the
whole chunk away. So there is always an answer, always with the same keys, all of them numbers, and
`undecided` says which scores are none: drop rows where it is 1, and watch its mean.
"""

import functools
import logging
from typing import Any

from veristone import Client, Decision, Verdict, VeristoneError
from veristone.integrations.asking import Asker, share

__all__ = ["compute_score"]


async def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: Any,
    extra_info: Any = None,
    *,
    url: str | list[str] = "http://127.0.0.1:8080",
    partial: bool = False,
    language: str = "python",
    token: str | None = None,
    deadline_s: float = 120.0,
    cpu_s: float = 10.0,
    client: Client | None = None,
    **_: Any,
) -> dict[str, float]:
    """Return the score of one response, as verl's reward managers ask for it.

    Args:
        data_source: of the row; not looked at.
        solution_str: what the model wrote.
        ground_truth: how it is checked; see `veristone.forms.check_of`.
        extra_info: of the row; not looked at.
        url: of a service, or of several.
        partial: the share of tests that passed, in place of 0, for what failed.
        language: of the response.
        token: of a tenant.
        deadline_s: seconds that the response may take, its waiting included.
        cpu_s: CPU seconds of each run of a program.
        client: asked in place of a service.

    Returns:
        Always these keys: ``score``, ``acc`` (1 for a pass), ``undecided`` (1 where there is no
        verdict, and the score means nothing), ``passed`` and ``total`` (tests).
    """
    urls = (url,) if isinstance(url, str) else tuple(url)
    asker = _asker(urls, token, deadline_s, cpu_s, client)
    try:
        verdict = await asker.ask(solution_str, ground_truth, language)
    except VeristoneError as error:
        # A row that cannot be judged says nothing about the response to it; a wrong token or
        # address neither. Each is said once, in the log: to raise would end verl's step.
        _complain(str(error))
        return _scores(None, partial)
    return _scores(verdict, partial)


@functools.lru_cache(maxsize=64)
def _complain(what: str) -> None:
    logging.getLogger("veristone").error("no score: %s", what)


@functools.lru_cache(maxsize=16)
def _asker(
    urls: tuple[str, ...],
    token: str | None,
    deadline_s: float,
    cpu_s: float,
    client: Client | None,
) -> Asker:
    return Asker(*urls, token=token, deadline_s=deadline_s, cpu_s=cpu_s, client=client)


def _scores(verdict: Verdict | None, partial: bool) -> dict[str, float]:
    if verdict is None or verdict.decision is Decision.UNDECIDED:
        return {"score": 0.0, "acc": 0.0, "undecided": 1.0, "passed": 0.0, "total": 0.0}
    acc = float(verdict.decision is Decision.PASS)
    return {
        "score": share(verdict) if partial else acc,
        "acc": acc,
        "undecided": 0.0,
        "passed": float(verdict.passed),
        "total": float(verdict.total),
    }
