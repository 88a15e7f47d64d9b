"""`framework`: what tests of each language's frameworks may hold, and what becomes of it."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio
from backends import open_engine, story

from veristone import FrameworkCheck, InvalidSample, Limits, Reason, Sample, Verdict
from veristone.engine import Engine
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.languages import find, installed

pytestmark = [pytest.mark.bubblewrap, pytest.mark.asyncio(loop_scope="module")]

LIMITS = Limits(cpu_s=20.0, wall_s=60.0)


class Told(NamedTuple):
    """A suite, a solution, and for each test what its verdict must say: `ok` or a reason."""

    language: str
    code: str
    tests: str
    results: dict[str, str]


JS_ADD = "export const add = (a, b) => a + b;\nexport default class Box { constructor(v) { this.v = v; } }\n"
JEST = """
import Box, { add as sum } from './solution.js';
import * as all from '../src/solution';
let count = 0;
beforeEach(() => { count += 1; });
describe('sums', () => {
  beforeAll(() => { count = 10; });
  test.each([[1, 1, 2], [1, 2, 4]])('%i and %i', (a, b, want) => { expect(sum(a, b)).toBe(want); });
  it('counts', () => { expect(count).toBe(13); });
  it.skip('is left out', () => { throw new Error('no'); });
});
test('waits', async () => { await expect(Promise.resolve(all.add(1, 1))).resolves.toEqual(2); });
test('calls back', (done) => { setTimeout(() => done(), 1); });
test('throws', () => { expect(() => { throw new TypeError('x'); }).toThrow(TypeError); });
test('breaks', () => { undefined.x; });
test('mocks', () => { const f = jest.fn(() => 3); f(); expect(f).toHaveBeenCalledTimes(1); });
test('equals', () => { expect(new Box({ a: [1] })).toEqual({ v: { a: [1] } }); });
"""
NODE = """
const { test, describe, it, beforeEach } = require('node:test');
const assert = require('node:assert/strict');
describe('group', () => {
  let n = 0;
  beforeEach(() => { n = 5; });
  it('has n', () => { assert.equal(n, 5); });
});
test('by name', () => { assert.deepEqual(pair(1), [1, 1]); });
test('inner', async (t) => {
  await t.test('one', () => {});
  await t.test('two', () => { assert.equal(1, 2); });
});
test('later', { skip: 'not now' }, () => {});
test('leaves a promise', async () => { await Promise.reject(new RangeError('far')); });
"""
GO = """package x_test

import (
    "testing"

    "github.com/stretchr/testify/assert"
    "github.com/stretchr/testify/require"
)

func TestTestify(t *testing.T) { assert.Equal(t, 3, Add(1, 2)) }

func TestRequires(t *testing.T) { require.Equal(t, 4, Add(1, 2), "a sum") }

func TestTable(t *testing.T) {
    for _, c := range []struct{ name string; want int }{{"a", 3}, {"b", 5}} {
        t.Run(c.name, func(t *testing.T) {
            t.Parallel()
            assert.Equal(t, c.want, Add(1, 2))
        })
    }
}

func TestSkips(t *testing.T) { t.Skip("not here") }

func TestParallel(t *testing.T) { t.Parallel() }

func Testing(t *testing.T) { t.Fatal("is no test") }

func TestPanics(t *testing.T) { panic("at once") }
"""
JAVA = """package demo;

import static org.junit.jupiter.api.Assertions.*;
import java.util.stream.Stream;
import org.junit.jupiter.api.*;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The class of tests. */
@DisplayName("sums")
public class SumsTest {
    private int base;

    @BeforeEach
    void start() { base = 1; }

    @Test
    void adds() { assertEquals(3, new Sums().add(base, 2)); }

    @ParameterizedTest
    @CsvSource({"1,1,2", "1,2,4"})
    void table(int a, int b, int sum) { assertEquals(sum, new Sums().add(a, b)); }

    @ParameterizedTest
    @CsvSource({"1,1,2", "1,2,3"})
    void goodTable(int a, int b, int sum) { assertEquals(sum, new Sums().add(a, b)); }

    @TestFactory
    Stream<DynamicTest> made() { return Stream.of(DynamicTest.dynamicTest("x", () -> assertTrue(true))); }

    @Test
    void breaks() { Object nothing = null; nothing.toString(); }

    @Test
    void throwing() { assertThrows(ArithmeticException.class, () -> new Sums().divide(1, 0)); }

    @Test @Disabled("later")
    void later() { fail(); }

    @Nested
    class Inside {
        @Test
        void deep() { assertEquals(2, base + 1); }
    }
}
"""
JAVA4 = """import static org.junit.Assert.*;
import org.junit.Test;

public class OldTest {
    @Test public void adds() { assertEquals(3, Sums.add(1, 2)); }
    @Test(expected = ArithmeticException.class) public void divides() { int x = Sums.add(1, 0) / 0; }
    @Test public void wrong() { assertEquals("of sums", 4, Sums.add(1, 2)); }
}
"""
RUST = """//! Tests of a crate.
use solution::{half, Counter};

#[test]
fn halves() { assert_eq!(half(4), Some(2)); }

#[test]
#[should_panic(expected = "odd")]
fn refuses() { solution::must_half(3); }

#[test]
#[should_panic]
fn does_not() { solution::must_half(4); }

#[test]
#[ignore = "slow"]
fn slow() {}

#[test]
fn gives() -> Result<(), String> { Err("no".to_string()) }

mod deep {
    use super::*;
    #[test]
    fn counts() { assert_eq!(Counter::default().count, 1, "of {}", "one"); }
    #[test]
    fn breaks() { let all: Vec<i32> = vec![]; all[0]; }
}
"""
CPP = """#include "doctest.h"
#include "my_solution.hpp"
#include <stdexcept>
#include <string>
using namespace std;

TEST_CASE("sums") {
    CHECK(add(1, 2) == 3);
    SUBCASE("more") { CHECK(add(2, 2) == 4); }
    SUBCASE("wrong") { CHECK_EQ(add(1, 1), 3); }
}

TEST_SUITE("texts") {
    TEST_CASE("joins") { REQUIRE(join(string("a"), string("b")) == "ab"); }
    TEST_CASE("throws") { CHECK_THROWS_AS(join("", ""), invalid_argument); }
}

TEST_CASE("breaks") { throw runtime_error("at once"); }

TEST_CASE("is left out" * doctest::skip()) { CHECK(false); }

struct Fixture { int n = 7; };
TEST_CASE_FIXTURE(Fixture, "has a fixture") { CHECK(n == 7); }
"""
F, E, OK = "assertion_failed", "runtime_error", "ok"
SUMS = "public class Sums { int add(int a, int b) { return a + b; } int divide(int a, int b) { return a / b; } }"
TOLD = {
    "jest": Told(
        "javascript",
        JS_ADD,
        JEST,
        {
            "sums > 1 and 1": OK,
            "sums > 1 and 2": F,
            "sums > counts": OK,
            "waits": OK,
            "calls back": OK,
            "throws": OK,
            "breaks": E,
            "mocks": OK,
            "equals": OK,
        },
    ),
    "node:test": Told(
        "javascript",
        "function pair(x) { return [x, x]; }\n",
        NODE,
        {"group > has n": OK, "by name": OK, "inner": F, "leaves a promise": E},
    ),
    "TypeScript": Told(
        "typescript",
        "export interface Pair<T> { a: T; b: T }\nexport function swap<T>(p: Pair<T>): Pair<T> { return { a: p.b, b: p.a }; }\n",
        "import { swap, Pair } from './solution';\n"
        "const p: Pair<number> = { a: 1, b: 2 };\n"
        "describe('swap', () => { it('swaps', () => { expect(swap(p)).toEqual({ a: 2, b: 1 }); });\n"
        "  it('does not', () => { expect(swap(p).a).toBe(1); }); });\n",
        {"swap > swaps": OK, "swap > does not": F},
    ),
    "go": Told(
        "go",
        "package x\n\nfunc Add(a, b int) int { return a + b }\n",
        GO,
        {
            "TestTestify": OK,
            "TestRequires": F,
            "TestTable": F,
            "TestParallel": "not run",
            "TestPanics": E,
        },
    ),
    "JUnit 5": Told(
        "java",
        f"package demo;\n{SUMS}",
        JAVA,
        {
            "SumsTest.adds": OK,
            "SumsTest.table": F,
            "SumsTest.goodTable": OK,
            "SumsTest.made": OK,
            "SumsTest.breaks": E,
            "SumsTest.throwing": OK,
            "SumsTest$Inside.deep": OK,
        },
    ),
    "JUnit 4": Told(
        "java",
        "class Sums { static int add(int a, int b) { return a + b; } }",
        JAVA4,
        {"OldTest.adds": OK, "OldTest.divides": OK, "OldTest.wrong": F},
    ),
    "rust": Told(
        "rust",
        "#![allow(dead_code)]\n#[derive(Default)]\npub struct Counter { count: i32 }\n"
        "pub fn half(n: i32) -> Option<i32> { (n % 2 == 0).then(|| n / 2) }\n"
        'fn must_half(n: i32) -> i32 { half(n).expect("odd") }\nfn main() { println!("{}", must_half(2)); }\n',
        RUST,
        {
            "halves": OK,
            "refuses": OK,
            "does_not": F,
            "gives": E,
            "deep::counts": F,
            "deep::breaks": E,
        },
    ),
    "doctest": Told(
        "cpp",
        "#include <stdexcept>\n#include <string>\n#define SUM(a, b) ((a) + (b))\n"
        "int add(int a, int b) { return SUM(a, b); }\n"
        "std::string join(std::string a, std::string b) {\n"
        '    if (a.empty()) throw std::invalid_argument("empty");\n    return a + b;\n}\n'
        "int main() { return 0; }\n",
        CPP,
        {"sums": F, "joins": OK, "throws": OK, "breaks": E, "has a fixture": OK},
    ),
    "pytest": Told(
        "python",
        "def add(a, b):\n    return a + b\n",
        "def test_one():\n    assert add(1, 2) == 3\n\ndef test_two():\n    assert add(1, 2) == 4\n",
        {"test_one": OK, "test_two": F},
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[Engine]:
    async with open_engine("bubblewrap") as opened:
        yield opened


async def judged(engine: Engine, language: str, code: str, tests: str) -> Verdict:
    try:
        await engine.isolation(language)
    except ToolchainMissing as error:
        pytest.skip(str(error))
    check = FrameworkCheck(tests=tests)
    return await engine.verify(Sample(code=code, language=language, check=check, limits=LIMITS))


@pytest.mark.parametrize("name", TOLD)
async def test_each_test_has_a_result(name: str, engine: Engine) -> None:
    told = TOLD[name]
    verdict = await judged(engine, told.language, told.code, told.tests)
    found = {
        test.name: OK if test.passed else test.reason or test.message for test in verdict.tests
    }
    assert found == told.results, story(verdict)
    assert verdict.reason not in (Reason.PASSED, Reason.TAMPERED), story(verdict)


NOTHING = {
    "javascript": ("const x = 1;", "test.skip('later', () => {});"),
    "go": ("package x\n", "package x\n\nimport \"testing\"\n\nvar _ testing.TB\n"),
    "java": ("class S { }", "class Empty { }"),
    "rust": ("fn f() {}", "fn helper() {}"),
    "cpp": ("int x;", "#include <doctest/doctest.h>\n"),
}


@pytest.mark.parametrize("language", NOTHING)
async def test_tests_that_test_nothing(language: str, engine: Engine) -> None:
    verdict = await judged(engine, language, *NOTHING[language])
    assert verdict.reason is Reason.NO_TESTS, story(verdict)


async def test_a_time_out_is_one_whatever_was_told_before(engine: Engine) -> None:
    check = FrameworkCheck(tests="test('a', () => {}); test('b', () => f());")
    code = "function f() { for (;;) { } }"
    limits = Limits(cpu_s=1.0, wall_s=20.0)
    sample = Sample(code=code, language="javascript", check=check, limits=limits)
    verdict = await engine.verify(sample)
    assert verdict.reason is Reason.CPU_TIMEOUT, story(verdict)
    assert [(test.name, test.passed) for test in verdict.tests] == [("a", True), ("b", False)]


async def test_languages_without_a_framework_say_so(engine: Engine) -> None:
    sample = Sample(code="print 1", language="perl", check=FrameworkCheck(tests="ok 1"))
    with pytest.raises(InvalidSample, match="no framework is known for tests in perl"):
        await engine.verify(sample)


async def test_files_of_a_framework_are_there() -> None:
    for language in installed().values():
        if language.framework is not None:
            assert find(language.name).with_tests("").tests
