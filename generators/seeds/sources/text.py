"""Bytes to text.

UTF-8 unless the file itself says otherwise: by a byte order mark (UTF-8 or UTF-16) or, in Python,
by a declaration in its first two lines (PEP 263). Nothing is guessed. Declared encodings are looked
up in a list of character sets: other codecs that Python has (`punycode`, `unicode_escape`) would
let a file choose how its bytes are computed with.

Line ends come out as LF alone, as Python and git read them; positions are those of that text.
"""

import codecs
import re
import tokenize

from veristone.generators.seeds.sources.base import Refusal

__all__ = ["decoded", "one_line", "printable", "settled_text"]

_CHARACTER_SETS = re.compile(
    r"ascii|utf-8|utf_8|utf-8-sig|iso8859-\d+|cp\d+|koi8-[rtu]|kz1048|mac-\w+|ptcp154|tis-620"
    r"|big5\w*|gb2312|gbk|gb18030|hz|johab|euc_\w+|shift_jis\w*|iso2022_\w+"
)
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}


def decoded(data: bytes, language: str) -> str | Refusal:
    """Return the text of a file, or why there is none: `empty`, `binary` or `undecodable`."""
    mark = next(filter(data.startswith, _MARKS), b"")
    encoding = _MARKS.get(mark, "utf-8")
    try:
        if language == "python" and not mark:
            encoding = _declared(data)
        return settled_text(data.removeprefix(mark).decode(encoding))
    except UnicodeDecodeError as error:
        if b"\0" in data:
            return Refusal("binary", f"NUL at byte {data.index(0)}")
        return Refusal("undecodable", f"not {encoding} at byte {error.start}: {error.reason}")
    except LookupError as error:
        return Refusal("undecodable", str(error))


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


def _declared(data: bytes) -> str:
    """Return the encoding that Python reads a file with.

    Raises:
        LookupError: it declares one that is no character set.
    """
    # The tokenizer's lines end in LF alone; files, and the compiler, have all three.
    head = data[:4096].replace(b"\r\n", b"\n").replace(b"\r", b"\n").splitlines(keepends=True)[:2]
    ascii_lines = [line.decode("ascii", "replace").encode("ascii", "replace") for line in head]
    try:
        encoding, _ = tokenize.detect_encoding(iter(ascii_lines).__next__)
    except SyntaxError as error:
        raise LookupError(one_line(str(error))) from None
    name = codecs.lookup(encoding).name
    if not _CHARACTER_SETS.fullmatch(name):
        raise LookupError(f"declares the encoding {one_line(encoding)}")
    return name
