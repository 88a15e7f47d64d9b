"""The docstring judge: does the documentation say enough to write the code anew?

StarCoder2's self-alignment asks the base model itself, with 7 examples (4 yes, 3 no), and counts
yes against no. Here the model's probability of yes decides, so the threshold is a setting and not a
tie rule. `veristone.generators.judge` asks; here stands what its answers mean for a seed.

Reasons: `unclear_docstring` (the probability is below `minimum`), `no_docstring` (not asked),
`too_long_to_judge` and `request_refused` (it cannot be asked about). A seed that the model answered
neither yes nor no about stays, counted as `unclear_answer`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from veristone import ConfigError
from veristone.generators.judge.records import Judgement
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import AsyncStep, Outcome, Rejected, Services, Unjudged

__all__ = ["DocstringJudgeStep"]


class DocstringJudgeStep(AsyncStep, frozen=True):
    """Rejects seeds of any language whose documentation the judge finds wanting."""

    kind: Literal["docstring_judge"] = "docstring_judge"

    model: str = ""
    """The model that the run asks, as `--judge` names it. It is part of the recipe: a run with
    another model, or with none, is another run."""
    minimum: float = Field(default=0.5, ge=0, le=1)
    """Probability of yes that a seed needs; one that has exactly this stays."""

    async def ask(self, seeds: Sequence[Seed], services: Services, folder: Path) -> list[Outcome]:
        """Ask the judge about all seeds at once; those without documentation fail unasked.

        Without a judge all seeds stay, counted as `no_judge`.
        """
        if services.judge is None:
            if self.model:
                raise ConfigError(f"step 'docstring_judge' asks {self.model} and there is no judge")
            return [Unjudged(seed, "no_judge") for seed in seeds]
        asked = [seed for seed in seeds if seed.docstring.strip()]
        judgements = iter(await services.judge.judge(asked) if asked else [])
        return [
            self._judge(seed, next(judgements))
            if seed.docstring.strip()
            else Rejected("no_docstring")
            for seed in seeds
        ]

    def _judge(self, seed: Seed, judgement: Judgement) -> Outcome:
        if judgement.refused:
            return Rejected(judgement.refused, judgement.detail)
        probability = judgement.p_yes
        if probability is None:
            return Unjudged(seed, "unclear_answer")
        if probability >= self.minimum:
            return seed
        return Rejected("unclear_docstring", _detail(probability, judgement))


def _detail(probability: float, judgement: Judgement) -> str:
    said = f"probability of yes {probability:.3f}"
    logs = (judgement.logp_yes, judgement.logp_no)
    yes, no = ("not reported" if value is None else f"{value:.3f}" for value in logs)
    return f"{said} (log-probabilities: yes {yes}, no {no})"
