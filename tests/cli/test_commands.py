"""The other subcommands, run as people run them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from veristone.cli.demo import samples

from veristone import __version__
from veristone.engine.languages import installed

COMMAND = str(Path(sys.executable).parent / "veristone")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"COLUMNS": "200"} | environment,
    )


def test_version() -> None:
    assert run("--version").stdout == f"veristone {__version__}\n"


def test_no_command_is_an_error_that_shows_the_commands() -> None:
    result = run()
    assert result.returncode == 2
    assert "usage: veristone" in result.stderr


@pytest.mark.parametrize("command", ["verify", "eval", "doctor", "images", "demo"])
def test_every_command_explains_itself(command: str) -> None:
    result = run(command, "--help")
    assert result.returncode == 0
    assert result.stdout.startswith(f"usage: veristone {command}")


@pytest.mark.bubblewrap
@pytest.mark.slow
def test_the_demo_gets_the_verdicts_that_it_expects() -> None:
    result = run("demo", "--backend", "bubblewrap")
    assert result.returncode == 0, result.stdout + result.stderr
    for sample, reason in samples():
        assert any(
            sample.id in line and str(reason) in line for line in result.stdout.splitlines()
        ), sample.id
    assert "isolation: bubblewrap" in result.stdout


@pytest.mark.bubblewrap
@pytest.mark.slow
def test_doctor_tries_what_it_says() -> None:
    result = run("doctor", "--backend", "bubblewrap")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Samples can be judged here with: bubblewrap" in result.stdout
    for subject in ("stops endless loops", "bounds memory", "refuses dangerous calls"):
        (line,) = [each for each in result.stdout.splitlines() if subject in each]
        assert line.strip().startswith("ok")
    assert " no  " not in result.stdout


def test_doctor_says_what_to_do_where_nothing_works(tmp_path: Path) -> None:
    result = run("doctor", DOCKER_HOST=f"unix://{tmp_path}/nobody.sock", PATH=str(tmp_path))
    assert result.returncode == 1
    assert "No back end is sound here" in result.stdout
    assert "apt-get install bubblewrap" in result.stdout
    assert "DOCKER_HOST" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_verify_says_what_to_do_where_nothing_works(tmp_path: Path) -> None:
    result = run("verify", "-", DOCKER_HOST=f"unix://{tmp_path}/nobody.sock", PATH=str(tmp_path))
    assert result.returncode == 2
    assert "never run without" in result.stderr
    assert "veristone doctor" in result.stderr


@pytest.mark.docker
def test_images_are_listed() -> None:
    result = run("images", "list")
    assert result.returncode == 0, result.stderr
    for language in installed().values():
        assert language.image() in result.stdout


def test_images_without_a_daemon(tmp_path: Path) -> None:
    result = run("images", "list", DOCKER_HOST=f"unix://{tmp_path}/nobody.sock")
    assert result.returncode == 2
    assert "no daemon answers" in result.stderr


@pytest.mark.bubblewrap
def test_the_selftests_of_a_language_pass() -> None:
    result = run("images", "test", "python", "--backend", "bubblewrap")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("ok  ") >= 3
    assert "FAIL" not in result.stdout


def test_python_dash_m_is_the_command() -> None:
    command = [sys.executable, "-m", "veristone", "--version"]
    assert subprocess.check_output(command, text=True) == f"veristone {__version__}\n"
