"""The set-up scripts and the locks: what a fresh machine meets first."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted([*ROOT.glob("scripts/*.sh"), ROOT / ".ci/run"])
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-base.lock"]


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9_.-]", each)[0].lower() for each in requirements}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout, its environment up to date, with a `veristone` that echoes its arguments."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    (programs / "activate").write_text(f"VIRTUAL_ENV={tmp_path.resolve()}/.venv\n")
    (programs / "veristone").write_text('#!/bin/sh\necho "veristone $*"\n')
    (programs / "veristone").chmod(0o755)
    (tmp_path / "examples").mkdir()
    asks = 'import sys\nprint("over HTTP:", *sys.argv[1:])\n'
    (tmp_path / "examples/over_http.py").write_text(asks)
    stamp = "source scripts/lib.sh; environment_stamp >.venv/veristone-stamp"
    subprocess.run(["bash", "-c", stamp], cwd=tmp_path, check=True)
    return tmp_path


def run(checkout: Path, command: list[str], **programs: str) -> subprocess.CompletedProcess[str]:
    """Run a command with stand-ins for programs (name to shell text) and no Docker daemon."""
    path = checkout / "path"
    path.mkdir()
    for name, text in programs.items():
        (path / name).write_text(f"#!/bin/sh\n{text}\n")
        (path / name).chmod(0o755)
    environment = os.environ | {
        "PATH": f"{path}:{os.environ['PATH']}",
        "DOCKER_HOST": f"unix://{checkout}/nobody.sock",
    }
    return subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_sound(script: Path) -> None:
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert os.access(script, os.X_OK) == (script.name != "lib.sh")
    if shutil.which("shellcheck"):
        found = subprocess.run(
            ["shellcheck", "-x", script], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_is_hashed_and_names_no_place(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"://|@ |^-", text, re.MULTILINE)
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in entry


def test_locks_cover_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    base = names(project["project"]["dependencies"] + project["build-system"]["requires"])
    assert base <= pins(LOCKS[1]).keys()
    assert base | names(project["dependency-groups"]["dev"]) <= pins(LOCKS[0]).keys()


def test_locks_agree() -> None:
    assert pins(LOCKS[1]).items() <= pins(LOCKS[0]).items()


def test_demo_without_docker_uses_bubblewrap(checkout: Path) -> None:
    done = run(checkout, ["bash", "scripts/demo.sh"], bwrap="exit 0", docker="exit 1")
    assert done.returncode == 0, done.stderr
    assert "veristone demo --backend bubblewrap" in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1].startswith("over HTTP: --backend bubblewrap")


def test_demo_stops_where_bubblewrap_is_forbidden(checkout: Path) -> None:
    done = run(checkout, ["bash", "scripts/demo.sh"], bwrap="exit 1", docker="exit 1")
    assert done.returncode == 1
    assert "user namespaces" in done.stderr
    assert "veristone demo" not in done.stdout


def test_step_is_quiet_until_it_fails(checkout: Path) -> None:
    script = "source scripts/lib.sh; step good echo secret; step bad sh -c 'echo why; exit 7'"
    done = run(checkout, ["bash", "-c", script])
    assert done.returncode == 7
    assert "secret" not in done.stdout
    assert "why" in done.stderr


def test_an_older_python_is_named(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    old = 'test "$1" = --version && echo Python 3.9.2'
    pythons = {"python3": old} | {f"python3.{minor}": old for minor in (11, 12, 13, 14)}
    done = run(checkout, ["bash", "scripts/env.sh"], **pythons)
    assert done.returncode == 1
    assert "found: Python 3.9.2" in done.stderr
