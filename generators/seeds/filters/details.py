"""What a rejection says of the thing it found: one line, printable, short."""

__all__ = ["LIMIT", "one_line"]

LIMIT = 120
"""Characters."""


def one_line(text: str) -> str:
    """Return `text` on one line, shortened to LIMIT characters, without what cannot be printed.

    Corpus text reaches reports, terminals and JSON this way, so control characters, direction
    marks and lone surrogates become a question mark.
    """
    if len(text) > 8 * LIMIT:
        text = text[: 8 * LIMIT] + "..."
    words = " ".join(text.split())
    line = "".join(char if char.isprintable() else "?" for char in words)
    return line if len(line) <= LIMIT else line[: LIMIT - 3] + "..."
