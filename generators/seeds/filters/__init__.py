"""Steps that look at one seed at a time, and reject it or add to it.

    structure.py    one function that does something, returns a value and takes arguments
    length.py, markers.py, text.py
    imports.py      adds the imports of the document, then autoimport's
    modules.py      which modules may be imported, by the frozen library (stdlib.py)
    safety.py       what reaches out of a function: hazards.py
    names.py        undefined names, by pyflakes
    pyright.py      the type checker, in batches; checker.py runs it and finds the guilty seed
    grammars.py     functions of other languages by tree-sitter; comments.py: of any language

A rule that needs a tree and gets none rejects a function as `unparsable` and lets a snippet pass.
"""

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
"""Any rule of a recipe, told apart by its `kind`. Light: parsers come with the first seed."""
