"""All rules of this room, as recipes name them. Light: parsers come with the first seed."""

from typing import Annotated, TypeAlias

from pydantic import Field

from generators.seeds.filters.arguments import Arguments
from generators.seeds.filters.imports import Imports
from generators.seeds.filters.length import Length
from generators.seeds.filters.markers import Markers
from generators.seeds.filters.modules import Modules
from generators.seeds.filters.returns import Returns
from generators.seeds.filters.safety import Safety
from generators.seeds.filters.syntax import Syntax
from generators.seeds.filters.text import Text

__all__ = ["AnyRule"]

AnyRule: TypeAlias = Annotated[
    Arguments | Imports | Length | Markers | Modules | Returns | Safety | Syntax | Text,
    Field(discriminator="kind"),
]
