"""What a finder gives for a syntax tree, and the walk that the finders share.

Nothing here recurses over nodes: a tree may be as deep as its document is long.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol

from tree_sitter import Node

__all__ = ["Entry", "Finder", "Found", "beginning", "entries", "last_row", "text"]


class Found(NamedTuple):
    """A function of the shape looked for, documented or not."""

    first: Node
    """Where its code begins: the doc comment, an attribute, or the function itself."""
    node: Node
    """The function, with what encloses it for good: decorators, `export`, `template <...>`."""
    name: str
    """As the language qualifies it, for methods with the class: `Stack.push`, `Stack::push`."""
    docstring: str
    """Text of the documentation without delimiters, empty where there is none."""
    shape: Literal["function", "method"] = "function"


class Finder(Protocol):
    """The `find` of a language's module."""

    def __call__(self, root: Node, source: bytes, methods: bool) -> Iterator[Found | None]:
        """Yield the functions below `root`, whose text is `source`, in any order.

        Methods only where asked for. None stands for a function that only tests others.
        """
        ...


class Entry(NamedTuple):
    """A member of a container and what stands directly before it."""

    node: Node
    above: list[Node]
    """Comments that begin their line, and attributes, since the last other member."""


def entries(
    container: Node, comments: frozenset[str], attributes: frozenset[str] = frozenset()
) -> Iterator[Entry]:
    """Yield the members of a file, a namespace or a class body, in order.

    Comments at the end of a line belong to what is before them and are left out. Of a node that
    holds a syntax error together, only what begins in column 0 is taken: where the nesting is lost,
    the layout says what is at the top level.
    """
    lost = container.type == "ERROR"
    above: list[Node] = []
    row = -1
    cursor = container.walk()
    if not cursor.goto_first_child():
        return
    while True:
        node = cursor.node
        assert node is not None
        kind = node.type
        if kind in comments:
            if node.start_point.row > row:
                above.append(node)
        elif kind in attributes:
            above.append(node)
        else:
            if not lost or node.start_point.column == 0:
                yield Entry(node, above)
            above = []
            row = last_row(node)
        if not cursor.goto_next_sibling():
            return


def beginning(entry: Entry, documentation: Node | None) -> Node:
    """Return where the code of a member begins: its documentation, its first attribute, itself."""
    starts = [node for node in entry.above if "comment" not in node.type]
    if documentation is not None:
        starts.append(documentation)
    return min([*starts, entry.node], key=lambda node: node.start_byte)


def last_row(node: Node) -> int:
    """Return the row of a node's last character; some nodes include the line's end."""
    end = node.end_point
    return end.row - 1 if end.column == 0 and end.row > node.start_point.row else end.row


def text(node: Node, source: bytes) -> str:
    """Return what a node covers."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")
