"""Seeds with and without type errors, the same wherever and beside whatever they are judged."""

import json
import os
import re
import stat
import subprocess
import sys
import textwrap
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.generators.seeds.filters import pyright
from veristone.generators.seeds.filters.checker import CheckerFailed
from veristone.generators.seeds.filters.pyright import PYRIGHT_VERSION, Pyright
from veristone.generators.seeds.records import Provenance, Seed, seed_id
from veristone.generators.seeds.steps import Outcome, Rejected

ROOT = Path(__file__).parents[4]
NODE, SCRIPT = pyright._programs()
CONFIGURATION = Path(pyright.__file__).with_name("pyrightconfig.json")


def seed(code: str, name: str = "", imports: tuple[str, ...] = ()) -> Seed:
    return Seed(
        id=name or seed_id("python", code.encode(errors="replace").decode()),
        code=code,
        language="python",
        imports=imports,
        provenance=Provenance(source="test"),
    )


def judged(seeds: list[Seed], folder: Path, step: Pyright | None = None) -> list[Outcome]:
    step = step or Pyright()
    step.prepare(folder)
    return step.apply(seeds, folder)


def rule(outcome: Outcome) -> str:
    """The rule of a type error, the reason of another rejection, or `kept`."""
    if not isinstance(outcome, Rejected):
        return "kept"
    assert "\n" not in outcome.detail
    if outcome.reason == "type_error":
        return outcome.detail.partition(":")[0]
    return outcome.reason


WRONG = "def f(x: int) -> str:\n    return x{}\n"
TABLE: dict[str, tuple[str, str]] = {
    "right": ("def f(x: int) -> int:\n    return x\n", "kept"),
    "wrong return": (WRONG.format(""), "reportReturnType"),
    "no annotations": ("def f(x):\n    return x.anything(1) + 2\n", "kept"),
    "unknown attribute": ("def f():\n    return 'a'.push(1)\n", "reportAttributeAccessIssue"),
    "undefined": ("def f():\n    return gone\n", "reportUndefinedVariable"),
    "undefined in a type comment": (
        "def f(x):\n    # type: (Gone) -> int\n    return 1\n",
        "reportUndefinedVariable",
    ),
    "undefined after a star import": (
        "from os.path import *\ndef f(x):\n    return join(x, gone)\n",
        "reportUndefinedVariable",
    ),
    "possibly unbound": (
        "def f(a):\n    if a:\n        x = 1\n    return x\n",
        "reportPossiblyUnboundVariable",
    ),
    "of None": (
        "import re\ndef f(x: str):\n    return re.match('a', x).group()\n",
        "reportOptionalMemberAccess",
    ),
    "not awaited": (
        "import asyncio\nasync def f():\n    asyncio.sleep(1)\n    return 1\n",
        "reportUnusedCoroutine",
    ),
    "a warning only": ("def f(x):\n    x == 1\n    assert (x, 'm')\n    return '\\d'\n", "kept"),
    "syntax": ("def f(:\n    return 1\n", "syntax_error"),
    "newer than 3.11": ("type X = int\n", "syntax_error"),
    "another platform's": (
        "import ctypes\ndef f():\n    return ctypes.windll\n",
        "reportAttributeAccessIssue",
    ),
    "a module that 3.12 dropped": ("import imp\ndef f():\n    return imp.get_magic()\n", "kept"),
    "not installed": ("import numpy as np\ndef f() -> int:\n    return np.__version__\n", "kept"),
    "bundled stubs": (
        "import yaml\ndef f() -> int:\n    return yaml.dump({}, 1, 2, 3)\n",
        "reportCallIssue",
    ),
    "relative": ("from .helpers import g\ndef f():\n    return g(1)\n", "kept"),
    "relative, of a folder": ("from . import g\ndef f():\n    return g(1)\n", "kept"),
    "reveal_type": ("def f(x):\n    reveal_type(x)\n    return x\n", "kept"),
    "unreachable": ("def f(x: int) -> int:\n    return x\n    return 'a'\n", "kept"),
    # Nobody switches their own check off, or another one on.
    "type: ignore": (WRONG.format("  # type: ignore"), "reportReturnType"),
    "type: ignore[x]": (WRONG.format("  # type: ignore[return-value]"), "reportReturnType"),
    "type: ignore for the file": ("# type: ignore\n" + WRONG.format(""), "reportReturnType"),
    "pyright: ignore": (WRONG.format("  # pyright: ignore"), "reportReturnType"),
    "pyright:ignore[x]": (WRONG.format("#pyright:ignore[reportReturnType]"), "reportReturnType"),
    "pyright: basic": ("# pyright: basic\n" + WRONG.format(""), "reportReturnType"),
    "pyright: rule=none": (
        "# pyright: reportReturnType=none\n" + WRONG.format(""),
        "reportReturnType",
    ),
    "pyright: enableTypeIgnoreComments": (
        "# pyright: enableTypeIgnoreComments=true\n" + WRONG.format("  # type: ignore"),
        "reportReturnType",
    ),
    "pyright: strict": ("# pyright: strict\ndef f(x):\n    return x\n", "kept"),
    "no_type_check": (
        "from typing import no_type_check\n@no_type_check\n" + WRONG.format(""),
        "reportReturnType",
    ),
    "no_type_check, by attribute": (
        "import typing as t\n@t.no_type_check\n" + WRONG.format(""),
        "reportReturnType",
    ),
    "no_type_check on right code": (
        "from typing import no_type_check\n@no_type_check\ndef f(x: int) -> int:\n    return x\n",
        "kept",
    ),
    "a variable called pyright": ("def f(pyright: int) -> int:\n    return pyright\n", "kept"),
    # Hostile.
    "too deep for Pyright": ("x = " + "[" * 100_000 + "\n", "checker_crashed"),
    "deep": ("x = " + "+".join(["1"] * 5000) + "\n", "syntax_error"),
    "NUL": ("x = 1\x00\n", "syntax_error"),
    "empty": ("", "kept"),
    "byte order mark": ("\ufeffx = 1\n", "kept"),
    "line ends": ("x = 1\r\ndef f():\r    return x\n", "kept"),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All cases of the table: in one batch, but that what crashes the checker has one with the few
    behind it, as that batch is judged many times over."""
    folder = tmp_path_factory.mktemp("pyright")
    names = list(TABLE)
    hostile = names.index("too deep for Pyright")
    found: list[Outcome] = []
    for batch in (names[:hostile], names[hostile:]):
        found += judged([seed(TABLE[name][0]) for name in batch], folder)
    assert not [*folder.iterdir()]
    return dict(zip(TABLE, found, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLE)
def test_the_table(name: str, outcomes: dict[str, Outcome]) -> None:
    """One row; what is kept is kept as it was."""
    code, expected = TABLE[name]
    assert rule(outcomes[name]) == expected
    if expected == "kept":
        assert outcomes[name] == seed(code)


# Each is kept when it sees nothing but the standard library, and rejected where it sees more. (Of a
# module with the name of a standard one, Pyright would only see parts that the latter lacks.)
PLANTED = [
    "import planted\ndef f() -> str:\n    return planted.number\n",
    "from planted import number\ndef f() -> str:\n    return number\n",
    "import numpy\ndef f() -> int:\n    return numpy.__version__\n",
    "import json.planted\ndef f() -> str:\n    return json.planted.number\n",
    "import json\ndef f() -> str:\n    return json.dumps({})\n",
    "from ..planted import number\ndef f() -> str:\n    return number\n",
    *(f"from {'.' * dots}planted import number\nx: str = number\n" for dots in range(3, 24)),
    "from .\\\n. . ................ planted import number\nx: str = number\n",
]


def plant(folder: Path) -> None:
    """Put modules that nobody should find into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "planted.py").write_text("number: int = 1\n")
    (folder / "json").mkdir(exist_ok=True)
    (folder / "json" / "__init__.py").write_text("def dumps(x: int) -> int: return x\n")
    (folder / "json" / "planted.py").write_text("number: int = 1\n")
    (folder / "pyproject.toml").write_text("[tool.pyright]\ntypeCheckingMode = 'strict'\n")


@pytest.mark.parametrize("place", ["cwd", "PYTHONPATH", "above", "interpreter"])
def test_nothing_else_is_seen(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever modules are planted; this environment's numpy is not seen either."""
    plant(tmp_path)
    folder = tmp_path / "below" / "planted" / "json"
    folder.mkdir(parents=True, exist_ok=True)
    if place == "cwd":
        monkeypatch.chdir(tmp_path)
    elif place == "PYTHONPATH":
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setenv("MYPYPATH", str(tmp_path))
        monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
        monkeypatch.setenv("NODE_OPTIONS", "--no-such-option")
    elif place == "above":
        for above in (folder, folder.parent, folder.parent.parent):
            plant(above)
    else:
        python = tmp_path / "bin" / "python"
        python.parent.mkdir()
        called = tmp_path / "called"
        python.write_text(f'#!/bin/sh\ntouch {called}\nexec {sys.executable} "$@"\n')
        python.chmod(python.stat().st_mode | stat.S_IXUSR)
        (python.parent / "python3").symlink_to(python)
        monkeypatch.setenv("PATH", f"{python.parent}:{os.defpath}")
        monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
        plant(tmp_path / "lib" / "python3.11" / "site-packages")
    # A message names types: it would be German if the locale were seen.
    wrong = seed(WRONG.format(""))
    *found, last = judged([*map(seed, PLANTED), wrong], folder)
    assert [rule(outcome) for outcome in found] == ["kept"] * len(PLANTED)
    assert last == Rejected(
        "type_error", 'reportReturnType: Type "int" is not assignable to return type "str"'
    )
    assert not (tmp_path / "called").exists()


def test_plain_pyright_sees_what_is_planted(tmp_path: Path) -> None:
    """The control: without our configuration the same seeds are rejected."""
    plant(tmp_path)
    for number, code in enumerate(PLANTED[:4]):
        (tmp_path / f"seed{number}.py").write_text(code)
    (tmp_path / "pyproject.toml").unlink()
    command = [str(NODE), str(SCRIPT), "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110)
    assert sorted(set(re.findall(r"(seed\d)\.py:\d.* - error", done.stdout))) == [
        f"seed{number}" for number in range(4)
    ]


def test_seeds_do_not_see_each_other(tmp_path: Path) -> None:
    """Neither by the names of their files, nor by their ids, nor by walking the folders."""
    given = [
        seed("def dumps(x: int) -> int:\n    return x\n", "json"),
        seed("class int: ...\n", "builtins"),
        seed("number: int = 1\n", "planted"),
        seed("import json\ndef f() -> str:\n    return json.dumps({})\n"),
        seed("import planted\ndef f() -> str:\n    return planted.number\n"),
        seed("from ..planted import number\ndef f() -> str:\n    return number\n"),
        seed("from . import *\nfrom .. import *\nfrom ... import *\nx = 1\n"),
    ]
    assert [rule(outcome) for outcome in judged(given, tmp_path)] == ["kept"] * len(given)
    # A name that is defined in another seed stays undefined.
    stars = "from . import *\nfrom .. import *\nprint(number)\n"
    found = judged(
        [*given[:3], seed(stars), seed("import 0\nfrom ..2.0 import number\n")], tmp_path
    )
    assert [rule(outcome) for outcome in found[3:]] == ["reportUndefinedVariable", "syntax_error"]


REAL = """
    import re, json, collections, itertools, functools, datetime, pathlib, typing

    class Path:
        pass

    def f{n}(rows: list[dict[str, typing.Any]], path: str = "x"):
        counts = collections.Counter(row["key"] for row in rows)
        first = re.search("a", path)
        when = datetime.datetime.now() - datetime.datetime(2020, 1, {day})
        both = itertools.chain(counts, range({n}))
        total = functools.reduce(lambda a, b: a + b, [{n}, 2])
        return {body}
    """
BODIES = [
    "first.group(), counts",
    "when.days + total",
    "when + total",
    "sorted(both)",
    "pathlib.Path(Path())",
    "json.dumps(counts, default={n})",
]


def test_the_batch_does_not_matter(tmp_path: Path) -> None:
    """Company, order and place in the batch change neither verdicts nor messages."""
    seeds = [
        seed(textwrap.dedent(REAL).format(n=n, day=n % 28 + 1, body=BODIES[n % 6].format(n=n)))
        for n in range(12)
    ]
    together = judged(seeds, tmp_path)
    assert {rule(outcome) for outcome in together} >= {"kept", "reportOptionalMemberAccess"}
    some = judged(seeds[::-1], tmp_path, Pyright(batch=7))
    assert some[::-1] == together
    # Types of the same name are told apart by their modules; a seed's own has none.
    assert '"Path"' in next(one.detail for one in together[4::6] if isinstance(one, Rejected))
    assert not any(re.search(r"0\.0|\d\.Path", str(outcome)) for outcome in together)


def test_two_at_once_in_one_folder(tmp_path: Path) -> None:
    """Workers share the folder that was prepared for all."""
    step = Pyright()
    step.prepare(tmp_path)
    halves = [[seed("x: int = 1\n")] * 2, [seed("x: int = ''\n")] * 3]
    with ThreadPoolExecutor(2) as workers:
        found = list(workers.map(step.apply, halves, [tmp_path] * 2))
    assert [[rule(outcome) for outcome in half] for half in found] == [
        ["kept"] * 2,
        ["reportAssignmentType"] * 3,
    ]


def test_every_rule_is_settled(tmp_path: Path) -> None:
    """No rule that this Pyright knows is left to its defaults, none is named that it ignores."""
    bundle = SCRIPT.parent / "dist" / "pyright-internal.js"
    known = set(re.findall(r'\.(report[A-Z]\w+)="\1"', bundle.read_text(encoding="utf-8")))
    assert known == {
        name for name in json.loads(CONFIGURATION.read_bytes()) if name.startswith("report")
    }
    (tmp_path / "0").mkdir()
    (tmp_path / "0" / "0.py").write_text("x = 1\n")
    (tmp_path / "pyrightconfig.json").write_bytes(CONFIGURATION.read_bytes())
    command = [str(NODE), str(SCRIPT), "--verbose"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=True
    )
    assert "unrecognized" not in done.stdout + done.stderr
    assert "0 errors" in done.stdout


def test_the_version_is_pyprojects() -> None:
    """The constant and the pin move together."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"pyright[nodejs]=={PYRIGHT_VERSION}" in extras["optional-dependencies"]["seeds"]


def test_prepare_refuses_other_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    monkeypatch.setattr(pyright, "version", {"pyright": "1.1.1"}.__getitem__)
    with pytest.raises(ConfigError, match=r"1\.1\.1 is installed: pip install"):
        Pyright().prepare(tmp_path)


def nothing(name: str) -> None:
    """Stand in for a search that finds no module."""


def test_no_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the wheel's nor the system's: says what to install."""
    monkeypatch.setattr(pyright.importlib.util, "find_spec", nothing)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="no node"):
        pyright._programs.__wrapped__()
    program(tmp_path, "exit 0", "node")
    with pytest.raises(ConfigError, match="not installed"):
        pyright._programs.__wrapped__()


def test_a_seed_that_breaks_pyright(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is found, and the others are judged."""
    script = f'grep -rq "c[r]ash" 0 && kill -ABRT $$\nexec {NODE} "$@"'
    step = Pyright()
    step.prepare(tmp_path)
    monkeypatch.setattr(pyright, "_programs", lambda: (program(tmp_path, script), SCRIPT))
    codes = ["x = 'crash'\n", "x: str = 1\n"]
    found = step.apply(list(map(seed, codes)), tmp_path)
    assert found[0] == Rejected("checker_crashed", "SIGABRT")
    assert rule(found[1]) == "reportAssignmentType"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stand-in"]


REPORT = '{"generalDiagnostics": [], "summary": {"filesAnalyzed": %d}}'


@pytest.mark.parametrize(
    ("script", "reason", "detail"),
    [
        ("while :; do :; done", "checker_timeout", "more than 1 s"),
        ("exit 2", "checker_crashed", "exit status 2"),
        ("echo nonsense", "checker_crashed", "output that is no report"),
        ("echo", "checker_crashed", "output that is no report"),
        (
            f"echo '{REPORT % 1}'",
            "checker_crashed",
            "1 of 2 files were checked",
        ),
    ],
)
def test_answers_that_are_no_verdicts(
    script: str, reason: str, detail: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running on, giving up, talking nonsense, leaving files out."""
    monkeypatch.setattr(pyright, "_programs", lambda: (program(tmp_path, script), SCRIPT))
    with pytest.raises(CheckerFailed) as caught:
        pyright._check([b"x = 1\n"] * 2, tmp_path, 1)
    assert (caught.value.reason, caught.value.detail) == (reason, detail)
    assert [path.name for path in tmp_path.iterdir()] == ["stand-in"]


def program(folder: Path, script: str, name: str = "stand-in") -> Path:
    """Write a shell script that stands in for node."""
    path = folder / name
    path.write_text(f"#!/bin/sh\nPATH={os.defpath}\n{textwrap.dedent(script)}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# pyright: ignore", "# pyrite: ignore"),
        ("x.no_type_check(no_type_checks)", "x.no_type_check_decorator(no_type_checks)"),
        ("from ...a import b", "from ...a import b"),
        (f"from {'.' * 5}a import b", f"from {'.' * 5}a import b"),
        (f"from {'.' * 500}a import b", f"from {'.' * 5}a import b"),
        ("from" + " \\\n." * 500 + "a import b", f"from {'.' * 5}a import b"),
    ],
)
def test_neutral(text: str, expected: str) -> None:
    """What a seed may not do, and nothing else, is taken away."""
    assert pyright._neutral(text) == expected
