"""Functions of the other languages: for each a table of sources and what is found there."""

from typing import NamedTuple

import pytest

from veristone.generators.seeds.extract.functions import Functions
from veristone.generators.seeds.extract.languages import LANGUAGES
from veristone.generators.seeds.records import Document, Provenance


class Row(NamedTuple):
    """What is expected of a seed."""

    name: str
    docstring: str
    lines: tuple[int, int]
    shape: str = "function"


class Case(NamedTuple):
    language: str
    source: str
    rows: list[Row]
    functions: int
    """All of the shape looked for, documented or not."""
    methods: bool = False
    more: dict[str, int] = {}  # noqa: RUF012 - never changed


JAVASCRIPT = """\
#!/usr/bin/env node
/**
 * @license MIT
 */
'use strict';

/**
 * Adds two numbers.
 * @param {number} a one
 */
// eslint-disable-next-line no-unused-vars
function add(a, b) {
  function inner() {}
  return a + b;
}

/** Doubles. */
export const twice = (a) => a * 2;
/** Halves. */
export default function (a) { return a / 2; }
/** Counts. */
export async function* count() { yield 1; }
// Not JSDoc, so no documentation.
function plain() {}
/** Both of them. */
const one = () => 1, two = () => 2;
/** A number, no function. */
const three = 3;
/** Says what it is. */
exports.what = function () { return 'what'; };
/** Far away. */

let far = function () { return 1; };
/* Not JSDoc. */
var near = function () { return 1; };
"""

CLASSES = """\
/** Of the class. */
export class Stack extends List {
  /** Adds on top. */
  push(item) { this.items.push(item); }

  /** How many there are. */
  static get size() { return 1; }
  bare() {}
}
"""

TYPESCRIPT = """\
/** Adds two numbers. */
export function add(a: number, b: number): number;
export function add(a: any, b: any): any { return a + b; }

namespace Shapes {
  /** Area of a square. */
  export function area<T extends number>(a: T): number {
    return a * a;
  }
}

/** Does nothing. */
declare function nothing(): void;
/** First of a list. */
export const first = async <T,>(list: T[]): Promise<T> => list[0];

export abstract class Stack {
  /** Adds on top. */
  @logged()
  public push(item: string): void { this.items.push(item); }
  /** Left to others. */
  abstract pop(): string;
}
"""

TSX = """\
/** A button that says hello. */
export const Hello = (props: Props) => <button onClick={() => 1}>{props.name}</button>;
"""

JAVA = """\
/* Copyright 2020 Somebody */
package a.b;

/** Of the class. */
public final class Sums {
    /**
     * Adds two numbers.
     *
     * @return the sum
     */
    @Deprecated
    public static int add(int a, int b) {
        return a + b;
    }

    /** Multiplies. */
    // NOSONAR
    int multiply(int a, int b) { return a * b; }

    /// Subtracts, says Markdown.
    /// Really.
    static <T> int subtract(int a, int b) { return a - b; }

    // Not Javadoc at all, this.
    static void plain() {}

    /** {@inheritDoc} */
    static void inherited() {}

    /** Without a body. */
    static native int nativeOne();

    static class Inner {
        /** Too deep. */
        static int deep() { return 1; }
    }
}

enum Color {
    RED, GREEN;

    /** Says the color. */
    static String say() { return "red"; }
}
"""

CPP = """\
// Copyright 2020 Somebody
#ifndef A_H
#define A_H
#include <vector>
// Adds two numbers
// and returns the sum.
int add(int a, int b) { return a + b; }

namespace shapes { // for squares
namespace {
/// Area of a square.
template <typename T>
T area(T side) {
    return side * side;
}
}  // namespace
}  // namespace shapes

extern "C" {
//! First character.
const char *first(const char *text) { return text; }
}
/** Last character. */
extern "C" char last(const char *text) { return *text; }

/** Only declared. */
int declared(int a);

int global; // Says how many there are.
int bare() { return 1; }

TEST(Sums, Add) { add(1, 2); }

class Stack {
 public:
  /** Makes one of a size. */
  explicit Stack(int size) : size_(size) {}
  /// Adds on top of it.
  void push(int item) { items.push_back(item); }
  /// Gone.
  Stack(const Stack &) = delete;
};

/** Removes the top. */
int Stack::pop() { return 1; }

/** Whether both are the same. */
bool operator==(const Stack &a, const Stack &b) { return true; }

#else
/** The other add of two. */
auto add(int a) -> int try { return a; } catch (...) { return 1; }
#endif
"""

GO = """\
// Copyright 2020 Somebody. All rights reserved.

// Package sums adds.
package sums

// Add returns the sum.
//
//\tAdd(1, 2)
//
//go:noinline
func Add(a, b int) int { return a + b }

// returns the difference of both
func sub(a, b int) int { return a - b }

//go:nosplit
func split() {}

// x := split()
// return x
func code() {}

/*
Mul multiplies.
*/
func Mul[T any](a, b T) T { return a }

// Far away from what is below.

func far() {}

// Assembly has its body elsewhere.
func Assembly(a int) int

// Push adds an item.
func (s *Stack[T]) Push(item T) { s.items = append(s.items, item) }

// TestAdd tests it.
func TestAdd(t *testing.T) { Add(1, 2) }

// Testify is no test at all.
func Testify(a int) int { return a }
"""

RUST = """\
// Copyright 2020 Somebody
//! Of the crate.

/// Adds two numbers.
///
/// ```
/// add(1, 2);
/// ```
#[inline]
#[must_use]
pub fn add(a: i32, b: i32) -> i32 {
    a + b
}

/** Doubles a number. */
pub(crate) const unsafe fn twice<T>(a: T) -> T { a }

// Not a doc comment, this.
fn plain() {}
//// Neither is this one here.
fn four() {}

mod shapes {
    /// Area of a square.

    // and so on
    pub async fn area(side: u32) -> u32 { side }
}

impl<T> Stack<T> {
    /// Adds on top.
    pub fn push(&mut self, item: T) { self.items.push(item); }
}

trait Shape {
    /// Only declared.
    fn area(&self) -> u32;
    /// Says what it is.
    fn name(&self) -> String { String::new() }
}

/// Tests something.
#[test]
fn tested() {}

/// Tests more of it.
#[tokio::test(flavor = "multi_thread")]
async fn tested_too() {}

#[cfg(all(test, unix))]
mod tests {
    /// Helps to test.
    fn helper() {}
    fn other() {}
}

/// Not for tests.
#[cfg(not(test))]
fn real() {}
"""

CASES = {
    "javascript": Case(
        "javascript",
        JAVASCRIPT,
        [
            Row("add", "Adds two numbers.\n@param {number} a one", (7, 15)),
            Row("twice", "Doubles.", (17, 18)),
            Row("default", "Halves.", (19, 20)),
            Row("count", "Counts.", (21, 22)),
            Row("what", "Says what it is.", (29, 30)),
        ],
        8,
    ),
    "javascript classes left out": Case("javascript", CLASSES, [], 0),
    "javascript classes": Case(
        "javascript",
        CLASSES,
        [
            Row("Stack.push", "Adds on top.", (3, 4), "method"),
            Row("Stack.size", "How many there are.", (6, 7), "method"),
        ],
        3,
        methods=True,
        more={"methods": 3},
    ),
    "typescript": Case(
        "typescript",
        TYPESCRIPT,
        [
            Row("area", "Area of a square.", (6, 9)),
            Row("first", "First of a list.", (14, 15)),
            Row("Stack.push", "Adds on top.", (18, 20), "method"),
        ],
        4,
        methods=True,
        more={"methods": 1},
    ),
    "tsx": Case("tsx", TSX, [Row("Hello", "A button that says hello.", (1, 2))], 1),
    "java": Case(
        "java",
        JAVA,
        [
            Row("Sums.add", "Adds two numbers.\n\n@return the sum", (6, 14)),
            Row("Sums.subtract", "Subtracts, says Markdown.\nReally.", (20, 22)),
            Row("Color.say", "Says the color.", (42, 43)),
        ],
        5,
    ),
    "java methods": Case(
        "java",
        JAVA[: JAVA.index("    /// Subtracts")] + "}\n",
        [
            Row("Sums.add", "Adds two numbers.\n\n@return the sum", (6, 14)),
            Row("Sums.multiply", "Multiplies.", (16, 18), "method"),
        ],
        2,
        methods=True,
        more={"methods": 1},
    ),
    "cpp": Case(
        "cpp",
        CPP,
        [
            Row("add", "Adds two numbers\nand returns the sum.", (5, 7)),
            Row("area", "Area of a square.", (11, 15)),
            Row("first", "First character.", (20, 21)),
            Row("last", "Last character.", (23, 24)),
            Row("operator==", "Whether both are the same.", (47, 48)),
            Row("add", "The other add of two.", (51, 52)),
        ],
        7,
    ),
    "cpp methods": Case(
        "cpp",
        CPP[CPP.index("class Stack") : CPP.index("/** Whether")],
        [
            Row("Stack::Stack", "Makes one of a size.", (3, 4), "method"),
            Row("Stack::push", "Adds on top of it.", (5, 6), "method"),
            Row("Stack::pop", "Removes the top.", (11, 12), "method"),
        ],
        3,
        methods=True,
        more={"methods": 3},
    ),
    "go": Case(
        "go",
        GO,
        [
            Row("Add", "Add returns the sum.\n\n\tAdd(1, 2)", (6, 11)),
            Row("sub", "returns the difference of both", (13, 14)),
            Row("Mul", "Mul multiplies.", (23, 26)),
            Row("Stack.Push", "Push adds an item.", (35, 36), "method"),
            Row("Testify", "Testify is no test at all.", (41, 42)),
        ],
        8,
        methods=True,
        more={"methods": 1, "tests": 1},
    ),
    "rust": Case(
        "rust",
        RUST,
        [
            Row("add", "Adds two numbers.\n\n```\nadd(1, 2);\n```", (4, 13)),
            Row("twice", "Doubles a number.", (15, 16)),
            Row("area", "Area of a square.", (24, 27)),
            Row("real", "Not for tests.", (57, 59)),
        ],
        6,
        more={"tests": 4},
    ),
    "rust methods": Case(
        "rust",
        RUST[RUST.index("impl<T>") : RUST.index("/// Tests something")],
        [
            Row("Stack::push", "Adds on top.", (2, 3), "method"),
            Row("Shape::name", "Says what it is.", (9, 10), "method"),
        ],
        2,
        methods=True,
        more={"methods": 2},
    ),
    # A syntax error costs its own function, in every language.
    "javascript broken": Case(
        "javascript",
        "/** One. */\nfunction a() { return 1 + ; }\n/** Two. */\nfunction b() { return 2; }\n",
        [Row("b", "Two.", (3, 4))],
        2,
        more={"broken": 1},
    ),
    "go broken": Case(
        "go",
        "package a\n\n// a is one.\nfunc a() { return 1 + }\n// b is two.\nfunc b() { }\n",
        [Row("b", "b is two.", (5, 6))],
        2,
        more={"broken": 1},
    ),
    "rust broken": Case(
        "rust",
        "/// One.\nfn a() { 1 + }\n/// Two.\nfn b() { }\n",
        [Row("b", "Two.", (3, 4))],
        2,
        more={"broken": 1},
    ),
    "cpp broken": Case(
        "cpp",
        "/// One.\nint a() { return 1 + ; }\n/// Two.\nint b() { return 2; }\n",
        [Row("b", "Two.", (3, 4))],
        2,
        more={"broken": 1},
    ),
    "java broken": Case(
        "java",
        "class A {\n/** One. */\nstatic int a() { return 1 + ; }\n"
        "/** Two. */\nstatic int b() { return 2; }\n}\n",
        [Row("A.b", "Two.", (4, 5))],
        2,
        more={"broken": 1},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_functions_of_a_language(name: str) -> None:
    case = CASES[name]
    found = Functions(methods=case.methods).extract(
        Document(content=case.source, language=case.language, provenance=Provenance(source="here"))
    )
    rows = [
        Row(s.name, s.docstring, (s.provenance.start_line, s.provenance.end_line), s.shape)
        for s in found.seeds
    ]
    assert rows == case.rows
    documented = {"documented": len(rows)} if rows else {}
    functions = {"functions": case.functions} if case.functions else {}
    assert dict(found.counts) == {**functions, **documented, **case.more}
    lines = case.source.split("\n")
    for seed in found.seeds:
        where = seed.provenance
        whole = lines[where.start_line - 1 : where.end_line]
        indent = len(whole[0]) - len(whole[0].lstrip())
        assert seed.code.split("\n") == [line[indent:] for line in whole]


def test_the_table_covers_every_language_that_has_a_test() -> None:
    assert {case.language for case in CASES.values()} | {"python"} == set(LANGUAGES)
