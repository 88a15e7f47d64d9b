"""All rules of this room, as recipes name them. Light: parsers come with the first seed."""

from typing import Annotated, TypeAlias

from pydantic import Field

from veristone.generators.seeds.filters.imports import Imports
from veristone.generators.seeds.filters.length import Length
from veristone.generators.seeds.filters.markers import Markers
from veristone.generators.seeds.filters.modules import Modules
from veristone.generators.seeds.filters.names import Undefined
from veristone.generators.seeds.filters.safety import Safety
from veristone.generators.seeds.filters.structure import Arguments, Returns, Syntax
from veristone.generators.seeds.filters.text import Text

__all__ = ["AnyRule"]

AnyRule: TypeAlias = Annotated[
    Arguments | Imports | Length | Markers | Modules | Returns | Safety | Syntax | Text | Undefined,
    Field(discriminator="kind"),
]
