"""`veristone seeds` with a judge, through HTTP, as a person uses it."""

import contextlib
import functools
import gzip
import json
import sqlite3
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from command_line import veristone
from judge_seeds import asked_about
from judge_server import JudgeServer

seeds = functools.partial(veristone, "seeds")
RECIPE = """
part_size = 5
[extract]
kind = "functions"
languages = ["python"]
[[steps]]
kind = "length"
[[steps]]
kind = "docstring_judge"
minimum = {minimum}
"""


def yes(prompt: str) -> float:
    """Long documentation is good documentation; halfway between 0 and 1 most are."""
    documentation = asked_about(prompt).partition("Its documentation:")[2]
    return min(len(documentation) / 1500, 1.0)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    library = Path(sysconfig.get_path("stdlib"))
    for name in ("bisect.py", "heapq.py", "textwrap.py", "shlex.py", "statistics.py"):
        (folder / name).write_bytes((library / name).read_bytes())
    return folder


def recipe(tmp_path: Path, minimum: float = 0.5) -> Path:
    path = tmp_path / f"judged-{minimum}.toml"
    path.write_text(RECIPE.replace("{minimum}", str(minimum)))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rejected(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(folder.glob("*-docstring_judge/rejected/*"))
        for line in gzip.decompress(path.read_bytes()).splitlines()
    ]


def judgements(folder: Path) -> dict[str, dict[str, Any]]:
    (path,) = (folder / "judgements").glob("*.sqlite")
    with contextlib.closing(sqlite3.connect(path)) as base:
        rows = [json.loads(row) for (row,) in base.execute("SELECT judgement FROM judgements")]
    return {row["seed"]: row for row in rows}


def test_a_run_with_a_judge_and_another_threshold_without_asking_again(
    corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    command = ["--source", corpus, "--any-licence", "-o", folder]
    with JudgeServer(yes) as server:
        done = seeds("run", recipe(tmp_path), *command, "--judge", server.address)
        assert done.returncode == 0, done.stderr
        kept, dropped, known = lines(folder / "seeds.jsonl"), rejected(folder), judgements(folder)
        assert len(kept) >= 5
        assert len(dropped) >= 5
        assert len(server.prompts) == 1 + len(kept) + len(dropped)
        assert set(known) == {seed["id"] for seed in kept} | {row["seed"]["id"] for row in dropped}
        for seed in kept:
            assert known[seed["id"]]["p_yes"] >= 0.5
            assert known[seed["id"]]["mass"] == pytest.approx(1.0)
        for row in dropped:
            said = known[row["seed"]["id"]]
            assert row["reason"] == "unclear_docstring"
            assert (
                f"{said['p_yes']:.3f} (log-probabilities: yes {said['logp_yes']:.3f}"
                in (row["detail"])
            )

        asked = len(server.prompts)
        other = seeds("run", recipe(tmp_path, 0.8), *command, "--judge", server.address)
        assert other.returncode == 2
        assert "--overwrite" in other.stderr
        other = seeds(
            "run", recipe(tmp_path, 0.8), *command, "--judge", server.address, "--overwrite"
        )
        assert other.returncode == 0, other.stderr
        assert len(server.prompts) == asked
        fewer = {seed["id"] for seed in lines(folder / "seeds.jsonl")}
        assert fewer == {id for id, said in known.items() if said["p_yes"] >= 0.8}
        assert 0 < len(fewer) < len(kept)


@pytest.mark.slow
@pytest.mark.timeout(300)  # three whole runs, on a machine that may have much else to do
def test_a_model_that_is_lost_in_the_middle(corpus: Path, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    command = ["--source", corpus, "--any-licence"]
    with JudgeServer(yes) as server:
        model = tmp_path / "model.toml"
        model.write_text(
            f'kind = "openai"\nbase_url = "{server.address}"\npatience_s = 2\nmax_in_flight = 2\n'
        )
        judged = ["run", recipe(tmp_path), *command, "--judge", model]
        assert seeds(*judged, "-o", whole).returncode == 0
        asked = len(server.prompts)

        server.prompts.clear()
        server.fails_after = 8
        lost = seeds(*judged, "-o", broken)
        assert lost.returncode == 2
        assert "when the model was lost" in lost.stderr
        assert "goes on from here" in lost.stderr
        assert "Traceback" not in lost.stderr
        assert not (broken / "seeds.jsonl").exists()

        server.fails_after = None
        done = seeds(*judged, "-o", broken)
        assert done.returncode == 0, done.stderr
        assert len(server.prompts) <= asked + 1 + 2  # another trial; two that were under way
        assert (broken / "seeds.jsonl").read_bytes() == (whole / "seeds.jsonl").read_bytes()
        assert judgements(broken) == judgements(whole)


def test_without_a_judge_seeds_stay_and_with_one_it_is_another_run(
    corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    command = ["run", recipe(tmp_path), "--source", corpus, "--any-licence", "-o", folder]
    done = seeds(*command)
    assert done.returncode == 0, done.stderr
    assert not rejected(folder)
    assert not (folder / "judgements").exists()
    with JudgeServer(yes) as server:
        refused = seeds(*command, "--judge", server.address)
        assert refused.returncode == 2
        assert "docstring_judge" in refused.stderr
        redone = seeds(*command, "--judge", server.address, "--overwrite")
    assert redone.returncode == 0, redone.stderr
    assert rejected(folder)


def test_a_server_without_log_probabilities_is_refused(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with JudgeServer(yes) as server:
        server.logprobs = False
        command = ["run", recipe(tmp_path), "--source", corpus, "--any-licence", "-o", folder]
        done = seeds(*command, "--judge", server.address)
    assert done.returncode == 2
    assert "cannot be a judge" in done.stderr
    assert "log-probabilities" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("gpt", "is no model"),
        ("ftp://x", "is no model"),
        ("nowhere.toml", "no such model file"),
        ("http://user:secret@x/v1", "api_key_env"),
    ],
)
def test_what_is_no_judge(words: str, message: str, corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    done = seeds(
        "run", recipe(tmp_path), "--source", corpus, "-o", folder, "--any-licence", "--judge", words
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "secret" not in done.stderr
    assert not folder.exists()


def test_a_recipe_without_the_step_has_nobody_to_ask(corpus: Path, tmp_path: Path) -> None:
    done = seeds(
        "run", "magicoder", "--source", corpus, "-o", tmp_path / "x", "--judge", "http://x/v1"
    )
    assert done.returncode == 2
    assert "no step 'docstring_judge'" in done.stderr


def test_the_built_in_recipe_has_one(tmp_path: Path) -> None:
    from veristone.generators.judge.late import judge_of, with_judge
    from veristone.generators.seeds.pipeline.recipe import Recipe, load_recipe
    from veristone.settings import checked

    found = with_judge(checked(Recipe, load_recipe("starcoder2"), "test"), "replay:answers.jsonl")
    # Understood in every folder.
    assert judge_of(found) == f"replay:{Path.cwd() / 'answers.jsonl'}"
