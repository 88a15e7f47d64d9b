"""All stages, as recipes name them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from generators.synthesis.stages.concepts import Concepts
from generators.synthesis.stages.evolve import Evolve
from generators.synthesis.stages.instructions import Instructions
from generators.synthesis.stages.problem import ProblemAndSolution
from generators.synthesis.stages.propose import Propose
from generators.synthesis.stages.responses import Responses
from generators.synthesis.stages.solutions import Solutions

__all__ = ["AnyStage"]

AnyStage: TypeAlias = Annotated[
    Concepts | Evolve | Instructions | ProblemAndSolution | Propose | Responses | Solutions,
    Field(discriminator="kind"),
]
