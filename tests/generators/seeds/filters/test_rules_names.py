"""Undefined names: by table, and against ruff's F821 on real functions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rules_corpus import corpus

from veristone.generators.code.python import Parsed, parse
from veristone.generators.seeds.filters.names import free_names, undefined_names


def undefined(code: str) -> set[str]:
    assert isinstance(parse(code), Parsed), code
    return {use.name for use in undefined_names(code)}


CASES = {
    "def f(x, *a, y=1, **k): return x, a, y, k, f": set(),
    "def f(x): return y": {"y"},
    "def f(x): return len(x) + x.y.z": set(),
    "@d\ndef f(x: T = v) -> R: pass": {"d", "T", "v", "R"},
    "def f(x=f): return f": {"f"},
    "@f.setter\ndef f(x): return x": {"f"},
    "def f():\n  g()\n  def g(): return h\n": {"g", "h"},
    "def f(): return [x for x in y if x]": {"y"},
    "def f(): return [x for x in x]": {"x"},
    "def f(a): return [b for a in a for b in a]": set(),
    "def f(): return {k: v for k, v in p}, k": {"p", "k"},
    "def f(a): return any((b := x) for x in a), b": set(),
    "def f(a):\n  for i, (j, *k) in a: pass\n  return i, j, k": set(),
    "def f():\n  with open('x') as g, h as (i, j): return g, i, j": {"h"},
    "def f():\n  try: pass\n  except E as e: return e": {"E"},
    "def f():\n  import a.b, c as d\n  from e import g as h, i\n  return a, d, h, i": set(),
    "def f():\n  import a.b\n  return b": {"b"},
    "def f():\n  global g\n  g = 1\n  return g": set(),
    "def f():\n  class C:\n    x = 1\n    def m(self): return x\n    y = x\n  return C": {"x"},
    "def f(a): return lambda b, *c, d=e: a + b + c + d": {"e"},
    "def f():\n  def g():\n    nonlocal z\n    z = 1\n  z = 0\n  return g": set(),
    "def f(m):\n  match m:\n    case [a, *b]: return a, b\n    case {'k': c, **d}: return c, d\n"
    "    case P(x=e) | e: return e\n    case _ as g: return g": {"P"},
    "def f(x: 'List[int]') -> 'Dict[str, \"T\"]': pass": {"List", "Dict", "T"},
    "def f(x: Literal['a', 'b']): return x": {"Literal"},
    "def f(x: t.Annotated[int, 'some words']): return x": {"t"},
    "def f(x):\n  y: 'Q' = x\n  return y": {"Q"},
    "from typing import cast\ndef f(x): return cast('Foo', x)": {"Foo"},
    "def f(x): return x['Foo'], g('Bar')": {"g"},
    "def f(x: 'not an annotation'): return x": set(),
    "async def f(a):\n  async for x in a:\n    async with x as y: await y": set(),
    "def f(): return __name__, __file__, __doc__, self": {"self"},
    "def f(x): x += 1; del x; return x": {"x"},
    "def f(a, b):\n  a.c = b\n  a[i] = b\n  return a": {"i"},
    "def f(a): return f'{a!r:>{width}} {b}'": {"width", "b"},
    "def f(): yield from g": {"g"},
}


@pytest.mark.parametrize("code", CASES)
def test_undefined_names(code: str) -> None:
    assert undefined(code) == CASES[code]


def test_built_in_names_are_free_and_not_undefined() -> None:
    code = "def f(x, len):\n    return open(x), len(x), gone"
    assert [use.name for use in free_names(code)] == ["open", "gone"]
    assert [use.name for use in undefined_names(code)] == ["gone"]


def test_deep_code_has_names_too() -> None:
    code = "def f(x): return " + "[" * 180 + "gone" + "]" * 180
    assert undefined(code) == {"gone"}


def test_agrees_with_ruff_on_real_functions(tmp_path: Path) -> None:
    """The differences are known: ruff takes the strings of a `Literal` that is not imported for
    names, does not look into the string of such a `cast`, knows `except NameError`, and follows
    `del`."""
    seeds = corpus(400)
    for number, seed in enumerate(seeds):
        (tmp_path / f"{number}.py").write_text(seed.code, encoding="utf-8", newline="")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet"]
    command += ["--select", "F821", "--target-version", "py311", "--output-format", "json", "."]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    theirs: dict[int, set[str]] = {}
    for message in json.loads(answer.stdout):
        if message["code"] == "F821":
            name = message["message"].split("`")[1]
            theirs.setdefault(int(Path(message["filename"]).stem), set()).add(name)
    assert len(theirs) > 150
    other = 0
    for number, seed in enumerate(seeds):
        ours = undefined(seed.code) if isinstance(parse(seed.code), Parsed) else set[str]()
        known = ("Literal", "cast(", "NameError", "del ")
        differ = ours != theirs.get(number, set())
        other += differ and not any(word in seed.code for word in known)
    assert other <= 2
