"""The asynchronous steps by their `kind`, as a recipe names them."""

from typing import Annotated, TypeAlias

from pydantic import Field

from veristone.generators.seeds.sandboxed.behaviour import BehaviourStep
from veristone.generators.seeds.sandboxed.coverage import CoverageStep
from veristone.generators.seeds.sandboxed.judge import DocstringJudgeStep

__all__ = ["AnyAsyncStep"]

AnyAsyncStep: TypeAlias = Annotated[
    BehaviourStep | CoverageStep | DocstringJudgeStep, Field(discriminator="kind")
]
