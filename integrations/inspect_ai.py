"""inspect_ai's scorer: ``Task(..., scorer=verified("http://127.0.0.1:8080"))``.

The target of a sample says how it is checked, or a field of its metadata does.
"""

from typing import Any

from inspect_ai.scorer import CORRECT, INCORRECT, Score, Scorer, Target, accuracy, scorer, stderr
from inspect_ai.solver import TaskState

from veristone import Client, Decision
from veristone.integrations.asking import Asker

__all__ = ["verified"]


@scorer(metrics=[accuracy(), stderr()])
def verified(
    *urls: str,
    tests: str | None = None,
    language: str = "python",
    token: str | None = None,
    deadline_s: float = 120.0,
    client: Client | None = None,
) -> Scorer:
    """Return a scorer: correct for a pass, incorrect for a failure, unscored without a verdict.

    Args:
        urls: of services.
        tests: field of a sample's metadata that says how it is checked, see
            `veristone.forms.check_of`; None: its target does.
        language: of the answers.
        token: of a tenant.
        deadline_s: seconds that an answer may take, its waiting included.
        client: asked in place of services.
    """
    asker = Asker(*urls, token=token, deadline_s=deadline_s, client=client)

    async def score(state: TaskState, target: Target) -> Score:
        check: Any = target.text if tests is None else state.metadata.get(tests)
        answer = state.output.completion
        verdict = await asker.ask(answer, check, language)
        if verdict.decision is Decision.UNDECIDED:
            return Score.unscored(answer=answer, explanation=verdict.message)
        passed = verdict.decision is Decision.PASS
        return Score(
            value=CORRECT if passed else INCORRECT,
            answer=answer,
            explanation=f"{verdict.reason}: {verdict.message}" if verdict.message else None,
        )

    return score
