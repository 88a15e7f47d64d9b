"""What `test_compiling.py` tries on each language: programs that attack while they are compiled.

A language that is not compiled reads its program first: what that does counts as well.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from veristone import Reason

__all__ = ["ATTACKS", "Attack"]

R = Reason


class Attack(NamedTuple):
    """A program, and what may come of it."""

    code: str
    reasons: set[Reason]
    says: str = ""
    """What must stand in the verdict's message."""
    files: Mapping[str, bytes] = MappingProxyType({})
    stdout: str | None = None


def _many(line: str, number: int = 100_000) -> str:
    """Return a line so many times, with its number for N."""
    return "".join(f"{line}\n".replace("N", str(n)) for n in range(number))


def _doubling(first: str, line: str, times: int) -> str:
    """Return lines of which each makes of the one before, OLD, something twice as large, NEW."""
    lines = [line.replace("OLD", str(n)).replace("NEW", str(n + 1)) for n in range(times)]
    return "\n".join([first, *lines, ""])


LAUGHS = "#define a0 x x x x x x x x\n" + "".join(
    f"#define a{n} {' '.join([f'a{n - 1}'] * 8)}\n" for n in range(1, 14)
)
FORKING = "template <int N> struct A { A<2 * N> a; A<2 * N + 1> b; };\nA<1> all;\nint main() { }\n"
NEVER = "template <int N> struct A { static const int v = A<N + 1>::v; };\nint x = A<0>::v;"
CONSTANT = "constexpr int f() { for (;;) { } return 0; }\nconstexpr int x = f();\nint main() { }\n"
ERRORS = _many("int fN() { return undefined_N; }")
JAVA_MAIN = "public class Main {\n    public static void main(String[] args)"
LEAVES = (
    "public class Main {\n    static { System.exit(0); }\n    public static void main(String[] a)"
)
RUST_MACRO = "macro_rules! m { ($($t:tt)*) => { m!($($t)* $($t)*) } }\nfn main() { m!(x); }"
RUST_LOOP = 'const fn f() -> u32 { loop { } }\nconst X: u32 = f();\nfn main() { println!("{X}"); }'
RUST_READS = 'fn main() { print!("{}", include_str!("/etc/shadow")); }'
GO_EMBEDS = (
    'package main\n\nimport _ "embed"\n\n//go:embed main.go\nvar text string\n\n'
    "func main() { println(text) }\n"
)
GO_CALLS_C = 'package main\n\n// #include "/etc/shadow"\nimport "C"\n\nfunc main() { C.x() }\n'
GO_CYCLE = (
    "package main\n\nfunc f[T any](n int) { if n > 0 { f[[2]T](n - 1) } }\n\n"
    "func main() { f[int](9) }"
)
D_READS = 'import std.stdio;\nenum text = import("/etc/shadow");\nvoid main() { write(text); }'
D_LOOP = "int f() { for (;;) { } }\nenum x = f();\nvoid main() { }"
D_DOUBLES = (
    'string f(int n) { return n ? f(n - 1) ~ f(n - 1) : "int a;"; }\nmixin(f(30));\nvoid main() { }'
)
SPLICE = (
    "{-# LANGUAGE TemplateHaskell #-}\nimport Language.Haskell.TH\n"
    "import Language.Haskell.TH.Syntax\nimport System.Process\nmain = putStrLn $(CODE)\n"
)
HASKELL_READS = SPLICE.replace("CODE", 'runIO (readFile "/etc/shadow") >>= stringE')
HASKELL_LEAVES = SPLICE.replace(
    "CODE",
    'runIO (mapM_ (\\place -> writeFile (place ++ "/left") "x") ["/work", "/tmp", "/dev/shm"])'
    ' >> stringE "done"',
)
HASKELL_STAYS = SPLICE.replace(
    "CODE", 'runIO (callCommand "setsid sleep 60 >/dev/null 2>&1 &") >> stringE "done"'
)
HASKELL_KILLS = SPLICE.replace("CODE", 'runIO (callCommand "kill -9 -1") >> stringE "done"')
HASKELL_LOOPS = SPLICE.replace(
    "CODE", 'runIO (let go :: Int -> IO (); go n = go (n + 1) in go 0) >> stringE "x"'
)
HASKELL_FILTER = '{-# OPTIONS_GHC -F -pgmF /bin/sh #-}\nmain = putStrLn "x"\n'
HASKELL_EXITS = SPLICE.replace(
    "CODE", 'runIO (exitImmediately ExitSuccess) >> stringE "x"'
).replace("import System.Process", "import System.Exit\nimport System.Posix.Process")
JAVA_DOUBLES = (
    _doubling(
        'class A {\nstatic final String a0 = "xxxxxxxx";',
        "static final String aNEW = aOLD + aOLD;",
        29,
    )
    + f"}}\n{JAVA_MAIN} {{ System.out.println(A.a29.length()); }}\n}}\n"
)
JAVA_ERRORS = f"{JAVA_MAIN} {{ }}\n{_many('int fN() { return undefined_N; }')}}}\n"
KOTLIN_PLUGIN = {
    "META-INF/services/org.jetbrains.kotlin.compiler.plugin.CompilerPluginRegistrar": b"Evil\n"
}
RUST_SCRIPT = {
    "build.rs": b"fn main() { loop { } }",
    "Cargo.toml": b"[package]\nname = 'evil'\nbuild = 'build.rs'\n",
    ".cargo/config.toml": b"[build]\nrustc-wrapper = '/bin/false'\n",
}
TYPESCRIPT_MULTIPLIES = (
    "type D = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;\n"
    f"const x: `{'${D}' * 7}` = 1;\nconsole.log(x);\n"
)
TYPESCRIPT_ERRORS = _many("const xN: string = undefined_N;", 50_000)
PROCESSOR = {"META-INF/services/javax.annotation.processing.Processor": b"Evil\n"}
CSHARP = "class Program { static void Main() { System.Console.WriteLine(1); } }\n"
CSHARP_DOUBLES = (
    _doubling('class A {\nconst string a0 = "xxxxxxxx";', "const string aNEW = aOLD + aOLD;", 29)
    + f"}}\n{CSHARP}"
)
# Each lambda has two types to be tried, and so has all that is in it.
CSHARP_LAMBDAS = (
    "using System;\nclass A {\nstatic int M(Func<int, int> f) { return 1; }\n"
    'static string M(Func<string, string> f) { return ""; }\nstatic void Main() { '
    + "".join(f"M(a{n} => " for n in range(40))
    + f"a0.Length{')' * 40}; }}\n}}\n"
)
CSHARP_ERRORS = f"class A {{\n{_many('int fN() { return undefined_N; }')}}}\n{CSHARP}"
CSHARP_POINTS = f'#line 1 "/proc/1/environ"\nclass A {{ int x = ; }}\n{CSHARP}'
CSHARP_DEEP = f"class A {{ int x = {'(' * 200_000}1{')' * 200_000}; }}\n{CSHARP}"
KOTLIN_DOUBLES = (
    _doubling('const val a0 = "xxxxxxxx"', "const val aNEW = aOLD + aOLD", 29) + "fun main() { }\n"
)
KOTLIN_ERRORS = _many("fun fN() = undefined_N", 10_000) + "fun main() { }\n"
KOTLIN_DEEP = f"val x = {'(' * 50_000}1{')' * 50_000}\nfun main() {{ }}\n"
KOTLIN_PAIRS = _doubling("val a0 = 1", "val aNEW = Pair(aOLD, aOLD)", 40) + "fun main() { }\n"
SCALA_DOUBLES = (
    _doubling('object Main {\nfinal val a0 = "xxxxxxxx"', "final val aNEW = aOLD + aOLD", 29)
    + "def main(args: Array[String]): Unit = println(1)\n}\n"
)
SCALA_PAIRS = (
    _doubling("object Main {\nval a0 = 1", "val aNEW = (aOLD, aOLD)", 40)
    + "def main(args: Array[String]): Unit = println(1)\n}\n"
)
SCALA_SEARCHES = (
    "object Main {\nclass F[T]\n"
    "implicit def one[T](implicit x: F[List[T]], y: F[Set[T]]): F[T] = null\n"
    "implicit def two[T](implicit x: F[Set[T]], y: F[Option[T]]): F[T] = null\n"
    "def main(args: Array[String]): Unit = println(implicitly[F[Int]])\n}\n"
)
SCALA_ERRORS = (
    f"object Main {{\n{_many('def fN = undefined_N', 10_000)}"
    "def main(args: Array[String]): Unit = println(1)\n}\n"
)
OCAML_TYPES = _doubling("let a0 = fun x -> (x, x)", "let aNEW = fun x -> aOLD (aOLD x)", 6)
OCAML_ERROR = _doubling("let a0 = 1", "let aNEW = (aOLD, aOLD)", 40) + "let x : int = a40\n"
OCAML_POINTS = '# 1 "/proc/1/environ"\nlet x = \n'
OCAML_DEEP = f"let x = {'(' * 500_000}1{')' * 500_000}\n"
MODULE = 'module main;\nTEXT\ninitial $display("done");\nendmodule\n'
VERILOG_LAUGHS = "`define a0 x x x x x x x x\n" + "".join(
    f"`define a{n} {' '.join([f'`a{n - 1}'] * 8)}\n" for n in range(1, 14)
)
VERILOG_LOOPS = MODULE.replace(
    "TEXT",
    "function integer f(input integer n);\nbegin f = n; while (f >= 0) f = 1; end\nendfunction\n"
    "localparam x = f(1);",
)
VERILOG_GENERATES = MODULE.replace(
    "TEXT",
    "genvar i;\ngenerate for (i = 0; i >= 0; i = i + 1) begin : g\nreg [63:0] x;\nend endgenerate",
)
VERILOG_LARGE = MODULE.replace("TEXT", "wire [2000000000:0] x = {2000000001{1'b1}};")
VERILOG_ITSELF = "module a;\na b();\na c();\nendmodule\n"
VERILOG_ERRORS = MODULE.replace("TEXT", _many("assign xN = undefined_N;"))
SWIFT_ERRORS = _many("func fN() -> Int { return undefined_N }", 30_000)
SWIFT_DOUBLES = _doubling("let a0 = 1", "let aNEW = (aOLD, aOLD)", 40)
SWIFT_SLOW = f"let x: Double = {' + '.join(f'-({n} - 1.0 / {n})' for n in range(1, 60))}\n"
SWIFT_POINTS = '#sourceLocation(file: "/proc/1/environ", line: 1)\nlet x = \n'
RACKET_LOOPS = "#lang racket\n(define-syntax (m s) (let loop () (loop)))\n(m)\n(displayln 1)\n"
RACKET_DOUBLES = (
    "#lang racket\n(define-syntax-rule (m x ...) (m x ... x ...))\n(m 1)\n(displayln 1)\n"
)
RACKET_LEAVES = """
#lang racket
(begin-for-syntax
  (for ([place '("/work" "/tmp" "/dev/shm")])
    (with-output-to-file (string-append place "/left") (lambda () (display 1)))))
(displayln "done")
"""
RACKET_COMPILED = {"compiled/main_rkt.zo": b"evil", "compiled/main_rkt.dep": b'(("8.7" evil))'}
PERL_LEAVES = """
BEGIN {
    for ("/work", "/tmp", "/dev/shm") { open(my $file, ">", "$_/left") or die; print $file "x" }
    system("setsid sleep 60 >/dev/null 2>&1 &");
}
print "done\n";
"""

TOO_MUCH = {R.MEMORY_LIMIT, R.CPU_TIMEOUT, R.OUTPUT_LIMIT, R.DISK_LIMIT, R.COMPILE_ERROR}
FAILS = {R.COMPILE_ERROR, R.RUNTIME_ERROR}
LARGE_ERROR = {R.OUTPUT_LIMIT, R.MEMORY_LIMIT, R.RUNTIME_ERROR, R.CPU_TIMEOUT}
ATTACKS: dict[str, dict[str, Attack]] = {
    "bash": {
        "reads shadow": Attack(". /etc/shadow; exit $?", FAILS),
        "an error of a gigabyte": Attack('x=x; for i in {1..30}; do x=$x$x; done; "$x"', TOO_MUCH),
    },
    "c": {
        "reads shadow": Attack('#include "/etc/shadow"\nint main() { }', {R.COMPILE_ERROR}),
        "reads the warden": Attack('#include "/proc/1/environ"\nint main() { }', {R.COMPILE_ERROR}),
        "assembles the warden": Attack(
            '__asm__(".incbin \\"/proc/1/environ\\"");\nint main() { }', {R.COMPILE_ERROR}
        ),
        "reads without end": Attack('#include "/dev/zero"\nint main() { }', TOO_MUCH),
        "includes itself": Attack("#include __FILE__\n#include __FILE__\n", TOO_MUCH),
        "a billion laughs": Attack(f"{LAUGHS}\na13\n", TOO_MUCH, "while it was compiled"),
        "a gigabyte of data": Attack("char big[1 << 30] = {1};\nint main() { }", TOO_MUCH),
        "no end of errors": Attack(ERRORS + "int main() { }", TOO_MUCH),
        "brings its own program": Attack(
            "int main() { return x; }", {R.COMPILE_ERROR}, files={"program": b"#!/bin/true\n"}
        ),
        "brings its own linker": Attack(
            'int puts(const char *);\nint main() { puts("done"); }',
            {R.PASSED},
            files={
                "ld": b"#!/bin/sh\nexit 0\n",
                "as": b"#!/bin/sh\nexit 0\n",
                "specs": b"*cc1:\n+x\n",
            },
            stdout="done\n",
        ),
    },
    "cpp": {
        "templates that multiply": Attack(FORKING, TOO_MUCH),
        "templates that never end": Attack(NEVER, {R.COMPILE_ERROR}),
        "a constant that loops": Attack(CONSTANT, TOO_MUCH),
        "leaves before main": Attack(
            "#include <cstdlib>\nstatic int x = (std::_Exit(0), 0);\nint main() { return x; }",
            {R.WRONG_ANSWER},
            stdout="done\n",
        ),
    },
    "csharp": {
        "constants that double": Attack(CSHARP_DOUBLES, TOO_MUCH),
        "lambdas that multiply": Attack(CSHARP_LAMBDAS, TOO_MUCH),
        "no end of errors": Attack(CSHARP_ERRORS, TOO_MUCH),
        "points at the warden": Attack(CSHARP_POINTS, {R.COMPILE_ERROR}),
        "nests without end": Attack(CSHARP_DEEP, {*TOO_MUCH, R.SIGNALLED}),
        "brings its own program": Attack(
            "class Program { int x = ; }", {R.COMPILE_ERROR}, files={"program.exe": b"MZ"}
        ),
        "brings its own settings": Attack(
            CSHARP,
            {R.PASSED},
            files={"mcs.rsp": b"-target:library\n", "mcs.exe.config": b"<evil>"},
            stdout="1\n",
        ),
    },
    "d": {
        "imports shadow": Attack(D_READS, {R.COMPILE_ERROR}),
        "a constant that loops": Attack(D_LOOP, TOO_MUCH),
        "text that doubles": Attack(D_DOUBLES, TOO_MUCH),
    },
    "go": {
        "embeds a file": Attack(GO_EMBEDS, {R.COMPILE_ERROR}),
        "calls C": Attack(GO_CALLS_C, {R.COMPILE_ERROR}),
        "types without end": Attack(GO_CYCLE, TOO_MUCH),
    },
    "haskell": {
        "reads shadow in a splice": Attack(HASKELL_READS, {R.COMPILE_ERROR}),
        "leaves files in a splice": Attack(HASKELL_LEAVES, {R.PASSED}, stdout="done\n"),
        "leaves a process in a splice": Attack(HASKELL_STAYS, {R.PASSED}, stdout="done\n"),
        "kills all in a splice": Attack(HASKELL_KILLS, {R.COMPILE_ERROR, R.SIGNALLED}),
        "a splice that loops": Attack(HASKELL_LOOPS, TOO_MUCH),
        "a splice that leaves": Attack(HASKELL_EXITS, {R.COMPILE_ERROR}),
        "a preprocessor of its own": Attack(HASKELL_FILTER, {R.COMPILE_ERROR}),
    },
    "java": {
        "an annotation processor": Attack(
            f"{JAVA_MAIN} {{ System.out.println(1); }}\n}}",
            {R.PASSED},
            files=PROCESSOR,
            stdout="1\n",
        ),
        "leaves before main": Attack(
            f"{LEAVES} {{ System.out.println(1); }}\n}}", {R.WRONG_ANSWER}, stdout="1\n"
        ),
        "constants that double": Attack(JAVA_DOUBLES, TOO_MUCH),
        "no end of errors": Attack(JAVA_ERRORS, TOO_MUCH),
    },
    "javascript": {
        "requires shadow": Attack('require("/etc/shadow");', FAILS),
        "an error of a gigabyte": Attack('throw new Error("x".repeat(1 << 29));', LARGE_ERROR),
    },
    "kotlin": {
        "constants that double": Attack(KOTLIN_DOUBLES, TOO_MUCH),
        "pairs that double": Attack(KOTLIN_PAIRS, TOO_MUCH),
        "no end of errors": Attack(KOTLIN_ERRORS, TOO_MUCH),
        "nests without end": Attack(KOTLIN_DEEP, TOO_MUCH),
        "a plugin of the compiler": Attack(
            "fun main() = println(1)\n", {R.PASSED}, files=KOTLIN_PLUGIN, stdout="1\n"
        ),
    },
    "lua": {
        "reads shadow": Attack('dofile("/etc/shadow")', FAILS),
        "an error of a gigabyte": Attack('error(string.rep("x", 1 << 29))', LARGE_ERROR),
    },
    "ocaml": {
        "types that multiply": Attack(OCAML_TYPES, TOO_MUCH),
        "an error without end": Attack(OCAML_ERROR, TOO_MUCH),
        "points at the warden": Attack(OCAML_POINTS, {R.COMPILE_ERROR}),
        "nests without end": Attack(OCAML_DEEP, {*TOO_MUCH, R.SIGNALLED, R.PASSED}),
        "brings its own program": Attack(
            "let () = x", {R.COMPILE_ERROR}, files={"program": b"#!/bin/true\n"}
        ),
        "brings its own library": Attack(
            'let () = print_endline "done"',
            {R.COMPILE_ERROR},
            files={"stdlib.cmi": b"evil", "unix.cmxa": b"evil", "std_exit.cmx": b"evil"},
            stdout="done\n",
        ),
    },
    "perl": {
        "reads shadow": Attack('BEGIN { do "/etc/shadow" or die $! } print 1;', FAILS),
        "loops before it runs": Attack("BEGIN { 1 while 1 } print 1;", {R.CPU_TIMEOUT}),
        "an error of a gigabyte": Attack('BEGIN { die "x" x (1 << 29) }', LARGE_ERROR | FAILS),
        "leaves things before it runs": Attack(PERL_LEAVES, {R.PASSED}, stdout="done\n"),
    },
    "php": {
        "includes shadow": Attack('<?php require "/etc/shadow";', FAILS),
        "an error of a gigabyte": Attack(
            '<?php throw new Exception(str_repeat("x", 1 << 26));', LARGE_ERROR
        ),
    },
    "r": {
        "reads shadow": Attack('source("/etc/shadow")', FAILS),
        "an error of a gigabyte": Attack('stop(strrep("x", 2^29))', LARGE_ERROR),
    },
    "racket": {
        "includes shadow": Attack(
            '#lang racket\n(require racket/include)\n(include (file "/etc/shadow"))\n', FAILS
        ),
        "a macro that loops": Attack(RACKET_LOOPS, TOO_MUCH),
        "a macro that doubles": Attack(RACKET_DOUBLES, TOO_MUCH),
        "leaves files while it is expanded": Attack(RACKET_LEAVES, {R.PASSED}, stdout="done\n"),
        "brings itself compiled": Attack(
            '#lang racket\n(displayln "done")\n',
            {R.RUNTIME_ERROR, R.PASSED},
            files=RACKET_COMPILED,
            stdout="done\n",
        ),
    },
    "ruby": {
        "reads shadow": Attack('load "/etc/shadow"', FAILS),
        "loops before it runs": Attack("BEGIN { loop { } }\nputs 1", {R.CPU_TIMEOUT}),
        "an error of a gigabyte": Attack('raise "x" * (1 << 29)', LARGE_ERROR),
    },
    "rust": {
        "a macro that doubles": Attack(RUST_MACRO, TOO_MUCH),
        "a constant that loops": Attack(RUST_LOOP, TOO_MUCH),
        "includes shadow": Attack(RUST_READS, {R.COMPILE_ERROR}),
        "has shadow for a module": Attack(
            '#[path = "/etc/shadow"]\nmod x;\nfn main() { }', {R.COMPILE_ERROR}
        ),
        "brings a build script": Attack(
            'fn main() { println!("done"); }',
            {R.PASSED},
            files=RUST_SCRIPT,
            stdout="done\n",
        ),
    },
    "scala": {
        "constants that double": Attack(SCALA_DOUBLES, TOO_MUCH),
        "pairs that double": Attack(SCALA_PAIRS, TOO_MUCH),
        "a search without end": Attack(SCALA_SEARCHES, TOO_MUCH),
        "no end of errors": Attack(SCALA_ERRORS, TOO_MUCH),
        "a plugin of the compiler": Attack(
            "object Main extends App { println(1) }\n",
            {R.PASSED},
            files={"scalac-plugin.xml": b"<plugin><classname>Evil</classname></plugin>"},
            stdout="1\n",
        ),
    },
    "sql": {
        "reads shadow": Attack(".read /etc/shadow", FAILS),
        "an error of a gigabyte": Attack(
            "SELECT json_extract('{}', printf('%*s', 500000000, 'x'));", LARGE_ERROR
        ),
    },
    "swift": {
        "no end of errors": Attack(SWIFT_ERRORS, TOO_MUCH),
        "pairs that double": Attack(SWIFT_DOUBLES, TOO_MUCH | {R.PASSED, R.SIGNALLED}),
        "an expression that takes for ever": Attack(SWIFT_SLOW, TOO_MUCH | {R.PASSED}),
        "points at the warden": Attack(SWIFT_POINTS, {R.COMPILE_ERROR}),
        "brings its own program": Attack(
            "let x = y", {R.COMPILE_ERROR}, files={"program": b"#!/bin/true\n"}
        ),
    },
    "typescript": {
        "references shadow": Attack(
            '/// <reference path="/etc/shadow" />\nconsole.log(1);', {R.COMPILE_ERROR}
        ),
        "types that multiply": Attack(TYPESCRIPT_MULTIPLIES, TOO_MUCH),
        "no end of errors": Attack(TYPESCRIPT_ERRORS, TOO_MUCH),
    },
    "verilog": {
        "includes shadow": Attack('`include "/etc/shadow"\n' + MODULE, {R.COMPILE_ERROR}),
        "includes the warden": Attack('`include "/proc/1/environ"\n' + MODULE, {R.COMPILE_ERROR}),
        "reads without end": Attack('`include "/dev/zero"\n' + MODULE, TOO_MUCH),
        "includes itself": Attack('`include "main.v"\n' + MODULE, TOO_MUCH),
        "a billion laughs": Attack(f"{VERILOG_LAUGHS}\n`a13\n", TOO_MUCH),
        "a macro of itself": Attack("`define a `a `a\n`a\n" + MODULE, TOO_MUCH),
        "a constant that loops": Attack(VERILOG_LOOPS, TOO_MUCH),
        "generates without end": Attack(VERILOG_GENERATES, TOO_MUCH),
        "too many wires": Attack(VERILOG_LARGE, TOO_MUCH),
        "a module of itself": Attack(VERILOG_ITSELF, TOO_MUCH),
        "no end of errors": Attack(VERILOG_ERRORS, TOO_MUCH),
        "brings its own program": Attack(
            "module main; x endmodule", {R.COMPILE_ERROR}, files={"program": b"#!/usr/bin/vvp\n"}
        ),
    },
}
