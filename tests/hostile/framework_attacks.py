"""Suites in the usual frameworks of languages, and solutions that try to pass them without being right.

Each suite wants `add(1, 2) == 3` and `add(2, 2) == 4` in two tests. The wrong sums of an attack say where it goes on
from: one that died on its way there would hold nothing, so each prints ``attacked`` when it has done what it can.
"""

from typing import NamedTuple

__all__ = ["SUITES", "Suite"]


class Suite(NamedTuple):
    tests: str
    right: str
    wrong: str
    attacks: dict[str, str]
    """Code by what it tries."""


_JS = "function add(a, b) { return 0; }\n"
_REWRITES_JS = """
function later() {
  console.error("attacked");
  const fs = require("fs");
  try {
    const text = fs.readFileSync("veristone.report", "utf8");
    const token = text.trim().split("\\n").pop().split("\\t")[0];
    fs.writeFileSync("veristone.report", text.replaceAll("\\tfail\\t", "\\tpass\\t"));
    fs.appendFileSync("veristone.report", `${token}\\tpass\\tadds\\t\\n${token}\\tdone\\t2\\t\\n`);
  } catch (error) { console.error(error); }
  process.exit(0);
}
"""
JAVASCRIPT = Suite(
    tests="""
const test = require("node:test");
const assert = require("node:assert");
const { add } = require("./solution");
[[1, 2, 3], [2, 2, 4]].forEach(([a, b, sum]) => test(`adds ${a}`, () => assert.strictEqual(add(a, b), sum)));
""",
    right="function add(a, b) { return a + b; }\nmodule.exports = { add };\n",
    wrong="function add(a, b) { return a - b; }\n",
    attacks={
        "prints a report": _JS
        + """
console.log("TAP version 13\\nok 1 - adds 1\\nok 2 - adds 2\\n1..2\\n# pass 2\\n# fail 0");
console.error("attacked");
process.exit(0);
""",
        "leaves at load": 'console.error("attacked"); process.exit(0);',
        "leaves in a call": 'function add() { console.error("attacked"); process.exit(0); }',
        "leaves in a call by its kernel": 'function add() { console.error("attacked"); process.reallyExit(0); }',
        "leaves with an exit code": _JS
        + 'process.on("exit", () => { console.error("attacked"); process.exitCode = 0; });\nsetTimeout(() => {}, 1);',
        "replaces asserts": _JS
        + """
const assert = require("assert");
for (const name of Object.keys(assert)) try { assert[name] = () => {}; } catch {}
for (const name of Object.keys(assert.strict)) try { assert.strict[name] = () => {}; } catch {}
try { Object.defineProperty(assert, "strictEqual", { value: () => {} }); } catch {}
console.error("attacked");
""",
        "replaces the framework": _JS
        + """
for (const name of ["node:test", "node:assert"]) {
  const module = require(name);
  for (const key of Object.keys(module)) try { module[key] = () => {}; } catch {}
}
for (const name of ["test", "it", "describe", "expect"]) globalThis[name] = () => {};
const Module = require("module");
const load = Module._load;
Module._load = (name, ...rest) => name.includes("assert") || name.includes("test") ? new Proxy(() => {}, {}) : load(name, ...rest);
console.error("attacked");
""",
        "replaces how functions are called": _JS
        + """
for (const name of ["call", "apply", "bind"]) try { Function.prototype[name] = () => {}; } catch {}
try { Reflect.apply = () => {}; } catch {}
try { Object.is = () => true; } catch {}
try { Array.prototype.push = () => 0; } catch {}
console.error("attacked");
""",
        "replaces promises": _JS
        + """
try { Promise.prototype.then = function (done) { done?.(); return this; }; } catch {}
try { Object.defineProperty(Promise.prototype, "constructor", { value: class {} }); } catch {}
console.error("attacked");
""",
        "drops tests": _JS
        + """
for (const name of ["forEach", "map"]) try { Array.prototype[name] = () => []; } catch {}
try { Array.prototype[Symbol.iterator] = function* () {}; } catch {}
console.error("attacked");
""",
        "brings tests of its own": _JS
        + """
const test = require("node:test");
test("adds 1", () => {});
test("adds 2", () => {});
console.error("attacked");
""",
        "writes the tests anew": _JS
        + """
const fs = require("fs");
for (const name of ["tests.js", "framework.js", "main.js"])
  try { fs.writeFileSync(name, "process.exit(0);"); } catch (error) { console.error(error); }
console.error("attacked");
""",
        "writes the report": _JS + _REWRITES_JS + "later();",
        "writes the report in a call": _REWRITES_JS + "function add() { later(); }",
        "writes the report at the end": _JS + _REWRITES_JS + 'process.on("exit", later); setImmediate(later);',
        "writes to every descriptor": _JS
        + """
const fs = require("fs");
for (let fd = 3; fd < 64; fd++) try { fs.writeSync(fd, "x\\tpass\\tadds 1\\t\\nx\\tdone\\t2\\t\\n"); } catch {}
console.error("attacked");
process.exit(0);
""",
        "kills": 'console.error("attacked"); try { process.kill(-1, 9); } catch {}\nprocess.kill(process.pid, "SIGKILL");',
    },
)

TYPESCRIPT = Suite(
    tests="""
import test from "node:test";
import assert from "node:assert";
import { add } from "./solution";
test("adds 1", () => assert.strictEqual(add(1, 2), 3));
test("adds 2", () => assert.strictEqual(add(2, 2), 4));
""",
    right="export function add(a: number, b: number): number { return a + b; }\n",
    wrong="function add(a: number, b: number): number { return a - b; }\n",
    attacks={
        "leaves at load": 'declare var process: any;\nconsole.error("attacked"); process.exit(0);\n'
        "export function add(a: number, b: number) { return 0; }",
        "is not of the type": 'export function add(a: string, b: string) { return "attacked"; }',
        "says that it is of any": "export const add: any = () => { console.error('attacked'); return undefined; };",
    },
)

_GO = "package solution\n\nfunc add(a, b int) int { return 0 }\n"
GO = Suite(
    tests="""package main

import "testing"

func TestOne(t *testing.T) {
    if got := add(1, 2); got != 3 {
        t.Fatalf("add(1, 2) = %d", got)
    }
}

func TestTwo(t *testing.T) {
    if got := add(2, 2); got != 4 {
        t.Errorf("add(2, 2) = %d", got)
    }
}
""",
    right="package main\n\nfunc add(a, b int) int { return a + b }\n",
    wrong="package main\n\nfunc add(a, b int) int { return a - b }\n",
    attacks={
        "prints a report": """package main

import (
    "fmt"
    "os"
)

func init() {
    fmt.Println("=== RUN   TestOne\\n--- PASS: TestOne (0.00s)\\n--- PASS: TestTwo (0.00s)\\nPASS")
    println("attacked")
    os.Exit(0)
}

func add(a, b int) int { return 0 }
""",
        "leaves in a call": """package main

import "os"

func add(a, b int) int {
    println("attacked")
    os.Exit(0)
    return 0
}
""",
        "ends its goroutine": """package main

import "runtime"

func add(a, b int) int {
    println("attacked")
    runtime.Goexit()
    return 0
}
""",
        "has a main": """package main

import "os"

func main() { os.Exit(0) }

func init() { println("attacked") }

func add(a, b int) int { return 0 }
""",
        "declares what is predeclared": _GO + "\nconst true = false\n\nfunc panic(any) {}\n\nvar nil = 0\n",
        "has a main of its tests": 'package main\n\nimport "testing"\n\nfunc TestMain(m *testing.M) {}\n\n'
        "func add(a, b int) int { return 0 }\n",
        "reaches into testing": 'package main\n\nimport _ "unsafe"\n\n//go:linkname exit os.Exit\nfunc exit(int)\n\n'
        "func add(a, b int) int { exit(0); return 0 }\n",
        "writes the report": """package main

import (
    "os"
    "strings"
)

func add(a, b int) int {
    println("attacked")
    text, _ := os.ReadFile("veristone.report")
    lines := strings.Split(strings.TrimSpace(string(text)), "\\n")
    token := strings.SplitN(lines[len(lines)-1], "\\t", 2)[0]
    forged := token + "\\tpass\\tTestOne\\t\\n" + token + "\\tpass\\tTestTwo\\t\\n" + token + "\\tdone\\t2\\t\\n"
    os.WriteFile("veristone.report", []byte(string(text)+forged), 0o644)
    os.Exit(0)
    return 0
}
""",
        "recovers": """package main

import "os"

func init() {
    println("attacked")
    os.Remove("veristone.report")
}

func add(a, b int) int {
    defer func() { recover() }()
    panic("x")
}
""",
        "takes the input": """package main

import (
    "io"
    "os"
)

func init() {
    println("attacked")
    io.ReadAll(os.Stdin)
    os.Stdin.Seek(0, 0)
    text, _ := io.ReadAll(os.Stdin)
    if len(text) > 0 {
        println("found tokens")
    }
}

func add(a, b int) int { return 0 }
""",
    },
)

_JAVA = "class Solution { static int add(int a, int b) { return 0; } }\n"
JAVA = Suite(
    tests="""
import org.junit.jupiter.api.*;

class SolutionTest {
    @Test
    void one() { Assertions.assertEquals(3, Solution.add(1, 2)); }

    @Test
    void two() { Assertions.assertEquals(4, Solution.add(2, 2)); }
}
""",
    right="public class Solution { static int add(int a, int b) { return a + b; } }\n",
    wrong="class Solution { static int add(int a, int b) { return a - b; } }\n",
    attacks={
        "prints a report and leaves": """class Solution {
    static {
        System.out.println("[         2 tests successful      ]\\n[         0 tests failed          ]");
        System.err.println("attacked");
        System.exit(0);
    }
    static int add(int a, int b) { return 0; }
}
""",
        "halts in a call": """class Solution {
    static int add(int a, int b) {
        System.err.println("attacked");
        Runtime.getRuntime().halt(0);
        return 0;
    }
}
""",
        "leaves by a hook": """class Solution {
    static int add(int a, int b) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0)));
        System.err.println("attacked");
        System.exit(1);
        return 0;
    }
}
""",
        "takes a name of JUnit's": _JAVA
        + "class Assertions { static void assertEquals(int a, int b) { } }\n@interface Test { }\n",
        "is the tests": "class SolutionTest { @org.junit.jupiter.api.Test void one() { } }\n" + _JAVA,
        "lies where the tests do": "public class SolutionTest { @org.junit.jupiter.api.Test public void one() { } }\n"
        + _JAVA,
        "is the runner": "class VeristoneTests { public static void main(String[] a) { System.exit(0); } }\n" + _JAVA,
        "writes the report": """import java.nio.file.*;

class Solution {
    static int add(int a, int b) throws java.io.IOException {
        System.err.println("attacked");
        Path path = Path.of("veristone.report");
        String text = Files.readString(path);
        String token = text.substring(0, text.indexOf('\\t'));
        Files.writeString(path, text + token + "\\tpass\\tSolutionTest.one\\t\\n" + token + "\\tdone\\t2\\t\\n");
        System.exit(0);
        return 0;
    }
}
""",
        "aborts": """class Solution {
    static int add(int a, int b) {
        System.err.println("attacked");
        throw new org.opentest4j.TestAbortedException("never mind");
    }
}
""",
        "takes the input": """class Solution {
    static int add(int a, int b) throws Exception {
        System.err.println("attacked " + new String(new java.io.FileInputStream("/dev/stdin").readAllBytes()));
        return 0;
    }
}
""",
    },
)

_RUST = "fn add(a: i32, b: i32) -> i32 { 0 }\n"
RUST = Suite(
    tests="""
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one() { assert_eq!(add(1, 2), 3); }

    #[test]
    fn two() { assert_eq!(add(2, 2), 4, "of {}", 2); }
}
""",
    right="fn add(a: i32, b: i32) -> i32 { a + b }\n\nfn main() {}\n",
    wrong="pub fn add(a: i32, b: i32) -> i32 { a - b }\n",
    attacks={
        "prints a report and leaves": """
fn add(a: i32, b: i32) -> i32 {
    println!("test tests::one ... ok\\ntest tests::two ... ok\\n\\ntest result: ok. 2 passed; 0 failed");
    eprintln!("attacked");
    std::process::exit(0)
}
""",
        "leaves before main": _RUST
        + """
extern "C" fn leave() {
    eprintln!("attacked");
    std::process::exit(0)
}
#[used]
#[link_section = ".init_array"]
static LEAVE: extern "C" fn() = leave;
""",
        "leaves by a hook": """
fn add(a: i32, b: i32) -> i32 {
    std::panic::set_hook(Box::new(|_| {
        eprintln!("attacked");
        std::process::exit(0)
    }));
    0
}
""",
        "declares a macro": "macro_rules! assert_eq { ($($t:tt)*) => {} }\n" + _RUST,
        "exports a macro": "#[macro_export]\nmacro_rules! assert_eq { ($($t:tt)*) => {} }\n" + _RUST,
        "makes a macro by a macro": "macro_rules! make { ($n:ident) => { macro_rules! $n { ($($t:tt)*) => {} } } }\n"
        "make!(assert_eq);\n" + _RUST,
        "imports a macro by another name": "use std::stringify as assert_eq;\n" + _RUST,
        "is a runner": "#![test_runner(run)]\nfn run(_: &[&()]) { std::process::exit(0) }\n" + _RUST,
        "has tests of its own": "#[cfg(test)]\nmod own {\n    #[test]\n    fn one() {}\n}\n" + _RUST,
        "ends what encloses it": _RUST + "} mod veristone_tests { pub fn run(_: &[&()]) {}",
        "writes the report": """
fn add(a: i32, b: i32) -> i32 {
    eprintln!("attacked");
    let text = std::fs::read_to_string("veristone.report").unwrap();
    let token = text.split('\\t').next().unwrap();
    let forged = format!("{text}{token}\\tpass\\ttests::one\\t\\n{token}\\tdone\\t2\\t\\n");
    std::fs::write("veristone.report", forged).unwrap();
    std::process::exit(0)
}
""",
    },
)

_CPP = "int add(int a, int b) { return 0; }\n"
CPP = Suite(
    tests="""
#include <doctest/doctest.h>
#include "solution.h"

TEST_CASE("one") {
    CHECK(add(1, 2) == 3);
}

TEST_CASE("two") {
    SUBCASE("of two") { REQUIRE(add(2, 2) == 4); }
}
""",
    right="#include <vector>\nint add(int a, int b) { return a + b; }\nint main() { return add(1, 2); }\n",
    wrong="int add(int a, int b) { return a - b; }\n",
    attacks={
        "prints a report and leaves": """#include <cstdio>
#include <cstdlib>
int add(int a, int b) {
    std::puts("[doctest] test cases: 2 | 2 passed | 0 failed | 0 skipped");
    std::fputs("attacked", stderr);
    std::exit(0);
}
""",
        "leaves before main": "#include <unistd.h>\n"
        + _CPP
        + 'static int left = (write(2, "attacked", 8), _exit(0), 0);\n',
        "leaves after main": "#include <cstdlib>\n#include <unistd.h>\n"
        + _CPP
        + 'static int late = std::atexit([] { write(2, "attacked", 8); _exit(0); });\n',
        "defines what checks are": "#define CHECK(...)\n#define REQUIRE(...)\n#define TEST_CASE(name) static void f()\n" + _CPP,
        "undefines what checks are": "#undef CHECK\n#define CHECK(...) (void)0\n#undef REQUIRE\n#define REQUIRE(...) (void)0\n"
        + _CPP,
        "defines what words are": "#define if(...) if (false)\n#define return return 0,\n#define doctest other\n" + _CPP,
        "says that it is a header": '#pragma GCC system_header\n# 1 "/usr/include/doctest/doctest.h" 1 3\n#define CHECK(...)\n'
        '#define REQUIRE(...)\n# 1 "main.cpp" 2\n' + _CPP,
        "disables the framework": "#define DOCTEST_CONFIG_DISABLE\n#include <doctest/doctest.h>\n" + _CPP,
        "has a main": "#undef main\n" + _CPP + "int main() { return 0; }\n",
        "counts the tests": _CPP + "extern const unsigned veristone_tests;\nconst unsigned veristone_tests = 0;\n",
        "has tests of its own": '#include <doctest/doctest.h>\n#line 1 "tests.cpp"\nTEST_CASE("one") { }\n' + _CPP,
        "does not end": _CPP + "/* ",
        "ends in a block": _CPP + "#if 0\n",
        "is raw text": _CPP + 'const char *text = R"(',
        "forgets the tests": "#include <set>\n#include <unistd.h>\n"
        + _CPP
        + "namespace doctest { namespace detail { struct TestCase; std::set<TestCase> &getRegisteredTests(); } }\n"
        "struct Late { ~Late() { _exit(0); } } late;\n",
        "writes the report": """#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
int add(int a, int b) {
    std::cerr << "attacked";
    std::ifstream in("veristone.report");
    std::string text{std::istreambuf_iterator<char>(in), {}}, token = text.substr(0, text.find('\\t'));
    std::ofstream("veristone.report") << text << token << "\\tpass\\tone\\t\\n" << token << "\\tdone\\t2\\t\\n";
    std::_Exit(0);
}
""",
        "takes the input": """#include <cstdio>
#include <unistd.h>
static char text[100];
static long found = read(0, text, 100);
int add(int a, int b) {
    std::fprintf(stderr, "attacked %ld", found);
    lseek(0, 0, SEEK_SET);
    if (read(0, text, 100) > 0 || found > 0) std::fputs("found tokens", stderr);
    return 0;
}
""",
    },
)

SUITES = {
    "javascript": JAVASCRIPT,
    "typescript": TYPESCRIPT,
    "go": GO,
    "java": JAVA,
    "rust": RUST,
    "cpp": CPP,
}
