"""From documents to candidates: documented functions, or random snippets.

    functions.py   documented functions of a document
    mining.py      finds them in a syntax tree by the queries of the language (queries/*.scm)
    comments.py    which comments are documentation, and their text
    bindings.py    what a Python document's own imports make of the names that a function uses
    languages.py   the languages, each with its queries and its forms of comments
    snippets.py    one random snippet of a document
    quota.py       a step: so many seeds of each language

A language more is a line in `languages.LANGUAGES` and one in `generators.code.grammars`, a grammar
in the `seeds` extra and a query.
Light: the grammars are imported when the first document of their language is read.
"""

from typing import Annotated, TypeAlias

from pydantic import Field

from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.extract.snippets import Snippets

__all__ = ["AnyExtractor"]

AnyExtractor: TypeAlias = Annotated[Functions | Snippets, Field(discriminator="kind")]
"""An extractor's settings; `extract(document)` returns an `Extraction`."""
