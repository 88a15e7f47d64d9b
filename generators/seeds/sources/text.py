"""Bytes to text: UTF-8, with a byte order mark or without. Nothing is guessed.

Line ends come out as LF alone, as Python and git read them; positions are those of that text.
"""

from veristone.generators.seeds.sources.base import Refusal

__all__ = ["decoded", "one_line", "printable", "settled_text"]


def decoded(data: bytes) -> str | Refusal:
    """Return the text of a file, or why there is none: `empty`, `binary` or `undecodable`."""
    try:
        return settled_text(data.decode())
    except UnicodeDecodeError as error:
        if b"\0" in data:
            return Refusal("binary", f"NUL at byte {data.index(0)}")
        return Refusal("undecodable", f"not UTF-8 at byte {error.start}: {error.reason}")


def settled_text(text: str) -> str | Refusal:
    """Return a text with LF line ends and no byte order mark, or why it is none."""
    text = text.removeprefix("\ufeff")
    if not text or text.isspace():
        return Refusal("empty")
    if "\0" in text:
        return Refusal("binary", f"NUL at character {text.index(chr(0))}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return Refusal("undecodable", f"lone surrogate at character {error.start}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def printable(name: str) -> str:
    """Return a name of a file or a licence such that it can be written as UTF-8: what cannot is
    escaped (`\\udce9`)."""
    return name.encode("utf-8", "backslashreplace").decode()


def one_line(text: str, most: int = 200) -> str:
    """Return a text as one printable line of at most `most` characters."""
    return printable(" ".join(text[: 4 * most].split()))[:most]
