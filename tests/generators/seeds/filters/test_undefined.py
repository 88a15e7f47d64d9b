"""Names that are bound nowhere, as ruff finds them, and nothing else."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.generators.seeds.filters import undefined
from veristone.generators.seeds.filters.undefined import RUFF_VERSION, Undefined, find_ruff
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Outcome, Rejected

ROOT = Path(__file__).parents[4]


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
    "byte order mark": ("\ufeffx = 1\n", "kept", ""),
    "declared encoding is ignored": ("# coding: latin-1\nx = 'ä'\n", "kept", ""),
    "lone surrogate": ("x = '\ud800'\n", "not_utf8", ""),
    "too deep for ruff": ("x = " + "[" * 100_000 + "\n", "checker_crashed", "SIGABRT"),
    "many names": ("".join(f"n{i}\n" for i in range(5000)), "undefined_name", ""),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All cases of the table in one batch."""
    folder = tmp_path_factory.mktemp("undefined")
    found = Undefined().apply([seed(code) for code, _, _ in TABLE.values()], folder)
    assert list(folder.iterdir()) == []
    return dict(zip(TABLE, found, strict=True))


@pytest.mark.parametrize("name", TABLE)
def test_the_table(name: str, outcomes: dict[str, Outcome]) -> None:
    """One row, and its detail where the row gives one."""
    code, expected, detail = TABLE[name]
    outcome = outcomes[name]
    assert word(outcome) == expected
    if isinstance(outcome, Rejected):
        assert "\n" not in outcome.detail
        assert outcome.detail == detail or not detail
    else:
        assert outcome.code == code


def test_imports_count(tmp_path: Path) -> None:
    """What the imports step found is part of what is judged."""
    code = "def f():\n    return np.pi\n"
    given = [seed(code), seed(code, ("import numpy as np",))]
    assert [word(found) for found in Undefined().apply(given, tmp_path)] == [
        "undefined_name",
        "kept",
    ]


def test_no_seeds(tmp_path: Path) -> None:
    """Nothing in, nothing out."""
    assert Undefined().apply([], tmp_path) == []


@pytest.mark.parametrize("place", [".venv/build/node_modules", "ignored"])
def test_the_folder_hides_nothing(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither ruff's default exclusions, nor .gitignore, nor a configuration above, has a say."""
    folder = tmp_path / place
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*\n")
    (tmp_path / "ruff.toml").write_text('builtins = ["gone"]\n')
    monkeypatch.setenv("RUFF_NO_CACHE", "nonsense")
    monkeypatch.chdir(folder)
    assert word(Undefined().apply([seed("print(gone)\n")], folder)[0]) == "undefined_name"


def test_the_batch_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some, or all together."""
    seeds = [seed(code) for code, _, _ in TABLE.values()]
    found: list[list[Outcome]] = []
    for size in (7, 1000):
        monkeypatch.setattr(undefined, "_BATCH", size)
        found.append(Undefined().apply(seeds, tmp_path))
    assert found[0] == found[1]


def test_the_version_is_pyprojects() -> None:
    """The constant and the pin move together."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"ruff=={RUFF_VERSION}" in extras["optional-dependencies"]["seeds"]


def test_prepare_accepts_the_pinned_version(tmp_path: Path) -> None:
    """And sweeps what a killed worker left."""
    (tmp_path / "batch-old" / "deep").mkdir(parents=True)
    Undefined().prepare(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo ruff 0.1.2", "0.1.2 is installed"),
        ("exit 3", "does not run"),
        ("echo", f"ruff {RUFF_VERSION} is needed"),
    ],
)
def test_prepare_refuses_others(
    script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do about it."""
    monkeypatch.setattr(undefined, "find_ruff", lambda: program(tmp_path, script))
    with pytest.raises(ConfigError, match=said):
        Undefined().prepare(tmp_path)


def test_a_ruff_that_skips_its_files_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence is no verdict."""
    monkeypatch.setattr(undefined, "find_ruff", lambda: program(tmp_path, "echo '[]'"))
    with pytest.raises(RuntimeError, match="did not look"):
        Undefined().apply([seed("x = 1\n")], tmp_path)


def test_a_ruff_that_crashes_on_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one is found among many, and the others are judged."""
    script = f'grep -q "c[r]ash" ./*.py && kill -SEGV $$\nexec {find_ruff()} "$@"'
    monkeypatch.setattr(undefined, "find_ruff", lambda: program(tmp_path, script))
    codes = [f"x = {n}\n" for n in range(60)]
    codes[17] = "gone\n"
    codes[41] = "x = 'crash'\n"
    found = [word(outcome) for outcome in Undefined().apply(list(map(seed, codes)), tmp_path)]
    expected = ["kept"] * 60
    expected[17], expected[41] = "undefined_name", "checker_crashed"
    assert found == expected


def program(folder: Path, script: str) -> str:
    """Write a shell script that stands in for ruff."""
    path = folder / "stand-in"
    path.write_text(f"#!/bin/sh\nPATH={os.defpath}\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)
