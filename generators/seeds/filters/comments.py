"""Comments of a program, as Pygments' lexers see them: a string that looks like one is none."""

from collections.abc import Iterator
from functools import cache
from typing import Any, cast

__all__ = ["comments"]


@cache
def _lexer(language: str) -> Any:
    # Here, because a recipe can be read without them.
    from pygments import lexers
    from pygments.util import ClassNotFound

    by_name = cast(Any, lexers).get_lexer_by_name
    name = {"tsx": "typescript", "objectivec": "objective-c"}.get(language, language)
    try:
        return by_name(name, stripnl=False, startinline=True)  # PHP without its tag
    except ClassNotFound:
        return by_name("c", stripnl=False)


def comments(code: str, language: str) -> Iterator[str]:
    """Yield the comments of some code in their order, delimiters included.

    Languages without a lexer are read like C: wrong, but for a search in comments the safe side.
    """
    from pygments.token import Comment, String

    comment = ""
    for kind, text in _lexer(language).get_tokens(code):
        documents = kind is String.Doc and language != "python"
        if documents or (kind in Comment and kind not in Comment.Preproc):
            comment += text  # some lexers cut a block comment in pieces
            if not text.endswith("\n"):
                continue
        if comment:
            yield comment.rstrip("\n")
            comment = ""
