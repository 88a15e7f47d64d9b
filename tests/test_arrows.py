"""Which room may import what, read from the source and tried in a fresh interpreter."""

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {"veristone", "engine", "generators", "training", "sandbox_images", "tests", "benchmarks"}
HEAVY = {
    "docker",
    "torch",
    "numpy",
    "requests",
    "rich",
    "pydantic",
    "asyncio_pool",
    "httpx",
    "jinja2",
}
PRIVATE = re.compile(r"veristone\._(?!_version__)")


def files(room: str) -> list[Path]:
    """The modules of a room; the programs of the selftests are samples, some on purpose broken."""
    found = (ROOT / room).rglob("*.py")
    return sorted(p for p in found if not {"__pycache__", "selftest"} & set(p.parts))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; relative ones by their full name."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def names(room: str, exclude: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """Imported modules and the files of `room` that import them."""
    found: dict[str, set[str]] = {}
    for path in files(room):
        where = str(path.relative_to(ROOT))
        if not where.startswith(exclude or "\0"):
            for name in imports(path):
                found.setdefault(name, set()).add(where)
    return found


def top(name: str) -> str:
    return name.partition(".")[0]


def test_the_reader_of_imports_reads_them(tmp_path: Path) -> None:
    """The tests below can fail."""
    assert "engine.judge.values" in names("engine")
    assert "docker" in names("engine")
    assert "engine" in names("veristone")  # the command
    assert "sandbox_images.warden.child" in names("sandbox_images")


def test_veristone_imports_nothing_of_ours_and_nothing_heavy() -> None:
    wrong = {
        name: where
        for name, where in names(
            "veristone", exclude=("veristone/cli/", "veristone/__main__")
        ).items()
        if top(name) in (ROOMS - {"veristone"}) | HEAVY
    }
    assert not wrong


def test_the_engine_knows_the_wire_of_the_warden_and_no_more() -> None:
    allowed = ("frames", "values", "record")
    for name, where in names("engine").items():
        if top(name) == "sandbox_images":
            parts = name.split(".")
            fine = parts[:2] != ["sandbox_images", "warden"] or len(parts) == 2
            assert fine or parts[2] in allowed, (name, where)
        assert top(name) not in ROOMS - {"engine", "veristone", "sandbox_images"}, (name, where)
        assert not name.startswith("veristone.cli"), (name, where)


def test_the_engine_imports_of_veristone_only_what_is_public() -> None:
    for name, where in names("engine").items():
        assert not PRIVATE.match(name), (name, where)


def test_sandboxes_need_the_standard_library_alone() -> None:
    for name, where in names("sandbox_images").items():
        known = top(name) in sys.stdlib_module_names or top(name) == "sandbox_images"
        # Arrays are built where there is numpy, by a function that is called for arrays alone.
        assert known or (name, where) == ("numpy", {"sandbox_images/warden/values.py"}), where


@pytest.mark.parametrize("path", files("sandbox_images/warden"), ids=lambda path: path.name)
def test_the_warden_is_python_3_9(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 9))
    for node in ast.walk(tree):
        # What the grammar of 3.9 has no word for and `feature_version` lets through.
        assert not isinstance(node, ast.Match | ast.TryStar), (path, node.lineno)


def old_python() -> str | None:
    for name in ("python3.9", "/usr/bin/python3.9"):
        program = shutil.which(name)
        if (
            program
            and not subprocess.run(
                [program, "-c", "import sys; sys.exit(sys.version_info[:2] != (3, 9))"],
                capture_output=True,
                check=False,
            ).returncode
        ):
            return program
    found = sorted(Path.home().glob(".pyenv/versions/3.9*/bin/python"))
    return str(found[-1]) if found else None


def test_the_warden_is_loaded_by_a_real_python_3_9(tmp_path: Path) -> None:
    program = old_python()
    if program is None:
        pytest.skip("no Python 3.9 here")
    shutil.copytree(
        ROOT / "sandbox_images/warden",
        tmp_path / "warden",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    modules = [f"warden.{p.stem}" for p in (tmp_path / "warden").glob("*.py") if p.stem[0] != "_"]
    code = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)"
    for command in (["-m", "compileall", "-q", "warden"], ["-W", "error", "-c", code]):
        result = subprocess.run(
            [program, *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("room", ["training", "generators"])
def test_producers_and_consumers_know_veristone_alone(room: str) -> None:
    if not (ROOT / room).is_dir():
        pytest.skip(f"there is no {room}/ yet")
    for name, where in names(room).items():
        assert top(name) not in ROOMS - {room, "veristone"}, (name, where)
        assert not name.startswith("veristone.cli"), (name, where)
        assert not PRIVATE.match(name), (name, where)


def loaded_by(statement: str) -> set[str]:
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    output = subprocess.check_output([sys.executable, "-I", "-c", code], text=True, cwd="/")
    return set(json.loads(output))


def test_importing_veristone_is_light() -> None:
    loaded = loaded_by("import veristone")
    assert "veristone.sample" in loaded
    assert not {top(name) for name in loaded} & (HEAVY | (ROOMS - {"veristone"}))


def test_the_command_loads_heavy_parts_only_when_they_are_needed() -> None:
    loaded = loaded_by("import veristone.cli.main")
    assert not {top(name) for name in loaded} & (HEAVY | (ROOMS - {"veristone"}))


def test_nothing_of_ours_is_on_the_path_of_a_program_that_imports_veristone() -> None:
    """Editable installs apart, where the whole tree is."""
    code = "import sys; before = list(sys.path); import veristone; assert sys.path == before"
    subprocess.run([sys.executable, "-I", "-c", code], check=True, cwd="/")
