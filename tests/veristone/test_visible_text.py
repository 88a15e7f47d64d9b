"""Text of a corpus before it is shown: nothing acts, hides or is endless."""

import unicodedata

import pytest
from hostile_text import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from veristone.text import excerpt, line

ANY = st.text(st.characters(), max_size=300) | st.sampled_from(HOSTILE)


def acts(text: str) -> list[str]:
    """Return characters that a terminal or a renderer would obey; the line end is not one."""
    return (
        [c for c in text if unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t"]
        + [c for c in text if unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF"}]
        + [c for c in text if unicodedata.bidirectional(c) in {"LRI", "RLI", "FSI", "PDI"}]
    )


@given(ANY, st.integers(1, 250))
def test_a_line_is_one_bounded_line_that_does_nothing(text: str, limit: int):
    shown = line(text, limit)
    assert len(shown) <= limit
    assert not acts(shown)
    assert len(shown.splitlines()) <= 1
    shown.encode()


@given(ANY, st.integers(1, 20), st.integers(1, 100))
def test_an_excerpt_is_bounded_and_does_nothing(text: str, lines: int, width: int):
    shown = excerpt(text, lines, width)
    rows = shown.split("\n")
    assert len(rows) <= lines + 1
    # A character becomes at most ten (`⟨U+10FFFF⟩`); the note takes some more.
    assert all(len(row) <= 10 * width + 40 for row in rows)
    assert not acts(shown)
    shown.encode()


@given(st.text("abc é漢ש\t", max_size=60))
def test_ordinary_text_stays_as_it_is(text: str):
    assert excerpt(text, 5, 100) == text
    assert line(text) == text.replace("\t", " ")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31m", "a⟨U+001B⟩[31m"),
        ("\u202egpj", "⟨U+202E⟩gpj"),
        ("\ud800", "⟨U+D800⟩"),
        ("\ufeffx", "⟨U+FEFF⟩x"),
        ("\U0001fffe", "⟨U+1FFFE⟩"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("e" + "\u0301" * 3 + "x", "e" + "\u0301" * 3 + "x"),
        ("e" + "\u0301" * 4 + "x", "e" + "\u0301" * 3 + "…x"),
        ("", ""),
    ],
)
def test_what_acts_or_hides_is_named(text: str, shown: str):
    assert line(text) == shown


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("a\nb\n", "a\nb"),
        ("a\r\nb\r\n", "a\nb"),
        ("a\nb\nc", "a\nb\n… 1 more line"),
        ("a\nb\nc\n", "a\nb\n… 1 more line"),
        ("a\nb\nc\nd\n", "a\nb\n… 2 more lines"),
        ("x" * 1_012, "x" * 12 + "… 1,000 more characters"),
        ("  indented", "  indented"),
        ("", ""),
    ],
)
def test_excerpts_say_how_much_is_missing(code: str, shown: str):
    assert excerpt(code, 2, 12) == shown
