"""Names that are bound nowhere, and nothing else."""

from pathlib import Path

import pytest

from veristone.generators.seeds.filters.names import Undefined
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Outcome, Rejected


def seed(code: str, imports: tuple[str, ...] = ()) -> Seed:
    return Seed(
        id=seed_id("python", code.encode(errors="replace").decode()),
        code=code,
        language="python",
        imports=imports,
        provenance=Provenance(source="test"),
    )


def word(outcome: Outcome) -> str:
    return outcome.reason if isinstance(outcome, Rejected) else "kept"


TABLE: dict[str, tuple[str, str, str]] = {
    "plain": ("def f(x):\n    return x + len(str(x))\n", "kept", ""),
    "names in order, each once": (
        "def f(x):\n    return b(a, b, c.d)\n",
        "undefined_name",
        "b, a, c",
    ),
    "default and decorator": (
        "@cache\ndef f(x=LIMIT):\n    return x\n",
        "undefined_name",
        "cache, LIMIT",
    ),
    "annotation": ("def f(x: List) -> int:\n    return x\n", "undefined_name", "List"),
    "quoted annotation": ('def f(x: "np.array"):\n    return x\n', "undefined_name", "np"),
    "type comment": ("def f(x):\n    # type: (Foo) -> Foo\n    return x\n", "kept", ""),
    "star import": ("from os.path import *\ndef f(x):\n    return join(x, y)\n", "kept", ""),
    "comprehension leaks nothing": (
        "def f(x):\n    [i for i in x]\n    return i\n",
        "undefined_name",
        "i",
    ),
    "class scope is not seen by methods": (
        "class A:\n    n = 1\n    def f(self):\n        return n\n",
        "undefined_name",
        "n",
    ),
    "deleted": ("x = 1\ndel x\nprint(x)\n", "undefined_name", "x"),
    "bound in one branch": ("def f(a):\n    if a:\n        x = 1\n    return x\n", "kept", ""),
    "caught NameError": (
        "try:\n    text = unicode\nexcept NameError:\n    text = str\n",
        "kept",
        "",
    ),
    "__class__ outside a class": (
        "def f():\n    return __class__\n",
        "undefined_name",
        "__class__",
    ),
    "__class__ in a method": ("class A:\n    def f(self):\n        return __class__\n", "kept", ""),
    "module names": ("def f():\n    return __file__, __name__\n", "kept", ""),
    "Python 2": ("def f(x):\n    return unicode(x)\n", "undefined_name", "unicode"),
    "a method's decorator": (
        "@name.setter\ndef name(self, x):\n    return x\n",
        "undefined_name",
        "name",
    ),
    "__all__": ("__all__ = ['gone']\n", "undefined_name", "gone"),
    "not ASCII": ("def f():\n    return größe\n", "undefined_name", "größe"),
    "noqa": ("def f():\n    return gone  # noqa\n", "undefined_name", "gone"),
    "noqa for the file": ("# ruff: noqa\n# flake8: noqa\nprint(gone)\n", "undefined_name", "gone"),
    "noqa for a range": (
        "# ruff: disable[F821]\nprint(gone)\n# ruff: enable[F821]\n",
        "undefined_name",
        "gone",
    ),
    "formatter's switch": ("# fmt: off\nprint(gone)\n", "undefined_name", "gone"),
    "broken": ("def f(:\n    return gone\n", "syntax_error", ""),
    "Python 2 print": ("def f(x):\n    print x\n", "syntax_error", ""),
    "newer than 3.11": ("def f[T](x: T) -> T:\n    return x\n", "syntax_error", ""),
    "NUL": ("x = 1\x00\n", "syntax_error", ""),
    "empty": ("", "kept", ""),
    "byte order mark": ("\ufeffx = 1\n", "syntax_error", ""),
    "declared encoding is ignored": ("# coding: latin-1\nx = 'ä'\n", "kept", ""),
    "lone surrogate": ("x = '\ud800'\n", "syntax_error", ""),
    "too large": ("x = " + "[" * 100_000 + "\n", "too_large", ""),
    "many names": ("".join(f"n{i}\n" for i in range(5000)), "undefined_name", ""),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_table(name: str) -> None:
    """One row, and its detail where the row gives one."""
    code, expected, detail = TABLE[name]
    given = seed(code)
    outcome = Undefined().judge(given)
    assert word(outcome) == expected
    if isinstance(outcome, Rejected):
        assert "\n" not in outcome.detail
        assert outcome.detail == detail or not detail
    else:
        assert outcome is given


def test_imports_count(tmp_path: Path) -> None:
    """What the imports step found is part of what is judged."""
    code = "def f():\n    return np.pi\n"
    given = [seed(code), seed(code, ("import numpy as np",))]
    assert [word(found) for found in Undefined().apply(given, tmp_path)] == [
        "undefined_name",
        "kept",
    ]
