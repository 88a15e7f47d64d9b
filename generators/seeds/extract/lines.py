"""Lines of source code, which end in a line feed as in every grammar, and their indentation."""

from collections.abc import Sequence

__all__ = ["dedent", "indentation", "margin"]


def indentation(source: bytes, start: int) -> str:
    """Return the blanks between the line's beginning and `start`; empty if more than blanks."""
    before = source[source.rfind(b"\n", 0, start) + 1 : start]
    return before.decode() if not before.strip(b" \t") else ""


def dedent(code: str, indent: str) -> str:
    """Take `indent` from all lines of `code` that have it; a first line without it stays.

    Lines of a string or a comment that are less indented stay as they are.
    """
    if not indent or "\n" not in code:
        return code.removeprefix(indent)
    return "\n".join(line.removeprefix(indent) for line in code.split("\n"))


def margin(lines: Sequence[str]) -> str:
    """Return the longest run of blanks that all lines begin with, but for blank lines."""
    common: str | None = None
    for line in lines:
        body = line.lstrip(" \t")
        if not body.strip():
            continue
        blanks = line[: len(line) - len(body)]
        if common is None:
            common = blanks
        while not blanks.startswith(common):
            common = common[:-1]
    return common or ""
