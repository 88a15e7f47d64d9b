"""`veristone generate` and `veristone show` as a person uses them."""

import asyncio
import contextlib
import json
import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from command_line import veristone
from generate_recordings import RECIPE, begin, files, generate, make

from veristone.cli.main import main
from veristone.generators.synthesis.pipeline.folder import ATTEMPTS, find

pytestmark = pytest.mark.bubblewrap
COUNT = 24
_RUN = ["run", RECIPE, "-o", "OUT", "--input", "SEEDS"]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make(tmp_path_factory.mktemp("recorded"), COUNT)


@pytest.fixture(scope="module")
def done(recorded: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("done") / "run"
    result = generate("run", RECIPE, *whole(recorded), "-o", folder)
    assert result.returncode == 0, result.stderr
    assert "verdicts" in result.stdout
    assert "responses.jsonl" in result.stdout
    assert re.search(r"strength: 0 suites .* took [\d,]+ further runs and .* CPU", result.stdout)
    return folder


def whole(recorded: tuple[Path, Path]) -> list[object]:
    seeds, recording = recorded
    return ["--input", seeds, "--model", f"replay:{recording}", "--backend", "bubblewrap"]


def test_everything_at_once(done: Path) -> None:
    counts = json.loads((done / "counts.json").read_text())
    assert counts["finished"] is True
    stages = {stage["stage"]: stage for stage in counts["stages"]}
    assert stages["concepts"]["given"] == COUNT
    assert stages["concepts"]["kept"] + sum(stages["concepts"]["refused"].values()) == COUNT
    assert stages["responses"]["kept"] == stages["verify"]["given"]
    responses = [json.loads(line) for line in (done / "responses.jsonl").read_text().splitlines()]
    assert len(responses) == stages["verify"]["kept"] > COUNT
    decisions = Counter(response["verdict"]["decision"] for response in responses)
    assert decisions["pass"] > decisions["fail"] > 0
    assert "usage" not in responses[0]["verdict"]
    passed = [one["verdict"] for one in responses if one["verdict"]["decision"] == "pass"]
    assert not any(one["strength"]["vacuous"] for one in passed)
    assert {one["strength"].get("cpu_s", 0) for one in passed} == {0}
    assert stages["verify"]["vacuous"] == 0
    verdicts = [json.loads(line) for line in (done / "verdicts.jsonl").read_text().splitlines()]
    assert [one["id"] for one in verdicts] == [one["id"] for one in responses]
    assert all(one["usage"]["cpu_s"] > 0 for one in verdicts)
    assert (done / "dead.jsonl").read_bytes() == b""


def test_again_nothing_is_left_to_do(done: Path, recorded: tuple[Path, Path]) -> None:
    before = files(done)
    result = generate("run", RECIPE, *whole(recorded), "-o", done, "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert files(done) == before


def test_in_processes_of_ones_own(done: Path, recorded: tuple[Path, Path], tmp_path: Path) -> None:
    """Each stage on its own, the last twice, all at the same time."""
    folder = tmp_path / "run"
    seeds, recording = recorded
    started = generate("start", RECIPE, "--input", seeds, "-o", folder)
    assert started.returncode == 0, started.stderr
    assert f"{COUNT} new records" in started.stdout
    assert "concepts, instructions, responses, verify" in started.stdout
    asking = ["--model", f"replay:{recording}", "--quiet"]
    judging = ["--backend", "bubblewrap", "--sandboxes", 1, "--quiet"]
    workers = [
        begin("verify", folder, *judging),
        begin("verify", folder, *judging),
        begin("work", folder, "responses", *asking, "--in-flight", 3),
        begin("work", folder, "instructions", *asking),
        begin("work", folder, "concepts", *asking),
        begin("work", folder, "concepts", "responses", *asking),
    ]
    for worker in workers:
        _, errors = worker.communicate(timeout=100)
        assert (worker.returncode, errors) == (0, b"")
    status = generate("status", folder)
    assert status.returncode == 0
    assert "verify" in status.stdout
    exported = generate("export", folder)
    assert exported.returncode == 0, exported.stderr
    assert files(folder) == files(done)


def recorded_ids(path: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(path)) as base:
        return {id for (id,) in base.execute("SELECT id FROM recorded")}


def test_what_is_recorded_can_be_replayed(
    done: Path, recorded: tuple[Path, Path], tmp_path: Path
) -> None:
    seeds, recording = recorded
    folder, again = tmp_path / "run", tmp_path / "again.sqlite"
    generate("start", RECIPE, "--input", seeds, "-o", folder)
    assert (
        generate("work", folder, "--model", f"replay:{recording}", "--record", again).returncode
        == 0
    )
    assert recorded_ids(again) == recorded_ids(recording)


@pytest.mark.slow
def test_what_failed_for_good_is_told_and_tried_again(
    done: Path, recorded: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    generate("start", RECIPE, "--input", recorded[0], "-o", folder)
    nothing = generate("retry", folder)
    assert (nothing.returncode, nothing.stdout) == (0, "nothing had failed for good\n")

    async def fail_one() -> None:
        async with find(folder).open() as chain:
            queue = chain.queues["concepts"]
            for _ in range(ATTEMPTS):
                (lease,) = await queue.lease(1, 60)
                await queue.nack(lease.token, reason="ModelUnavailable: away", delay_s=0)

    asyncio.run(fail_one())
    assert generate("status", folder).returncode == 1
    result = generate("run", RECIPE, *whole(recorded), "-o", folder)
    assert result.returncode == 1
    assert "1 record(s) failed for good (see dead.jsonl)" in result.stderr
    assert "ModelUnavailable: away" in (folder / "dead.jsonl").read_text()
    assert "concepts: 1 put back" in generate("retry", folder).stdout
    assert generate("run", RECIPE, *whole(recorded), "-o", folder, "--quiet").returncode == 0
    assert files(folder) == files(done)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], ["verify · python", "instruction:", "response:", "tests:", "assert scaled"]),
        (["--stage", "concepts"], ["seed:", "concepts: arithmetic"]),
        (["--stage", "instructions"], ["instruction:", "Write a function"]),
        (["--stage", "responses"], ["def scaled(x)"]),
        (["--decision", "fail"], ["fail: assertion_failed", "of 2 tests"]),
        (["--decision", "pass"], ["pass: passed, 2 of 2 tests"]),
        (["--reason", "assertion_failed"], ["assertion_failed"]),
        (["--reason", "empty"], ["refused: empty"]),
        (["--stage", "responses", "--reason", "wrong_format"], ["the model wrote:"]),
    ],
)
def test_reading_what_a_run_made(
    options: list[str], words: list[str], done: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(done), *options]) == 0
    shown = capsys.readouterr()
    for word in words:
        assert word in shown.out
    count = shown.out.count("── ")
    assert 0 < count <= 20
    assert shown.err.startswith(f"{count} of ")
    assert "\x1b" not in shown.out
    assert main(["show", str(done), *options]) == 0
    assert capsys.readouterr().out == shown.out


def test_reading_a_run_at_work(done: Path, recorded: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    seeds, recording = recorded
    generate("start", RECIPE, "--input", seeds, "-o", folder)
    assert veristone("show", folder).stderr == "0 of 0\n"
    generate("work", folder, "concepts", "--model", f"replay:{recording}", "--quiet")
    assert "concepts · python" in veristone("show", folder).stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", RECIPE, "-o", "OUT", "--model", "replay:REC"], "--input"),
        (["run", RECIPE, "-o", "OUT", "--input", "SEEDS"], "--model"),
        (["run", RECIPE, "-o", "OUT", "--input", "SEEDS", "--model", "gpt"], "no model"),
        (["run", RECIPE, "-o", "OUT", "--input", "SEEDS", "--model", "replay:no"], "no"),
        (["run", "no-recipe", "-o", "OUT", "--input", "SEEDS", "--model", "replay:REC"], "recipe"),
        (["run", RECIPE, "-o", "OUT", "--input", "none", "--model", "replay:REC"], "none"),
        (
            ["run", RECIPE, "-o", "SEEDS", "--input", "SEEDS", "--model", "replay:REC"],
            "is a file: name a folder",
        ),
        (
            [*_RUN, "--model", "replay:REC", "--verifiers", "0"],
            "--verifiers",
        ),
        (
            [*_RUN, "--model", "replay:REC", "--in-flight", "0"],
            "--in-flight",
        ),
        (["start", RECIPE, "-o", "OUT", "--input", "SEEDS", "--queues", "x"], "Redis"),
        (["start", RECIPE, "-o", "FOREIGN", "--input", "SEEDS"], "not ours"),
        (["start", "solutions", "-o", "DONE", "--input", "TASKS"], "another recipe"),
        (["work", "DONE", "nothing", "--model", "replay:REC"], "no stage 'nothing'"),
        (["status", "FOREIGN"], "no run of ours"),
        (["export", "OUT"], "no run of ours"),
    ],
)
def test_bad_input_is_explained(
    arguments: list[str],
    says: str,
    done: Path,
    recorded: tuple[Path, Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/responses.jsonl").write_text("mine\n")
    (tmp_path / "tasks.jsonl").write_text('{"id": "a", "prompt": "def f(x):\\n"}\n')
    places = {
        "OUT": tmp_path / "out",
        "DONE": done,
        "SEEDS": recorded[0],
        "replay:REC": f"replay:{recorded[1]}",
        "FOREIGN": tmp_path / "foreign",
        "TASKS": tmp_path / "tasks.jsonl",
    }
    status = main(["generate", *(str(places.get(word, word)) for word in arguments)])
    told = capfd.readouterr()
    assert status == 2, told.out
    assert told.err.splitlines()[-1].startswith("veristone: ")
    assert says in told.err
    assert "Traceback" not in told.err
    assert (tmp_path / "foreign/responses.jsonl").read_text() == "mine\n"
