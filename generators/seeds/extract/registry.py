"""Every extractor that a recipe can name.

Light: the grammars are imported when the first document of their language is read.
"""

from typing import Annotated, TypeAlias

from pydantic import Field

from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.extract.snippets import Snippets

__all__ = ["AnyExtractor"]

AnyExtractor: TypeAlias = Annotated[Functions | Snippets, Field(discriminator="kind")]
"""An extractor's settings; `extract(document)` returns an `Extraction`."""
