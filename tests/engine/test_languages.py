"""Languages as folders: what `language.toml` says, and a new one from anywhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from backends import open_engine, story

from veristone import (
    AssertsCheck,
    Call,
    ConfigError,
    FunctionCheck,
    InvalidSample,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    StdioCase,
    StdioCheck,
)
from veristone.engine import Engine, EngineConfig, languages
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.backends.fake import FakeBackend
from veristone.engine.languages import Layout, add, find, installed, serving
from veristone.engine.selftest import selftests

TOY = """
name = "toy"
aliases = ["plaything"]
entry = "main.toy"
run = ["./shout", "{main}"]
version = ["sh", "-c", "echo toy 1.0"]

[compile]
command = ["sh", "-c", '''
    grep -q '^shout ' {entry} || { echo "{entry}: error: shout what?" >&2; exit 1; }
    { echo '#!/bin/sh'; echo 'read line; echo "$1 $line" "$LOUD"'; } >shout
''']
keeps = ["shout"]

[[rules]]
pattern = '^shout (\\w+)'
main = '\\1'

[env]
LOUD = "!"

[host]
programs = ["sh"]
"""


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[Path]:
    """A folder outside of the package; what it adds is forgotten after the test."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "language.toml").write_text(TOY)
    yield folder
    installed().pop("toy", None)
    find.cache_clear()


def test_every_language_of_ours_is_whole() -> None:
    words = [word for each in installed().values() for word in (each.name, *each.aliases)]
    assert len(words) == len(set(words)), "two languages have one name"
    for language in installed().values():
        assert language.folder.name == language.name
        assert (language.folder / "Dockerfile").is_file(), language.name
        assert language.version, language.name
        assert language.zygote or language.host is not None, language.name
        assert all(word == word.lower() for word in (language.name, *language.aliases))


WANTED = {"hello", "wrong", "endless", "memory", "flood", "echo", "big_output", "unicode"}


@pytest.mark.parametrize("name", sorted(set(installed()) - {"python"}))
def test_every_language_has_a_selftest_of_every_kind(name: str) -> None:
    found = {test.sample.id: test for test in selftests(find(name))}
    assert set(found) >= WANTED
    assert all(test.reasons for test in found.values()), "an expectation is misspelt"


NODE_TYPES = "@/opt/veristone/prepared/node.options"
MAIN = "public static void main(String[] args) { }"
LAYOUTS = [
    ("python", "print(1)", Layout("main.py", "{stem}")),
    ("c", "#include <stdio.h>", Layout("main.c", "{stem}")),
    ("c", " # include <openssl/md5.h>", Layout("main.c", "{stem}", ("-lcrypto",))),
    ("javascript", "const a = require('a')", Layout("main.js", "{stem}")),
    ("javascript", "// import x\nimport fs from 'fs'", Layout("main.mjs", "{stem}")),
    ("javascript", "importantThing()", Layout("main.js", "{stem}")),
    ("typescript", "const request = 1;", Layout("main.ts", "{stem}")),
    ("typescript", 'import * as fs from "fs";', Layout("main.ts", "{stem}", (NODE_TYPES,))),
    ("typescript", "const fs = require('fs')", Layout("main.ts", "{stem}", (NODE_TYPES,))),
    ("typescript", "process.stdin.resume()", Layout("main.ts", "{stem}", (NODE_TYPES,))),
    ("java", "class A { }", Layout("Main.java", "{stem}")),
    ("java", f"public final class A {{\n {MAIN}\n}}", Layout("A.java", "A")),
    ("java", f"class A {{ static class B {{ }}\n {MAIN}\n}}", Layout("Main.java", "A")),
    ("java", f"public class A {{ }}\nclass B {{\n {MAIN}\n}}", Layout("A.java", "B")),
    ("java", f"public class A {{\n {MAIN}\n}}\nclass B {{ }}", Layout("A.java", "A")),
    ("java", f"  class A {{ }}\n  class B {{ {MAIN} }}", Layout("Main.java", "B")),
    ("java", "public interface A { }\n", Layout("A.java", "{stem}")),
]


@pytest.mark.parametrize(("name", "code", "layout"), LAYOUTS)
def test_the_text_decides_about_names(name: str, code: str, layout: Layout) -> None:
    assert find(name).layout(code) == layout


@pytest.mark.parametrize("name", sorted(installed()))
def test_patterns_are_linear(name: str) -> None:
    """Hostile text must not stop the event loop: each of these takes milliseconds, not hours."""
    language = find(name)
    for piece in (
        " ",
        "\n",
        "\t ",
        "a",
        "class a ",
        "public ",
        "static ",
        "import ",
        "(",
        "/*",
        "//\\\n",
    ):
        code = piece * (languages._SEARCHED // len(piece))
        language.layout(code)
        if language.preamble is not None:
            language.preamble.of(code)


def test_words_are_filled_in_once() -> None:
    words = find("c").words(["{entry}", "-{stem}{memory_mib}"], Layout("{stem}.c", "x"), Limits())
    assert words == ("{stem}.c", "-{stem}512")


def test_a_name_that_nobody_knows_is_refused_with_a_guess() -> None:
    with pytest.raises(InvalidSample, match="did you mean 'javascript'"):
        find("javascrpt")


def test_a_folder_is_added_once(toy: Path) -> None:
    assert add(toy) == add(toy)
    (toy / "language.toml").write_text(TOY.replace('"plaything"', '"plaything", "py"'))
    with pytest.raises(ConfigError, match="'py'"):
        add(toy)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('name = "toy"', ""),
        ("[env]", "[environment]"),
        ("keeps", "keep"),
        ("(\\w+)", "(\\w+"),
        ("entry =", "entry"),
    ],
)
def test_a_mistake_is_named_with_its_file(toy: Path, before: str, after: str) -> None:
    text = (toy / "language.toml").read_text()
    assert before in text
    (toy / "language.toml").write_text(text.replace(before, after))
    with pytest.raises(ConfigError, match=re.escape(str(toy / "language.toml"))):
        add(toy)


def test_a_folder_without_a_language(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"language\.toml"):
        add(tmp_path)


@pytest.mark.bubblewrap
async def test_a_language_from_a_folder_elsewhere(toy: Path) -> None:
    cases = [StdioCase(input=f"{word}\n", output=f"hello {word} !\n") for word in ("you", "all")]
    async with open_engine("bubblewrap", languages=(toy,)) as engine:
        good = Sample(code="shout hello", language="toy", check=StdioCheck(cases=cases))
        verdict = await engine.verify(good)
        assert verdict.reason is Reason.PASSED, story(verdict)
        assert verdict.usage.runs == 3
        bad = await engine.verify(Sample(code="whisper", language="plaything"))
        assert bad.reason is Reason.COMPILE_ERROR
        assert bad.message == "main.toy: error: shout what?"
        assert await engine.version("toy") == "toy 1.0"


@pytest.mark.bubblewrap
async def test_what_is_missing_is_told_at_once_with_what_brings_it(toy: Path) -> None:
    lacking = TOY.replace('["sh"]', '["no-such-program"]\ninstall = "apt-get install toy"')
    (toy / "language.toml").write_text(lacking)
    async with open_engine("bubblewrap", languages=(toy,)) as engine:
        verdict = await engine.verify(Sample(code="shout hello", language="toy"))
        assert verdict.reason is Reason.SANDBOX_ERROR
        assert "toy needs no-such-program" in verdict.message
        assert "apt-get install toy" in verdict.message
        assert verdict.attempts == 1
        with pytest.raises(ToolchainMissing):
            await engine.isolation("toy")


CORE = ("c", "cpp", "javascript", "bash")
"""What the whole suite tries; `veristone images test` tries every language that is here."""


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", [name for name in CORE if name in installed()])
async def test_the_selftest_of_a_language(name: str) -> None:
    async with open_engine("bubblewrap") as engine:
        try:
            await engine.isolation(name)
        except ToolchainMissing as error:
            pytest.skip(str(error))
        for sample, reasons in selftests(find(name)):
            verdict = await engine.verify(sample)
            assert verdict.reason in reasons, story(verdict)


LEAN, DATA, PLOTS = "numpy", "pandas", "matplotlib.pyplot"
"""What is in the smallest sandbox, in the next one, in the largest alone."""
SERVED = {
    "import numpy": LEAN,
    "import numpy as np": LEAN,
    "  from numpy.linalg import norm": LEAN,
    "import os, numpy as np": LEAN,
    "import os as o , numpy": LEAN,
    "import numpy, os": LEAN,
    "x = 1\nimport pandas as pd\nimport numpy": DATA,
    "import numpy.linalg as la, os, pandas, re": DATA,
    "import matplotlib": DATA,
    "import matplotlib as m, sklearn": DATA,
    "import matplotlib.pyplot as plt": PLOTS,
    "from matplotlib import pyplot": PLOTS,
    "from sklearn import svm": PLOTS,
    "import sklearn.svm": PLOTS,
    "# import numpy": "",
    "import numpy_financial": "",
    "import mynumpy": "",
    "print('numpy')": "",
    "from os import numpy": "",
}


@pytest.mark.parametrize(("code", "module"), SERVED.items())
def test_what_a_program_imports_decides_about_its_sandbox(code: str, module: str) -> None:
    found = [other.preload for serves, other in serving("python") if serves.wants([code.encode()])]
    have = found[0] if found else []
    assert [name for name in (LEAN, DATA, PLOTS) if name in have][-1:] == [module] * bool(module)


def test_whose_sandbox_is_decided_in_linear_time() -> None:
    for piece in (" ", "a,", "a as a,", "import numpy_", "from ", "\t\n", "import a, "):
        text = (piece * (languages._SEARCHED // len(piece)) + " numpy pandas").encode()
        for serves, _ in serving("python"):
            serves.wants([text])


IMPORTS = """
import sys
import numpy
print("sympy" in sys.modules, len(numpy.arange(3)))
"""
FORGOTTEN = "import matplotlib\nmatplotlib.pyplot.figure()"


@pytest.mark.bubblewrap
async def test_a_program_runs_where_its_imports_are_done_already() -> None:
    async with open_engine("bubblewrap") as engine:
        try:
            await engine.isolation("python-data")
        except ToolchainMissing as error:
            pytest.skip(str(error))
        asked: list[Sample] = [
            Sample(code=IMPORTS, check=ProgramCheck(stdout="False 3\n")),
            Sample(code="import sympy" + IMPORTS, check=ProgramCheck(stdout="True 3\n")),
            Sample(code=IMPORTS, language="python-data", check=ProgramCheck(stdout="True 3\n")),
            Sample(code=FORGOTTEN, check=ProgramCheck(exit_code=1)),
            Sample(
                code="import numpy\ndef f(n): return numpy.arange(n)",
                check=AssertsCheck(tests="assert list(f(2)) == [0, 1]"),
            ),
            Sample(
                code="import numpy as np\ndef f(n): return int(np.ones(n).sum())",
                check=FunctionCheck(entry_point="f", calls=[Call(args=[2], expected=2)]),
            ),
        ]
        for sample in asked:
            verdict = await engine.verify(sample)
            assert verdict.reason is Reason.PASSED, story(verdict)
        names = [state.language for state in engine.pools()]
        assert sorted(names) == ["python"] + 3 * ["python-data"]


async def test_where_it_is_not_to_be_had_the_language_itself_runs_it() -> None:
    starts = [None, ToolchainMissing("no numpy here")]
    backend = FakeBackend(starts=starts)
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        for _ in range(2):
            verdict = await engine.verify(Sample(code="import numpy"))
            assert verdict.reason is Reason.PASSED, story(verdict)
        assert [state.language for state in engine.pools()] == ["python"]
