"""Rust: functions of the file and its modules; those of `impl` blocks and traits are methods.

Documentation is outer doc comments, `///` and `/** */`, which belong to the next item whatever is
between (https://doc.rust-lang.org/reference/comments.html); attributes are part of the code. Tests
(`#[test]`, `#[tokio::test]`, everything under `#[cfg(test)]`) are left out and counted.
"""

import re
from collections.abc import Iterator

from tree_sitter import Node

from veristone.generators.seeds.extract.languages.base import Entry, Found, beginning, entries, text
from veristone.generators.seeds.extract.languages.comments import Style, comments, is_prose

__all__ = ["find"]

STYLE = Style(openings=("///", "/**"), plain=False)
COMMENTS = frozenset({"line_comment", "block_comment"})
ATTRIBUTES = frozenset({"attribute_item"})
BLOCKS = frozenset({"impl_item", "trait_item"})
TEST = re.compile(
    r"#!?\s*\[\s*(?:[\w\s:]*?(?:\b|_)test|bench|rstest|quickcheck|proptest|test_case)\s*[\](=]"
)
CFG_TEST = re.compile(r"#!?\s*\[\s*cfg\s*\((?!\s*not\b).*\btest\b", re.DOTALL)
NOT_TEST = re.compile(r"not\s*\(\s*test\s*\)")


def find(root: Node, source: bytes, methods: bool) -> Iterator[Found | None]:
    """Yield functions and, if asked for, functions of `impl` blocks and traits; None for tests."""
    pending: list[tuple[Node, str, bool]] = [(root, "", False)]
    while pending:
        container, owner, tests = pending.pop()
        for entry in entries(container, COMMENTS, ATTRIBUTES):
            node = entry.node
            kind = node.type
            if kind == "inner_attribute_item":
                tests = tests or _is_test(node, source)
                continue
            if kind not in ("function_item", "mod_item", "ERROR") and kind not in BLOCKS:
                continue
            testing = tests or any(_is_test(above, source) for above in entry.above)
            body = node.child_by_field_name("body")
            if kind == "function_item":
                yield None if testing else _found(entry, source, owner)
            elif kind == "ERROR":
                if not owner:
                    pending.append((node, "", testing))
            elif body is not None and not owner:
                if kind == "mod_item":
                    pending.append((body, "", testing))
                elif methods:
                    pending.append((body, _owner(node, source), testing))


def _found(entry: Entry, source: bytes, owner: str) -> Found:
    named = entry.node.child_by_field_name("name")
    name = text(named, source) if named is not None else ""
    said = [one for one in comments(entry.above, source, STYLE) if one.deliberate]
    whole = "\n".join(one.text for one in said)
    documented = bool(said) and is_prose(said[0]._replace(text=whole))
    return Found(
        beginning(entry, said[0].first if documented else None),
        entry.node,
        f"{owner}::{name}" if owner else name,
        whole if documented else "",
        "method" if owner else "function",
    )


def _is_test(node: Node, source: bytes) -> bool:
    if "attribute" not in node.type:
        return False
    attribute = text(node, source)[:500]
    return TEST.match(attribute) is not None or (
        CFG_TEST.match(attribute) is not None and NOT_TEST.search(attribute) is None
    )


def _owner(node: Node, source: bytes) -> str:
    """Return the name of the type that an `impl` block is for, or of a trait."""
    named = node.child_by_field_name("type") or node.child_by_field_name("name")
    if named is not None and named.type == "generic_type":
        named = named.child_by_field_name("type") or named
    return text(named, source) if named is not None else ""
