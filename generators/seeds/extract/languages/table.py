"""The languages that functions can be taken from. Light: neither grammars nor finders are imported.

The names are those of `Document.language`.
"""

from typing import NamedTuple

__all__ = ["LANGUAGES", "Grammar"]


class Grammar(NamedTuple):
    """Where a language's grammar and finder are."""

    module: str
    """Python module of the grammar."""
    function: str
    """Function of that module that returns the language."""
    finder: str
    """Module in this package that has a `find`, see `base.Finder`."""


LANGUAGES: dict[str, Grammar] = {
    "cpp": Grammar("tree_sitter_cpp", "language", "cpp"),
    "go": Grammar("tree_sitter_go", "language", "go"),
    "java": Grammar("tree_sitter_java", "language", "java"),
    "javascript": Grammar("tree_sitter_javascript", "language", "ecmascript"),
    "python": Grammar("tree_sitter_python", "language", "python"),
    "rust": Grammar("tree_sitter_rust", "language", "rust"),
    "tsx": Grammar("tree_sitter_typescript", "language_tsx", "ecmascript"),
    "typescript": Grammar("tree_sitter_typescript", "language_typescript", "ecmascript"),
}
