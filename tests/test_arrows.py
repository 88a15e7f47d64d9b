"""Which room may import what, read from the source and tried in a fresh interpreter."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = {
    "audit",
    "engine",
    "service",
    "integrations",
    "sandbox_images",
    "generators",
    "training",
    "loop",
    "cli",
}
"""The rooms: folders at the top of the repository, linked into the package `veristone`."""
HEAVY = {
    "asyncio_pool",
    "docker",
    "httpx",
    "httpx2",
    "jinja2",
    "litestar",
    "numpy",
    "openai",
    "pydantic",
    "requests",
    "rich",
    "torch",
    "typer",
}


def files(room: str) -> list[Path]:
    """The modules of a room; selftests and programs are samples, some on purpose broken.

    `veristone` is what lies in the package itself; links are not followed.
    """
    found = (ROOT / room).rglob("*.py")
    return sorted(p for p in found if not {"__pycache__", "selftest", "programs"} & set(p.parts))


def module(path: Path) -> tuple[str, ...]:
    """The package that a file is in, as it is imported."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    return ("veristone", *package) if package[0] in ROOMS else package


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; relative ones by their full name."""
    package = module(path)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)


def names(room: str) -> dict[str, set[str]]:
    """Imported modules and the files of `room` that import them."""
    found: dict[str, set[str]] = {}
    for path in files(room):
        for name in imports(path):
            found.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    return found


def room(name: str) -> str:
    """The room that a name belongs to: `veristone` is what all may use, "" what is not ours."""
    top, _, rest = name.partition(".")
    if top != "veristone":
        return ""
    if f"{rest}.".startswith("generators.code."):
        return "generators.code"  # a floor of its own, which training may use too
    inner = rest.partition(".")[0]
    return inner if inner in ROOMS else "veristone"


def top(name: str) -> str:
    return name.partition(".")[0]


def rooms_of(where: str) -> dict[str, set[str]]:
    """The rooms that `where` imports, and from which of its files."""
    found: dict[str, set[str]] = {}
    for name, users in names(where).items():
        if room(name):
            found.setdefault(room(name), set()).update(users)
    return found


def test_every_room_is_a_link_in_the_package() -> None:
    for name in ROOMS | {"recipes"}:
        assert (ROOT / "veristone" / name).is_symlink(), name
        assert (ROOT / "veristone" / name).resolve() == ROOT / name


def test_the_reader_of_imports_reads_them() -> None:
    """The tests below can fail."""
    assert "veristone.engine.judge.values" in names("engine")
    assert "docker" in names("engine")
    assert "engine" in rooms_of("cli")
    assert "veristone.sandbox_images.warden.child" in names("sandbox_images")


@pytest.mark.parametrize("where", ["veristone", "benchmarks", "examples", "tests", *sorted(ROOMS)])
def test_a_room_is_imported_by_its_full_name(where: str) -> None:
    """`import engine` works only for who stands in the checkout."""
    for name, users in names(where).items():
        assert top(name) not in ROOMS, (name, users)


@pytest.mark.parametrize(
    ("where", "allowed"),
    [
        ("veristone", set()),
        ("engine", {"sandbox_images", "generators.code"}),
        ("service", {"engine", "generators.code"}),
        ("integrations", {"generators.code"}),
        ("sandbox_images", set()),
        ("generators/code", {"generators.code"}),
        ("generators", {"generators.code"}),
        ("training", {"generators.code"}),
        ("audit", {"generators.code", "generators", "training"}),
        ("loop", {"generators.code", "generators", "training"}),
        (
            "cli",
            {
                "audit",
                "engine",
                "service",
                "sandbox_images",
                "generators.code",
                "generators",
                "training",
                "loop",
            },
        ),
    ],
)
def test_a_room_imports_only_what_lies_below_it(where: str, allowed: set[str]) -> None:
    found = rooms_of(where)
    # `python -m veristone` is the command.
    found = {name: users - {"veristone/__main__.py"} for name, users in found.items()}
    wrong = {n: u for n, u in found.items() if u and n not in allowed | {where, "veristone"}}
    assert not wrong


def test_veristone_imports_nothing_heavy() -> None:
    wrong = {name: users for name, users in names("veristone").items() if top(name) in HEAVY}
    # The client of a service is imported when it is asked for.
    assert {user.rpartition("/")[0] for user in wrong.pop("httpx")} == {"veristone/client"}
    assert not wrong


def test_the_engine_knows_the_wire_of_the_warden_and_no_more() -> None:
    allowed = ("frames", "values", "record")
    for name, where in names("engine").items():
        parts = name.split(".")
        if parts[:3] == ["veristone", "sandbox_images", "warden"] and len(parts) > 3:
            assert parts[3] in allowed, (name, where)


_OF_OTHER_VERSIONS = {"_sha2", "_sha256"}
"""Of the standard library from Python 3.12 on, and before."""
# Arrays are built where there is numpy, and pytest collects where it is: for who uses them alone.
_AT_HAND = {
    "numpy": {f"sandbox_images/warden/{name}values.py" for name in ("", "split/")},
    "pytest": {"sandbox_images/warden/collected.py"},
}


def test_sandboxes_need_the_standard_library_alone() -> None:
    for name, where in names("sandbox_images").items():
        standard = sys.stdlib_module_names | _OF_OTHER_VERSIONS
        known = top(name) in standard or room(name) == "sandbox_images"
        assert known or where <= _AT_HAND.get(name, set()), where


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


def loaded_by(statement: str) -> set[str]:
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    output = subprocess.check_output([sys.executable, "-I", "-c", code], text=True, cwd="/")
    return set(json.loads(output))


def test_importing_veristone_is_light() -> None:
    loaded = loaded_by("import veristone")
    assert "veristone.sample" in loaded
    assert not {top(name) for name in loaded} & HEAVY
    assert not {room(name) for name in loaded} & ROOMS


def test_the_command_loads_heavy_parts_only_when_they_are_needed() -> None:
    loaded = loaded_by("import veristone.cli.main")
    assert not {top(name) for name in loaded} & (HEAVY - {"typer", "rich"})
    assert not {room(name) for name in loaded} & (ROOMS - {"cli"})


def test_only_veristone_is_visible_to_other_programs() -> None:
    """In an editable install, which is what this environment has; CI looks at the wheel, too."""
    code = """
import importlib.util, sys
before = list(sys.path)
import veristone
assert sys.path == before
print([n for n in ("engine", "generators", "training", "loop", "cli", "sandbox_images")
       if importlib.util.find_spec(n)])
"""
    found = subprocess.check_output([sys.executable, "-I", "-c", code], text=True, cwd="/")
    assert found.strip() == "[]"
