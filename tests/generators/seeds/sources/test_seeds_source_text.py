import codecs
import io
import tokenize

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
        (b"# -*- coding: latin-1 -*-\n\xe9", "# -*- coding: latin-1 -*-\né"),
        (b"#!/bin/python\n# vim: set fileencoding=cp1252 :\n\x80", None),
        (b"# coding: utf-8-unix\n\xc3\xa9", "# coding: utf-8-unix\né"),
        (b"# coding: euc_jp\n\xa4\xa2", "# coding: euc_jp\nあ"),
        ("x = 'é'\n".encode("utf-16"), "x = 'é'\n"),
        (codecs.BOM_UTF16_BE + "x".encode("utf-16-be"), "x"),
    ],
)
def test_texts(data, expected):
    text = decoded(data, "python")
    assert isinstance(text, str)
    assert expected is None or text == expected


def test_a_declaration_in_the_second_line_counts():
    assert decoded(b"#!/bin/python\n# vim: set fileencoding=cp1252 :\n\x80", "python") == (
        "#!/bin/python\n# vim: set fileencoding=cp1252 :\n€"
    )


@pytest.mark.parametrize(
    ("data", "language", "reason"),
    [
        (b"", "python", "empty"),
        (b" \n\t\r\n", "python", "empty"),
        (codecs.BOM_UTF8, "python", "empty"),
        (b"a\0b", "python", "binary"),
        (b"\x7fELF\0\xff", "c", "binary"),
        (b"\xe9", "python", "undecodable"),
        (b"# coding: latin-1\n\xe9", "ruby", "undecodable"),
        (b"x = 1\n# coding: latin-1\n\xe9", "python", "undecodable"),
        (b"\n\n# coding: latin-1\n\xe9", "python", "undecodable"),
        (b"# coding: nonsense\n", "python", "undecodable"),
        (b"# coding: punycode\nx-", "python", "undecodable"),
        (b"# coding: unicode_escape\n\\x41", "python", "undecodable"),
        (b"# coding: rot13\n", "python", "undecodable"),
        (b"# coding: zlib\n", "python", "undecodable"),
        (b"# coding: utf-7\n", "python", "undecodable"),
        (b"# coding: " + b"a" * 100_000, "python", "undecodable"),
        (b"# coding: ../../etc\n", "python", "undecodable"),
        (codecs.BOM_UTF16_LE + b"x", "python", "undecodable"),
    ],
)
def test_what_is_no_text(data, language, reason):
    refusal = decoded(data, language)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason


def test_a_lone_surrogate_is_no_text():
    assert settled_text("x = '\ud800'") == Refusal("undecodable", "lone surrogate at character 5")


@given(st.binary(), st.sampled_from(["python", "c"]))
def test_a_text_is_clean_whatever_the_bytes(data, language):
    text = decoded(data, language)
    if isinstance(text, str):
        text.encode()
        assert text.strip()
        assert not set("\0\r") & set(text)


LINES = st.sampled_from(
    [
        b"",
        b"#!/usr/bin/python",
        b"# coding: latin-1",
        b"# -*- coding: utf-8 -*-",
        b"#coding=koi8-r",
        b"\x0c# coding: cp1251",
        b"x = 1  # coding: latin-1",
        b"'''",
        b"# vim: fileencoding:gbk",
    ]
)


@given(st.lists(LINES, max_size=4), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_declared_encodings_are_those_that_python_reads(lines, end):
    data = end.join([*lines, b"x"])
    # The tokenizer reads lines that end in LF alone; the compiler takes all three.
    lines_of_python = io.BytesIO(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    encoding, _ = tokenize.detect_encoding(lines_of_python.readline)
    probe = b"\xd0\xb6"  # differs in all of these encodings
    assert decoded(data + b"\n#" + probe, "python") == (
        data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + b"\n#"
    ).decode("ascii") + probe.decode(encoding)


@given(st.text(st.characters(codec=None)))
def test_names_can_always_be_written(name):
    printable(name).encode()
    line = one_line(name)
    line.encode()
    assert len(line.splitlines()) <= 1
    assert len(line) <= 200
