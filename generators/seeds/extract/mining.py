"""Functions in a syntax tree, as the language's query finds them, with their documentation.

A query (`queries/*.scm`) says what the members of a file, a namespace or a class are. Captures:

    @function     a function, and a method where it stands in a class; the whole member
    @method       a method wherever it stands, of @owner if there is one
    @member       a method where it stands in a class, and nothing elsewhere
    @static       a function where it stands in a class, and nothing elsewhere
    @test         a function that only tests others: counted, not taken
    @name @body   of these; what has no name is called `default`
    @class        a class @name whose members are @inside; looked into at the top level alone
    @container    more members: @inside, or right below it
    @wrapper      a member that is about @inner: decorators, `export`, `template <...>`
    @comment @directive @attribute @testing
                  what stands before a member: a comment, one for a tool, what belongs to the code,
                  an attribute that says that the member is a test; @testing.rest says it of all
                  later members

Where several patterns fit a member the first one counts. Nothing here recurses over nodes: a tree
may be as deep as its document is long.
"""

import ast
import inspect
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node, QueryCursor

from veristone.generators.seeds.extract.comments import (
    Comment,
    adjacent,
    comments,
    documentation,
    is_prose,
    last_row,
    text,
    unboxed,
)
from veristone.generators.seeds.extract.languages import LANGUAGES, query

__all__ = ["Found", "find"]

_MEMBERS = frozenset({"function", "method", "member", "static", "test", "class", "container"})
_BEFORE = frozenset({"comment", "directive", "attribute", "testing", "testing.rest"})
_SURROGATE = re.compile("[\ud800-\udfff]")


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
    method: bool


class _Match(NamedTuple):
    """What a pattern says of a member."""

    pattern: int
    kind: str
    captures: dict[str, list[Node]]

    def name(self, source: bytes) -> str:
        named = self.captures.get("name")
        return text(named[0], source).partition("(")[0].strip() if named else "default"


class _Member(NamedTuple):
    node: Node
    match: _Match
    above: list[Node]
    """Comments that begin their line, and attributes, since the last other member."""
    directives: frozenset[int]
    """Those of them that are meant for a tool, by their `id`."""
    tests: bool


class _Place(NamedTuple):
    """Members that are still to be looked at."""

    container: Node
    owner: str = ""
    tests: bool = False


def find(language: str, root: Node, source: bytes, methods: bool) -> Iterator[Found | None]:
    """Yield the functions below `root`, whose text is `source`, in any order.

    Methods only where asked for. None stands for a function that only tests others.
    """
    pending = [_Place(root)]
    while pending:
        container, owner, tests = pending.pop()
        for member in _members(language, container, tests):
            kind, captures = member.match.kind, member.match.captures
            inside = captures.get("inside", captures[kind])[0]
            if kind == "class":
                if not owner:
                    pending.append(_Place(inside, member.match.name(source), member.tests))
            elif kind == "container":
                if not owner or inside.type != "ERROR":
                    pending.append(_Place(inside, owner, member.tests))
            elif owner or kind not in ("member", "static"):
                if language == "cpp" and root.has_error and not owner and _is_indented(member.node):
                    continue  # perhaps of a class that the parser did not see begin
                method = kind in ("method", "member") or (kind == "function" and bool(owner))
                if methods or not method:
                    tested = member.tests or kind == "test"
                    yield None if tested else _found(language, member, source, owner, method)


def _is_indented(node: Node) -> bool:
    return node.start_point.column > 0


def _members(language: str, container: Node, tests: bool) -> Iterator[_Member]:
    """Yield the members of a file, a namespace or a class that are of interest, in order.

    Comments at the end of a line belong to what is before them and are left out. Of a node that
    holds a syntax error together, only what begins in column 0 is taken: where the nesting is lost,
    the layout says what is at the top level.
    """
    matches = _matches(language, container)
    lost = container.type == "ERROR"
    above: list[Node] = []
    row = -1
    marks: set[str] = set()
    directives: set[int] = set()
    cursor = container.walk()
    more = cursor.goto_first_child()
    while more:
        node = cursor.node
        assert node is not None
        more = cursor.goto_next_sibling()
        kinds = {match.kind for match in matches.get(node.id, ())}
        if kinds & _BEFORE:
            tests = tests or "testing.rest" in kinds
            if "comment" not in kinds or node.start_point.row > row:
                above.append(node)
                marks |= kinds
            if "directive" in kinds:
                directives.add(node.id)
            continue
        match = _of_member(language, node, matches)
        if match is not None and not (lost and _is_indented(node)):
            testing = tests or "testing" in marks
            yield _Member(node, match, above, frozenset(directives), testing)
        above, marks, directives = [], set(), set()
        row = last_row(node)


def _of_member(language: str, node: Node, matches: dict[int, list[_Match]]) -> _Match | None:
    """Return what the first pattern that fits says of a member, or of what it wraps."""
    own = matches.get(node.id, [])
    while wrapper := next((match for match in own if match.kind == "wrapper"), None):
        own = _matches(language, node).get(wrapper.captures["inner"][0].id, [])
        node = wrapper.captures["inner"][0]
    mine = (match for match in own if match.kind in _MEMBERS)
    return min(mine, key=lambda match: match.pattern, default=None)


def _matches(language: str, container: Node) -> dict[int, list[_Match]]:
    """Return what the query says of a node's children, by their `id`."""
    cursor = QueryCursor(query(language))
    cursor.set_max_start_depth(1)
    found: dict[int, list[_Match]] = {}
    for pattern, captures in cursor.matches(container):
        for kind in captures.keys() & (_MEMBERS | _BEFORE | {"wrapper"}):
            found.setdefault(captures[kind][0].id, []).append(_Match(pattern, kind, captures))
    return found


def _found(language: str, member: _Member, source: bytes, owner: str, method: bool) -> Found:
    captures = member.match.captures
    name = member.match.name(source)
    if language == "python":
        comment, docstring = None, _docstring(captures["body"][0], source)
    else:
        comment = _comment(language, member, name, source)
        docstring = comment.text if comment is not None else ""
    starts = [node for node in member.above if "comment" not in node.type]
    starts += [comment.first] if comment is not None else []
    first = min([*starts, member.node], key=lambda node: node.start_byte)
    owner = text(captures["owner"][0], source) if "owner" in captures else owner
    qualified = f"{owner}{LANGUAGES[language].separator}{name}" if owner else name
    return Found(first, member.node, qualified, docstring, method)


def _comment(language: str, member: _Member, name: str, source: bytes) -> Comment | None:
    style = LANGUAGES[language]
    if language == "rust":
        # Doc comments belong to the next item whatever is between
        # (https://doc.rust-lang.org/reference/comments.html).
        said = [one for one in comments(member.above, source, style) if one.deliberate]
        whole = said[0]._replace(text="\n".join(one.text for one in said)) if said else None
        return whole if whole is not None and is_prose(whole) else None
    if language == "go":
        # Go knows no form of its own (https://go.dev/doc/comment): what does not begin with the
        # function's name, as it should, is held to the rules for plain comments.
        near = adjacent(member.above, member.node)
        near = [node for node in near if node.id not in member.directives]
        by_name = re.compile(rf"{re.escape(name)}(?![\w(.:=])")
        for comment in reversed(comments(near, source, style)):
            if is_prose(comment._replace(deliberate=by_name.match(comment.text) is not None)):
                return comment._replace(text=unboxed(comment.text))
        return None
    return documentation(member.above, member.node, source, style)


def _docstring(body: Node, source: bytes) -> str:
    """Return what Python takes for a docstring: a first statement that is nothing but a string,
    which may be raw, concatenated or in parentheses, but neither bytes nor formatted."""
    first = next((node for node in body.named_children if node.type != "comment"), None)
    if first is None or first.type != "expression_statement":
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value: object = ast.literal_eval(text(first, source))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        value = _raw(first, source)
    # Half of a surrogate pair cannot be written down as UTF-8.
    said = _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else ""
    return inspect.cleandoc(said).strip()


def _raw(statement: Node, source: bytes) -> str:
    """Return a string literal with an escape that there is none of, as it is written."""
    string = statement.named_child(0)
    parts = string.named_children if string.type == "string" else []
    if not parts or any(not part.type.startswith("string_") for part in parts):
        return ""
    prefix = text(parts[0], source).rstrip("\"'").lower()
    return "".join(text(part, source) for part in parts[1:-1]) if prefix in ("", "u") else ""
