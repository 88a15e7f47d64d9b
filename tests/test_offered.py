"""What README, docs and Makefile offer is there, and CI does it.

Command lines in the docs are held against the command itself: a renamed option or subcommand fails
here. Targets of `make` are held against `.ci/run`: one that CI neither runs nor leaves to a test
that is named here fails, too.
"""

import importlib
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from veristone.cli.main import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

ELSEWHERE = {
    "help": "test_make_help_lists_every_target",
    "env": "every other target begins with it (scripts/lib.sh, make_environment)",
    "models": "make test-models begins with it",
    "hosts": "make test-hosts begins with it",
    "loop": "tests/cli/test_loop_command.py, in `make test-models`",
    "format": "make check holds the result; it repairs what that would refuse",
    "bench": "tests/test_offered.py::test_benchmarks_can_be_asked_for",
    "clean": "would remove the environment that CI works in",
}
"""Targets that CI does not run as they are, and what does in their place."""


def command_lines(page: Path) -> list[str]:
    """The `veristone ...` of a page's code, in blocks and in lines, without comments."""
    found: list[str] = []
    text = page.read_text()
    inline = re.findall(r"(?<!`)`(veristone [^`\n]+)`", text)
    for block in ["\n".join(inline), *re.findall(r"^```(?:\w*)\n(.*?)^```", text, re.M | re.S)]:
        joined = re.sub(r"\\\n\s*", " ", block)
        for line in joined.splitlines():
            line = re.sub(r"^\$ ", "", line.strip())
            if line.startswith("veristone "):
                found.append(re.split(r"\s{2,}#|\s#\s|\s{3,}|[|>\\]", line)[0].strip())
    return found


def resolve(words: list[str]) -> tuple[Any, list[str]]:
    """The command that a line runs, and the rest of its words."""
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        assert words[0] in command.commands, f"no such command: {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    return command, words


LINES = [(page.name, line) for page in PAGES for line in command_lines(page)]


def test_the_docs_have_command_lines() -> None:
    """The test below can fail."""
    assert len(LINES) > 20
    with pytest.raises(AssertionError):
        test_a_command_line_of_the_docs_is_right("README.md", "veristone verify --no-such x")
    with pytest.raises(AssertionError):
        test_a_command_line_of_the_docs_is_right("README.md", "veristone verifi x")


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_command_line_of_the_docs_is_right(page: str, line: str) -> None:
    command, words = resolve(shlex.split(line)[1:])
    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    for word in words:
        if re.match(r"--?[a-z]", word):
            assert word.partition("=")[0] in options, f"{page}: {line}"


def every_command(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = getattr(command, "commands", {})
    return [path] * bool(path) + [
        each for name, sub in inner.items() for each in every_command(sub, (*path, name))
    ]


def test_every_command_is_in_the_docs() -> None:
    text = " ".join(page.read_text() for page in PAGES)
    root: Any = typer.main.get_command(app)
    hidden = {name for name, command in root.commands.items() if command.hidden}
    missing = [
        " ".join(path)
        for path in every_command(root)
        if path[0] not in hidden and not re.search(rf"veristone {path[0]}\b", text)
    ]
    assert not missing


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))


def test_make_help_lists_every_target() -> None:
    shown = subprocess.check_output(["make", "help"], cwd=ROOT, text=True)
    assert {line.split()[1] for line in shown.splitlines()} == targets()


def test_ci_runs_every_target() -> None:
    ci = (ROOT / ".ci/run").read_text()
    run = set(re.findall(r"\bmake ([a-z-]+)|\btests ([a-z-]+) ", ci))
    names = {name for pair in run for name in pair if name}
    assert targets() - names == ELSEWHERE.keys()


def test_a_target_that_is_named_is_there() -> None:
    for page in PAGES:
        for name in re.findall(r"`make ([a-z-]+)", page.read_text()):
            assert name in targets(), f"{page.name}: make {name}"


@pytest.mark.parametrize(
    "name", ["verification", "languages", "service", "seeds", "synthesis", "selection"]
)
def test_benchmarks_can_be_asked_for(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is imported and tells its options; numbers are `make bench`'s to give."""
    monkeypatch.syspath_prepend(ROOT)
    benchmarks = importlib.import_module("benchmarks.__main__")
    with pytest.raises(SystemExit, match=r"^0$"):
        benchmarks.main([name, "--help"])
    assert "usage: " in capsys.readouterr().out


def test_the_map_names_files_that_are_there() -> None:
    """Each of docs/architecture.md's table; a bare name lies in the folder of the one before it."""
    text = (ROOT / "docs/architecture.md").read_text().partition("## Where a promise")[2]
    table = text.partition("\n## ")[0]
    for row in [line for line in table.splitlines() if line.startswith("| ")][2:]:
        folders = {ROOT}
        for name in re.findall(r"`([\w/.]+)`", row.split(" | ")[1]):
            found = [folder / name for folder in folders if (folder / name).exists()]
            assert found, f"{name} in: {row}"
            folders |= {*found[0].parents}
