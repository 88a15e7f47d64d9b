"""Which comments count as documentation, whatever the language."""

import pytest

from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.records import Document, Provenance


def said(language: str, source: str) -> str:
    """The documentation of the only function in `source`."""
    document = Document(
        content=source, language=language, provenance=Provenance(source="here", path="a")
    )
    found = Functions(languages=(language,)).extract(document)
    assert found.counts["functions"] == 1, found.counts
    return found.seeds[0].docstring if found.seeds else ""


@pytest.mark.parametrize(
    ("comment", "text"),
    [
        # what documents
        ("// Adds two numbers together.", "Adds two numbers together."),
        ("//Adds two numbers\n//\n// together.", "Adds two numbers\n\ntogether."),
        ("/// Adds two.", "Adds two."),
        ("//! Adds two.", "Adds two."),
        ("/** Adds two. */", "Adds two."),
        ("/**\n * Adds two.\n *\n *  - so\n */", "Adds two.\n\n - so"),
        ("/*!\n   Adds two.\n     so\n*/", "Adds two.\n  so"),
        ("/** 返回两个数字的和 */", "返回两个数字的和"),
        ("// 返回两个数字的和", "返回两个数字的和"),
        ("/**\r\n * Adds two.\r\n * So.\r\n */", "Adds two.\nSo."),
        # what is passed over between documentation and function
        ("/** Adds two. */\n// NOLINTNEXTLINE(foo)", "Adds two."),
        ("/// Adds two.\n// clang-format off", "Adds two."),
        ("// Adds two numbers up.\n//----------------", "Adds two numbers up."),
        # a box around a sentence is documentation, around a title it is a banner
        (
            "//////////////////\n// Computes the sum of two numbers.\n//////////////////",
            "Computes the sum of two numbers.",
        ),
        ("// ---------\n// Math helpers here\n// ---------", ""),
        ("// ======== some helper functions ========", ""),
        ("/************\n * Section one two\n ************/", ""),
        ("//////////////////////////", ""),
        # a licence
        ("// Copyright 2019 Somebody and some others\n// All of it is kept", ""),
        ("/** Licensed under the Apache License, Version 2.0 */", ""),
        ("// SPDX-License-Identifier: MIT\n// that is all there is", ""),
        ("/**\n * @file sums.cpp\n * Adds things of all sorts.\n */", ""),
        (
            "/** Returns the copyright notice of a book. */",
            "Returns the copyright notice of a book.",
        ),
        # commented-out code
        ("// int add(int a, int b) {\n//   return a + b;\n// }", ""),
        ("// add_two_numbers(first, second, third);", ""),
        ("/** Adds two. */\n// int add(int a, int b) { return b; }", ""),
        # instructions to tools and notes to oneself
        ("// NOLINT(readability-identifier-naming, other-rule)", ""),
        ("// TODO: make this function faster some day", ""),
        ("// clang-format off for this function here", ""),
        ("/** @private */", ""),
        ("/** \\overload */", ""),
        ("/** {@inheritDoc} */", ""),
        ("/** @param a */", ""),
        ("/** @param a what is added to */", "@param a what is added to"),
        # no prose, or about something else
        ("// helpers", ""),
        ("/***/", ""),
        ("/**/", ""),
        ("/** */", ""),
        ("///", ""),
        ("/* Adds two numbers together. */", "Adds two numbers together."),
        ("int x; // Holds the sum of two numbers.", ""),
        ("int x;\n///< Holds the sum of two numbers.", ""),
        ("int x; /**< Holds the sum of two numbers. */", ""),
        ("// Adds two numbers together.\n", ""),
        ("/** Adds two. */\n\n", ""),
    ],
)
def test_comments_above_a_function(comment: str, text: str) -> None:
    assert said("cpp", f"{comment}\nint add(int a, int b) {{ return a + b; }}\n") == text


@pytest.mark.parametrize(
    "line", ["// " + "-- " * 60_000, "// " + "-" * 200_000 + "a", "// " + "a" * 200_000 + "("]
)
def test_endless_lines_of_comments_take_no_time(line: str) -> None:
    """Patterns look at the beginning of a line alone."""
    assert said("cpp", f"{line}\nint f() {{ return 1; }}\n") in (line[3:].strip(), "")
