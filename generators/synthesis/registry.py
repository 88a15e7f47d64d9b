"""All stages, as recipes name them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from veristone.generators.synthesis.stages.concepts import Concepts
from veristone.generators.synthesis.stages.evolve import Evolve
from veristone.generators.synthesis.stages.instructions import Instructions
from veristone.generators.synthesis.stages.problem import ProblemAndSolution
from veristone.generators.synthesis.stages.propose import Propose
from veristone.generators.synthesis.stages.responses import Responses
from veristone.generators.synthesis.stages.solutions import Solutions

__all__ = ["AnyStage"]

AnyStage: TypeAlias = Annotated[
    Concepts | Evolve | Instructions | ProblemAndSolution | Propose | Responses | Solutions,
    Field(discriminator="kind"),
]
