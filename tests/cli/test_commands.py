"""The other subcommands, run as people run them."""

import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from veristone import __version__
from veristone.cli.main import app, main
from veristone.engine.demo import samples
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
    assert "verify" in result.stdout
    assert result.stderr.startswith("veristone: give a command")


def commands() -> list[list[str]]:
    """Every command, and every action of one."""
    found: list[list[str]] = []
    root: Any = get_command(app)
    for name, command in root.commands.items():
        found += [[name], *([name, action] for action in getattr(command, "commands", ()))]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_explains_itself(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"veristone {' '.join(words)}" in shown
    options = {option: one for one in _options(words) for option in one.opts}
    # One way to say things: the same option, wherever it is, has the same short form.
    if "--output" in options:
        assert "-o" in options["--output"].opts
    assert not {"--redo", "--force", "--random-seed"} & options.keys()


def _options(words: list[str]) -> list[Any]:
    command: Any = get_command(app)
    for word in words:
        command = command.commands[word]
    return command.params


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verfy"], "Did you mean 'verify'"),
        (["seeds", "show", "x"], "did you mean `veristone show`"),
        (["run"], "`veristone seeds run` or `veristone generate run`"),
        (["verify", "s", "--bakend", "docker"], "--backend"),
        (["verify"], "missing argument 'FILE'"),
        (["verify", "."], "is a folder"),
        (["verify", "nowhere.jsonl"], "nowhere.jsonl: No such file"),
        (["verify", "x", "--backend", "podman"], "'bubblewrap'"),
        (["verify", "x", "--resume", "--overwrite"], "give one of them"),
        (["eval", "human-eval", "--dataset", "x"], "did you mean 'humaneval'?"),
        (["seeds", "run", "starcoder", "-o", "x"], "did you mean 'starcoder2'?"),
        (["select", "strng", "x", "-o", "y"], "did you mean 'strong'?"),
        (["train", "tinny", "-o", "x"], "did you mean 'tiny'?"),
        (["align", "tiny-lop", "-o", "x"], "did you mean 'tiny-loop'?"),
        (["train", "tiny", "-o", "x", "--set", "epoch=2"], "did you mean 'epochs'?"),
        (["show", "nowhere"], "no run of"),
        (["images", "build", "pyton"], "did you mean 'python'?"),
        (["verify", "x", "--config", "."], "is a folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_likely_mistake_is_answered_with_its_mend(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    told = capsys.readouterr().err
    assert told.startswith("veristone: ")
    assert told.count("\n") == 1
    assert said in told


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"code": "x"}]', "jq -c '.[]' "),
        (b'{\n  "code": "x"\n}\n', "jq -c . "),
        (gzip.compress(b'{"code": "x"}\n'), "compressed: zcat"),
        (bytes.fromhex("28b52ffd2011890000"), "compressed: zstdcat "),
        ('{"code": "x"}\n'.encode("utf-16"), "iconv -f UTF-16 "),
    ],
)
def test_what_is_no_json_lines_is_told_with_what_makes_it_so(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "samples"
    path.write_bytes(content)
    out = ["-o", str(tmp_path / "out"), "--backend", "bubblewrap", "--sandboxes", "1"]
    assert main(["verify", str(path), *out]) == 2
    assert f"{path}: one sample a line is expected" in (told := capsys.readouterr().err)
    assert said in told


def test_a_wrong_setting_is_told_with_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "engine.toml"
    path.write_text("sandbox = 2\n")
    assert main(["verify", "x", "--config", str(path)]) == 2
    assert f"{path}: sandbox: there is no such setting" in capsys.readouterr().err


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
    # There are no images of bubblewrap's, and no such option.
    assert "bubblewrap" not in result.stderr


@pytest.mark.bubblewrap
def test_the_selftests_of_a_language_pass() -> None:
    result = run("images", "test", "python", "--backend", "bubblewrap")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("ok  ") >= 3
    assert "FAIL" not in result.stdout


def test_python_dash_m_is_the_command() -> None:
    command = [sys.executable, "-m", "veristone", "--version"]
    assert subprocess.check_output(command, text=True) == f"veristone {__version__}\n"
