"""The length rule: neither too long nor too small, and code rather than data.

Lines as StarCoder2's self-alignment (at most 150). The widest line as The Stack's and StarCoder's
filters (arXiv 2305.06161, section 3). The floor for bodies of one `return` as MultiPL-T (arXiv
2308.09895), which asked for 9 nodes of tree-sitter's tree; that counts every bracket and operator,
and comes to 5 nodes of Python's.
"""

import ast
from typing import Literal

from pydantic import Field

from veristone.generators.code.python import Function, Parsed, parse, statements, subtree
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.steps import Outcome, Rejected, Rule

__all__ = ["Length"]

_DATA_FLOOR = 400
"""Characters of literals that are never too many."""


class Length(Rule, frozen=True):
    """Rejects what is too long, too small or mostly literals."""

    kind: Literal["length"] = "length"

    max_lines: int = Field(default=150, ge=1)
    max_characters: int = Field(default=10_000, ge=1)
    max_line_characters: int = Field(default=1000, ge=1)
    min_docstring_characters: int = Field(default=10, ge=0)
    """Not for snippets. The shortest that say something: `Return 2**n.`"""
    max_docstring_characters: int = Field(default=5000, ge=0)
    min_nodes: int = Field(default=5, ge=0)
    """Nodes of a Python function's only statement, if that is a `return`. Operators and contexts
    are not counted; the `return` is: `return a + b` has 4, `return f(a, b)` has 5."""
    max_data: float = Field(default=0.6, ge=0, le=1)
    """Share of a Python function's text without its docstring that is literals."""

    def judge(self, seed: Seed) -> Outcome:
        """Return the seed or the first limit that it breaks."""
        wrong = self._text(seed)
        if wrong is None and seed.shape != "snippet":
            wrong = self._docstring(len(seed.docstring))
            if wrong is None and seed.language == "python":
                wrong = self._tree(seed)
        return seed if wrong is None else wrong

    def _text(self, seed: Seed) -> Rejected | None:
        lines = seed.code.splitlines()
        characters = len(seed.code)
        if len(lines) > self.max_lines:
            return Rejected("too_many_lines", str(len(lines)))
        if characters > self.max_characters:
            return Rejected("too_many_characters", str(characters))
        widest = max(map(len, lines), default=0)
        if widest > self.max_line_characters:
            return Rejected("line_too_wide", str(widest))
        return None

    def _docstring(self, characters: int) -> Rejected | None:
        if characters < self.min_docstring_characters:
            return Rejected("docstring_too_short", str(characters))
        if characters > self.max_docstring_characters:
            return Rejected("docstring_too_long", str(characters))
        return None

    def _tree(self, seed: Seed) -> Rejected | None:
        tree = parse(seed.code)
        if not isinstance(tree, Parsed) or tree.function is None:
            return None
        body = statements(tree.function)
        if len(body) == 1 and isinstance(body[0], ast.Return):
            nodes = subtree(body[0])
            if nodes is not None and len(nodes) < self.min_nodes:
                return Rejected("too_small", f"{len(nodes)} nodes")
        text, data = _sizes(seed.code, tree, tree.function)
        if data > max(_DATA_FLOOR, self.max_data * text):
            return Rejected("mostly_data", f"{data} of {text} characters")
        return None


def _sizes(code: str, tree: Parsed, function: Function) -> tuple[int, int]:
    """Return the characters of a function without its docstring, and of the literals in it.

    Strings count with two delimiters, numbers in displays such as `[1, 2]` with their separators.
    """
    docstring = None
    if len(statements(function)) < len(function.body) and isinstance(function.body[0], ast.Expr):
        docstring = function.body[0].value
    text, data = len(code), 0
    for node in tree.nodes:
        match node:
            case ast.Constant(value=str() | bytes() as value):
                if node is docstring:
                    text -= len(value) + 6
                else:
                    data += len(value) + 2
            case ast.Constant():
                data += (node.end_col_offset or 0) - node.col_offset
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                data += 2 * sum(isinstance(element, ast.Constant) for element in elements)
            case _:
                pass
    return text, data
