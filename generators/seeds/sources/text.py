"""Bytes to text.

UTF-8 unless the file itself says otherwise: by a byte order mark (UTF-8 or UTF-16) or, in Python,
by a declaration in its first two lines (PEP 263). Nothing is guessed. Declared encodings are looked
up in a list of character sets: other codecs that Python has (`punycode`, `unicode_escape`) would
let a file choose how its bytes are computed with.

Line ends come out as LF alone, as Python and git read them; positions are those of that text.
"""

import codecs
import re

from veristone.generators.seeds.sources.base import Refusal

__all__ = ["decoded", "one_line", "printable", "settled_text"]

_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_NO_CODE = re.compile(rb"[ \t\f]*(?:#.*)?\Z")
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
    data = data.removeprefix(mark)
    encoding = _MARKS.get(mark)
    if encoding is None:
        declared = _declared(data) if language == "python" else None
        encoding = _known(declared) if declared else "utf-8"
        if encoding is None:
            return Refusal("undecodable", f"declares the encoding {one_line(declared or '')}")
    try:
        return settled_text(data.decode(encoding))
    except UnicodeDecodeError as error:
        if b"\0" in data:
            return Refusal("binary", f"NUL at byte {data.index(0)}")
        return Refusal("undecodable", f"not {encoding} at byte {error.start}: {error.reason}")


def settled_text(text: str) -> str | Refusal:
    """Return a text with LF line ends and no byte order mark, or why it is none."""
    text = text.removeprefix("\ufeff")
    if not text or text.isspace():
        return Refusal("empty")
    if "\0" in text:
        return Refusal("binary", f"NUL at character {text.index(chr(0))}")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            return Refusal("undecodable", f"lone surrogate at character {error.start}")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def printable(name: str) -> str:
    """Return a name of a file or a licence such that it can be written as UTF-8: what cannot is
    escaped (`\\udce9`)."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "backslashreplace").decode()
    return name


def one_line(text: str, most: int = 200) -> str:
    """Return a text as one printable line of at most `most` characters."""
    return printable(" ".join(text[: 4 * most].split()))[:most]


def _declared(data: bytes) -> str | None:
    """Return the encoding that PEP 263 finds in the first two lines, the second one only after a
    line without code."""
    for line in data[:4096].splitlines()[:2]:
        if match := _COOKIE.match(line):
            return match[1].decode("ascii", "replace")
        if not _NO_CODE.match(line):
            return None
    return None


def _known(declared: str) -> str | None:
    # Editors' names with a line end (`utf-8-unix`), as Python's own tokenizer takes them.
    folded = declared[:32].lower().replace("_", "-").removesuffix("-unix").removesuffix("-dos")
    try:
        name = codecs.lookup(folded).name
    except (LookupError, ValueError):
        return None
    return name if _CHARACTER_SETS.fullmatch(name) else None
