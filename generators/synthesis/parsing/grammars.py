"""Whether code in other languages than Python parses, where tree-sitter's grammar is installed.

Grammars come with the extra `seeds`. Time is bounded by `extract.parsing`, and memory by refusing
to parse what has very many brackets: see `generators.seeds.filters.grammars`, whose bounds these
are.
"""

from veristone import ConfigError
from veristone.generators.seeds.filters.grammars import GRAMMARS, MAX_ANGLES, MAX_BRACKETS
from veristone.generators.seeds.filters.trees import MAX_CHARACTERS

__all__ = ["grammar_accepts"]

_CLASSES = {"java": ("class Outer {\n", "\n}\n")}
"""Languages whose functions are methods: code may be one without its class."""


def grammar_accepts(language: str, code: str) -> bool | None:
    """Whether code is a text of the language; None where nobody can say: there is no grammar, it is
    not installed, or the text is too large to be parsed safely."""
    if language not in GRAMMARS or len(code) > MAX_CHARACTERS or not code.strip():
        return None
    source = code.encode("utf-8", "replace")
    if source.count(b"<") + source.count(b"=>") > MAX_ANGLES:
        return None
    if sum(map(source.count, (b"(", b"[", b"{"))) > MAX_BRACKETS:
        return None
    before, after = _CLASSES.get(language, ("", ""))
    texts = [source] if not before else [source, before.encode() + source + after.encode()]
    try:
        from veristone.generators.seeds.extract.parsing import parse

        roots = [parse(language, text) for text in texts]
    except (ImportError, ConfigError):
        return None
    known = [root for root in roots if root is not None]
    return any(not root.has_error for root in known) if known else None
