"""Error messages as a student may learn them: short, and without traces of a machine."""

import re

from veristone import Verdict

__all__ = ["clean_error"]

_LONGEST = 400
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_PATH = re.compile(r"(?<![\w.])/(?:[\w.@+-]+/)+([\w.@+-]+)")
_LINE = re.compile(r"^line \d+(?: of the tests)?: ")


def clean_error(verdict: Verdict, most: int = _LONGEST) -> str:
    """Return what went wrong, in at most `most` characters; empty where nothing is known.

    Addresses become `0x...`, paths their last part; colours and control characters go, and the
    line number of test code that the student does not see.
    """
    text = verdict.message or next((t.message for t in verdict.tests if not t.passed), "")
    text = _CONTROL.sub("", _COLOURS.sub("", text)).strip()
    text = _PATH.sub(r"\1", _ADDRESS.sub("0x...", text))
    text = _LINE.sub("", text)
    if len(text) <= most:
        return text
    head = most * 2 // 3
    return f"{text[:head].rstrip()} [...] {text[-(most - head - 7) :].lstrip()}"
