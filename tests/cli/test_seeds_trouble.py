"""`veristone seeds` where the machine or the person makes trouble."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import veristone

RECIPE = '[[steps]]\nkind = "returns"\n[[steps]]\nkind = "arguments"\n'
CODE = '''\
def doubled(value):
    """Return twice the value."""
    return 2 * value


def shout():
    """Return a word."""
    return "HEY"
'''


def seeds(*arguments: object) -> subprocess.CompletedProcess[str]:
    return veristone("seeds", *arguments)


def without(package: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`veristone seeds` in a process that does not find a package."""
    program = f"import sys; sys.modules[{package!r}] = None\n"
    program += "from veristone.cli.main import main\nsys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, "seeds", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture
def arguments(tmp_path: Path) -> list[object]:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/a.py").write_text(CODE)
    (tmp_path / "corpus/empty.py").write_text("")
    (tmp_path / "r.toml").write_text(RECIPE)
    common = [tmp_path / "r.toml", "--source", tmp_path / "corpus", "--any-licence"]
    return [*common, "--processes", 1, "-o", tmp_path / "out"]


def explained(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("veristone: ")
    for word in words:
        assert word in last


def test_without_the_extra(arguments: list[object], tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(f'{RECIPE}[[steps]]\nkind = "near_duplicates"\n')
    for package in ("numpy", "jinja2", "tree_sitter"):
        explained(without(package, "run", *arguments), package, "pip install 'veristone[seeds]'")
    explained(without("tree_sitter", "report", tmp_path), "pip install 'veristone[seeds]'")


def test_what_was_left_out_is_told_on_the_terminal(arguments: list[object]) -> None:
    result = seeds("run", *arguments)
    assert result.returncode == 0, result.stderr
    assert "left out of corpus: empty 1" in result.stdout


def test_a_folder_below_a_file(arguments: list[object], tmp_path: Path) -> None:
    arguments[-1] = tmp_path / "r.toml/out"
    explained(seeds("run", *arguments), "Not a directory")
    arguments[-1] = tmp_path / "r.toml"
    explained(seeds("run", *arguments), "is a file")


def test_a_full_disk(
    arguments: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", fsync)
        explained(seeds("run", *arguments), "No space left on device", str(tmp_path))
    left = [path for path in (tmp_path / "out").rglob(".*") if path.name != ".lock"]
    assert left == []
    assert seeds("run", *arguments).returncode == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--limit", "0"], ["--limit"]),
        (["--stage", "argument"], ["--stage argument", "read", "returns", "mean 'arguments'"]),
    ],
)
def test_show_says_what_there_is(
    more: list[str], words: list[str], arguments: list[object], tmp_path: Path
) -> None:
    assert seeds("run", *arguments, "--quiet").returncode == 0
    explained(veristone("show", tmp_path / "out", *more), *words)
    shown = veristone("show", tmp_path / "out", "--step", "arguments")
    assert "no_arguments" in shown.stdout
    assert "1 of 1" in shown.stderr
    assert os.linesep + "   def shout():" in shown.stdout
