import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.generators.seeds.sources.base import Refusal
from veristone.generators.seeds.sources.text import decoded, one_line, printable, settled_text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x = 1\n", "x = 1\n"),
        (b"x\r\ny\rz\n\r\n", "x\ny\nz\n\n"),
        (codecs.BOM_UTF8 + b"x", "x"),
        ("é".encode(), "é"),
    ],
)
def test_texts(data, expected):
    assert decoded(data) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\r\n", "empty"),
        (codecs.BOM_UTF8, "empty"),
        (b"a\0b", "binary"),
        (b"\x7fELF\0\xff", "binary"),
        (b"\xe9", "undecodable"),
        (b"# coding: latin-1\n\xe9", "undecodable"),
        (codecs.BOM_UTF16_LE + b"x", "undecodable"),
    ],
)
def test_what_is_no_text(data, reason):
    refusal = decoded(data)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason


def test_a_lone_surrogate_is_no_text():
    assert settled_text("x = '\ud800'") == Refusal("undecodable", "lone surrogate at character 5")


@given(st.binary())
def test_a_text_is_clean_whatever_the_bytes(data):
    text = decoded(data)
    if isinstance(text, str):
        text.encode()
        assert text.strip()
        assert not set("\0\r") & set(text)


@given(st.text(st.characters(codec=None)))
def test_names_can_always_be_written(name):
    printable(name).encode()
    line = one_line(name)
    line.encode()
    assert len(line.splitlines()) <= 1
    assert len(line) <= 200
