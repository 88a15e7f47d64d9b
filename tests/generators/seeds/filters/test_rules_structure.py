"""The rules that look at a function's form: syntax, returns, arguments, in all languages."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rules_corpus import reason, seed

from veristone.generators.seeds.filters.structure import Arguments, Returns, Syntax

DATA = Path(__file__).parents[5] / "shared" / "data"

SYNTAX = {
    "def f(x):\n    return x + 1": "kept",
    "@cache\nasync def f(x):\n    return x": "kept",
    "def f(x): yield x": "kept",
    "def f(x: '\\d'): return x is 1": "kept",
    "def f(x):\n  print x": "syntax_error",
    "def f(x):\n  return `x`": "syntax_error",
    "def f(x): exec 'a'": "syntax_error",
    "def f[T](x: T): return x": "syntax_error",
    "  def f(x): pass": "syntax_error",
    "": "not_one_function",
    "x = 1": "not_one_function",
    "class C: pass": "not_one_function",
    "def f(x): return x\ndef g(x): return x": "not_one_function",
    "import os\ndef f(x): return os": "not_one_function",
    "def f(x): ...": "stub",
    "def f(x):\n  '''Doc.'''": "stub",
    "def f(x):\n  '''Doc.'''\n  pass\n  ...": "stub",
    "def f(x):\n  raise NotImplementedError": "stub",
    "def f(x):\n  raise NotImplementedError('x' % x)": "stub",
    "def f(x): return": "stub",
    "def f(x): return None": "stub",
    "def f(x): return NotImplemented": "stub",
    "def f(x):\n  if x: raise ValueError\n  return x": "kept",
    "def f(x):\n  f'{x}'": "kept",
}


@pytest.mark.parametrize("code", SYNTAX)
def test_syntax_of_python(code: str) -> None:
    assert reason(Syntax(), seed(code)) == SYNTAX[code]


def test_stubs_may_be_let_through() -> None:
    assert reason(Syntax(stubs=True), seed("def f(x): ...")) == "kept"


RETURNS = {
    "def f(x): return x": "kept",
    "def f(x): return 0": "kept",
    "def f(x): return None": "no_return_value",
    "def f(x): return": "no_return_value",
    "def f(x): print(x)": "no_return_value",
    "def f(x):\n  if x: return None\n  return": "no_return_value",
    "def f(x):\n  for y in x:\n    try: pass\n    finally: return y": "kept",
    "def f(x):\n  def g(): return 1\n  g()": "no_return_value",
    "def f(x):\n  class C:\n    def g(self): return 1\n  C()": "no_return_value",
    "def f(x): x.sort(key=lambda y: y[0])": "no_return_value",
    "def f(x):\n  def g(): yield 1\n  g()": "no_return_value",
    "def f(x): yield x": "kept",
    "def f(x): yield from x": "kept",
    "def f(x):\n  y = yield x\n  print(y)": "kept",
    "@contextmanager\ndef f(x): yield": "no_return_value",
    "async def f(x): return await x": "kept",
    "def f(x: '": "syntax_error",
}


@pytest.mark.parametrize("code", RETURNS)
def test_returns_of_python(code: str) -> None:
    assert reason(Returns(), seed(code)) == RETURNS[code]


def test_generators_may_be_left_out() -> None:
    assert reason(Returns(generators=False), seed("def f(x): yield x")) == "no_return_value"


ARGUMENTS = {
    ("def f(x): return x", "function"): "kept",
    ("def f(): return 1", "function"): "no_arguments",
    ("def f() -> int: return 1", "function"): "no_arguments",
    ("def f(\n): return 1", "function"): "no_arguments",
    ("def f(*args): return args", "function"): "kept",
    ("def f(**kwargs): return kwargs", "function"): "kept",
    ("def f(*, x=1): return x", "function"): "kept",
    ("def f(x, /): return x", "function"): "kept",
    ("def f(self): return self", "function"): "no_arguments",
    ("def f(cls): return cls.x", "function"): "kept",
    ("def f(cls): return cls.x", "method"): "no_arguments",
    ("def f(this): return this.x", "method"): "no_arguments",
    ("def f(self, *, x): return x", "method"): "kept",
    ("@staticmethod\ndef f(x): return x", "method"): "kept",
    ("@classmethod\ndef f(klass): return klass", "method"): "no_arguments",
}


@pytest.mark.parametrize(("code", "shape"), ARGUMENTS)
def test_arguments_of_python(code: str, shape: str) -> None:
    assert reason(Arguments(), seed(code, shape=shape)) == ARGUMENTS[code, shape]


# language, shape, code, then what the three rules say: k(ept), s(tub), n(o value or argument).
OTHERS = [
    ("java", "function", "public static int f(int a) { return a; }", "kkk"),
    ("java", "function", "public static void f(int a) { System.out.println(a); }", "knk"),
    ("java", "method", "@Override public int f() { return this.n; }", "kkn"),
    ("java", "method", "int f(int a) { throw new UnsupportedOperationException(); }", "snk"),
    ("java", "method", "void f(int a) { g(() -> { return 1; }); }", "knk"),
    ("java", "method", "void f(int a) { new B() { int g() { return 1; } }; }", "knk"),
    ("java", "method", "String f(int a) { return null; }", "knk"),
    ("java", "method", "void f(int a) { return; }", "knk"),
    ("java", "method", "<T> T f(T... a) { return a[0]; }", "kkk"),
    ("javascript", "function", "function f(a) { return a; }", "kkk"),
    ("javascript", "function", "export const f = (a) => a + 1;", "kkk"),
    ("javascript", "function", "const f = a => ({ a });", "kkk"),
    ("javascript", "function", "const f = () => 1;", "kkn"),
    ("javascript", "function", "const f = async (a) => { await a; };", "knk"),
    (
        "javascript",
        "function",
        "function f(a) { return a.map(function (b) { return b; }); }",
        "kkk",
    ),
    ("javascript", "function", "function f(a) { a.map(function (b) { return b; }); }", "knk"),
    ("javascript", "function", "function f(a) { return undefined; }", "knk"),
    ("javascript", "function", "function f(a) { return void 0; }", "knk"),
    ("javascript", "function", "function* f(a) { yield a; }", "kkk"),
    ("javascript", "function", "function f(a) { throw new Error('todo'); }", "snk"),
    ("javascript", "function", "function f(a) {}", "snk"),
    ("javascript", "method", "static f(a) { return a; }", "kkk"),
    ("javascript", "method", "get f() { return this.a; }", "kkn"),
    ("typescript", "function", "export function f<T>(this: A, a: T): T { return a; }", "kkk"),
    ("typescript", "function", "function f(this: A): number { return 1; }", "kkn"),
    ("typescript", "method", "private async f(a?: number): Promise<number> { return a; }", "kkk"),
    ("tsx", "function", "function F(p: P) { return <div>{p.x}</div>; }", "kkk"),
    ("cpp", "function", "template <typename T>\nT f(const T& a) { return a; }", "kkk"),
    ("cpp", "function", "int f(void) { return 1; }", "kkn"),
    ("cpp", "function", "int f() { return 1; }", "kkn"),
    ("cpp", "function", "const std::string& f(int a) { return names[a]; }", "kkk"),
    ("cpp", "function", "int* f(int a) { return nullptr; }", "knk"),
    ("cpp", "function", "void f(int a) { auto g = [](int x) { return x; }; g(a); }", "knk"),
    ("cpp", "function", "task<int> f(int a) { co_return a; }", "kkk"),
    ("cpp", "method", "int f(int a) const noexcept override { return a; }", "kkk"),
    ("cpp", "method", "int A::f() const { return n_; }", "kkn"),
    ("go", "function", "func F(a int) int { return a }", "kkk"),
    ("go", "function", "func F(a int) (n int, err error) { n = a; return }", "kkk"),
    ("go", "function", "func F(a int) { return }", "knk"),
    ("go", "function", "func F(a int) error { return nil }", "knk"),
    ("go", "function", "func F(a int) (int, error) { return a, nil }", "kkk"),
    ("go", "function", "func F(a int) { g := func() int { return 1 }; g() }", "knk"),
    ("go", "function", 'func F(a int) int { panic("not implemented") }', "snk"),
    ("go", "method", "func (s *S) F() int { return s.n }", "kkn"),
    ("rust", "function", "fn f(a: i32) -> i32 { a + 1 }", "kkk"),
    ("rust", "function", "fn f(a: i32) { g(a); }", "knk"),
    ("rust", "function", "fn f(a: i32) -> () { g(a) }", "knk"),
    ("rust", "function", "fn f(a: i32) -> ! { loop {} }", "knk"),
    ("rust", "function", "fn f(a: i32) -> io::Result<()> { g(a) }", "knk"),
    ("rust", "function", "fn f(a: i32) -> Result<u8, E> { g(a) }", "kkk"),
    ("rust", "function", "fn f(a: i32) -> u8 { todo!() }", "skk"),
    ("rust", "method", "pub fn f(&self) -> usize { self.n }", "kkn"),
    ("rust", "method", "pub fn f(mut self, n: u8) -> Self { self.n = n; self }", "kkk"),
]
WORDS = {"kept": "k", "stub": "s", "no_return_value": "n", "no_arguments": "n"}


@pytest.mark.parametrize(("language", "shape", "code", "expected"), OTHERS)
def test_other_languages(language: str, shape: str, code: str, expected: str) -> None:
    given = seed(code, language, shape)
    found = [WORDS[reason(rule, given)] for rule in (Syntax(), Returns(), Arguments())]
    assert "".join(found) == expected


@pytest.mark.parametrize("language", ["cpp", "go", "java", "javascript", "rust", "typescript"])
@pytest.mark.parametrize(
    "code",
    ["", "f(", "{" * 3000, "a<" * 5000, "=>" * 5000, "\0", "\ud800", "x" * 60_000, "('" * 3000],
)
def test_hostile_text_is_rejected(language: str, code: str) -> None:
    given = seed(code, language)
    reasons = {reason(rule, given) for rule in (Syntax(), Returns(), Arguments())}
    assert reasons < {"syntax_error", "too_deep", "too_large"}
    assert len(reasons) == 1


MEMORY = """
import sys
from rules_corpus import reason, seed
from veristone.generators.seeds.filters.structure import Syntax
for code in ("a=>" * 500, "a<" * 500, "(*)" * 2000, "f(a," * 2000, "a<b," * 500 + "(" * 1999):
    reason(Syntax(), seed(code, sys.argv[1], "method"))
# Not `ru_maxrss`: that begins with the size of the process that forked this one.
status = open("/proc/self/status").read()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.parametrize("language", ["java", "typescript", "cpp"])
def test_hostile_text_takes_little_memory(language: str) -> None:
    """20 kB of `a=>` took 4 GB in Java."""
    here = Path(__file__).parent
    answer = subprocess.run(
        [sys.executable, "-c", MEMORY, language],
        env={**os.environ, "PYTHONPATH": f"{here}:{here.parents[3]}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(answer.stdout) < 300


@pytest.mark.parametrize("language", ["python", "rust", "shell"])
def test_snippets_pass_unread(language: str) -> None:
    given = seed("return x }", language, "snippet")
    assert [reason(rule, given) for rule in (Syntax(), Returns(), Arguments())] == ["kept"] * 3


@pytest.mark.parametrize("language", ["cpp", "java", "js"])
def test_canonical_solutions_pass(language: str) -> None:
    """Every HumanEval-X solution takes arguments and returns a value."""
    path = DATA / f"humanevalx_{language}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"the public file {path.name} is not in ../shared/data of the repository")
    name = {"js": "javascript"}.get(language, language)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert len(rows) == 164
    kept = 0
    for row in rows:
        code = row["declaration"] + row["canonical_solution"]
        if language == "java":  # the class's inside
            code = code.partition("class Solution {")[2].rstrip().removesuffix("}")
        given = seed(code, name)
        found = [reason(rule, given) for rule in (Syntax(), Returns(), Arguments())]
        kept += found == ["kept"] * 3
    assert kept >= 161
