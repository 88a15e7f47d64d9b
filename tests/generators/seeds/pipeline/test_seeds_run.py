"""A run over real code: the same bytes however often it was interrupted."""

import asyncio
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from veristone import ConfigError
from veristone.files import only_one
from veristone.generators.seeds.pipeline.recipe import Recipe
from veristone.generators.seeds.pipeline.run import Progress, Run
from veristone.generators.seeds.pipeline.storage import StageFolder, read_seeds
from veristone.settings import checked

ROOT = Path(__file__).resolve().parents[4]
STEPS = ["exact_duplicates", "syntax", "length", "returns", "undefined", "near_duplicates"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    library = Path(sysconfig.get_path("stdlib"))
    for path in {*sorted(library.glob("*.py"))[::2], library / "heapq.py", library / "bisect.py"}:
        shutil.copy(path, folder)
    # The same file again, and one with a single changed line: duplicates of both kinds.
    shutil.copy(library / "heapq.py", folder / "zz_copy.py")
    text = (library / "bisect.py").read_text().replace("lo = mid + 1", "lo = 1 + mid")
    (folder / "zz_near.py").write_text(text)
    (folder / "zz_not_text.py").write_bytes(b"\xff\xfe\x00 def f(): pass")
    return folder


def settings(corpus: Path) -> dict[str, object]:
    return {
        "name": "test",
        "part_size": 10,
        "sources": [{"kind": "tree", "path": str(corpus), "part_files": 20, "licence": "PSF-2.0"}],
        "steps": [{"kind": kind} for kind in STEPS],
    }


def recipe(corpus: Path) -> Recipe:
    return checked(Recipe, settings(corpus), "test")


def digest(folder: Path) -> dict[str, str]:
    """Return the digests of every file that must not differ from run to run."""
    # Of a write that was killed a file may stay whose name begins with a dot.
    parts = [*folder.glob("*/kept/[0-9]*"), *folder.glob("*/rejected/[0-9]*")]
    files = sorted([*parts, folder / "seeds.jsonl"])
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    asyncio.run(Run(recipe(corpus), folder, processes=1).go())
    return folder


def test_what_comes_out(undisturbed: Path, corpus: Path) -> None:
    seeds = list(read_seeds(undisturbed / "seeds.jsonl"))
    assert len(seeds) > 20
    assert len({seed.id for seed in seeds}) == len(seeds)
    for seed in seeds:
        lines = (corpus / seed.provenance.path).read_text().splitlines()
        first, last = seed.provenance.start_line, seed.provenance.end_line
        assert seed.code.splitlines() == lines[first - 1 : last]
        assert '"""' in seed.code or "'''" in seed.code or seed.docstring


def test_the_funnel_adds_up(undisturbed: Path, corpus: Path) -> None:
    funnel = Run(recipe(corpus), undisturbed, processes=1).funnel()
    assert funnel.finished
    assert [step.step for step in funnel.steps] == STEPS
    given = sum(source.candidates for source in funnel.sources)
    for step in funnel.steps:
        assert step.given == given
        assert sum(step.reasons.values()) == step.given - step.kept
        assert set(step.rejected) == set(step.reasons)
        given = step.kept
    assert funnel.seeds == given == len(list(read_seeds(undisturbed / "seeds.jsonl")))
    assert sum(funnel.by_language.values()) == sum(funnel.lines.values()) == given
    assert sum(funnel.sources[0].reasons.values()) == 1
    by_kind = {step.step: step for step in funnel.steps}
    assert by_kind["exact_duplicates"].kept < by_kind["exact_duplicates"].given
    assert by_kind["near_duplicates"].kept < by_kind["near_duplicates"].given
    assert by_kind["undefined"].kept < by_kind["undefined"].given


def test_nothing_is_lost(undisturbed: Path, corpus: Path) -> None:
    """Every candidate is a seed or has a rejection that says why."""
    mined = StageFolder(undisturbed / "1-mine")
    candidates = [seed.id for n in mined.done() for seed in mined.seeds(n)]
    ends = [seed.id for seed in read_seeds(undisturbed / "seeds.jsonl")]
    for path in sorted(undisturbed.glob("[2-9]-*")):
        stage = StageFolder(path)
        for number in stage.done():
            for rejection in stage.rejections(number):
                assert rejection.reason
                assert rejection.seed is not None
                ends.append(rejection.seed.id)
    assert sorted(ends) == sorted(candidates)


@pytest.mark.slow
async def test_more_processes_give_the_same_bytes(
    undisturbed: Path, corpus: Path, tmp_path: Path
) -> None:
    await Run(recipe(corpus), tmp_path, processes=3).go()
    assert digest(tmp_path) == digest(undisturbed)


async def test_a_finished_run_does_nothing_more(undisturbed: Path, corpus: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in undisturbed.glob("*/*/*") if p.is_file()}
    await Run(recipe(corpus), undisturbed, processes=1).go()
    after = {p: p.stat().st_mtime_ns for p in undisturbed.glob("*/*/*") if p.is_file()}
    assert before == after


class Interrupt(Exception):
    pass


async def test_interrupted_at_every_part_it_ends_with_the_same_bytes(
    undisturbed: Path, corpus: Path, tmp_path: Path
) -> None:
    """Each run may finish one part more than the one before it."""
    runs = 0
    while True:
        begun = len(list(tmp_path.glob("[0-9]-*/stage.json")))
        # Each stage that has begun is reported once before its parts are.
        budget = iter(range(begun + 2))

        def stop(progress: Progress, budget: Iterator[int] = budget) -> None:
            if next(budget, None) is None:
                raise Interrupt

        try:
            await Run(recipe(corpus), tmp_path, processes=2, on_progress=stop).go()
        except Interrupt:
            runs += 1
            assert runs < 100
            continue
        break
    assert runs > 5
    assert digest(tmp_path) == digest(undisturbed)


@pytest.mark.slow
def test_killed_at_random_it_ends_with_the_same_bytes(
    undisturbed: Path, corpus: Path, tmp_path: Path
) -> None:
    """SIGKILL and SIGINT to the command itself, at any moment."""
    path = tmp_path / "recipe.json"
    folder = tmp_path / "run"
    lines = [f'name = "test"\npart_size = 10\n[[sources]]\nkind = "tree"\npath = "{corpus}"']
    lines.append('part_files = 20\nlicence = "PSF-2.0"')
    lines += [f'[[steps]]\nkind = "{kind}"' for kind in STEPS]
    path.write_text("\n".join(lines))
    command = [sys.executable, "-m", "veristone", "seeds", "run", str(path), "-o", str(folder)]
    draw = random.Random(5)
    kills = 0
    while True:
        done = len(list(folder.glob("*/counts/*.json"))) + draw.randint(2, 5)
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        # By what was written, not by the clock: every run gets somewhere, none gets to the end
        # before it is killed but the last.
        while process.poll() is None and len(list(folder.glob("*/counts/*.json"))) < done:
            time.sleep(0.01)
        if process.poll() is None:
            kills += 1
            process.send_signal(draw.choice([signal.SIGKILL, signal.SIGINT]))
        _, errors = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode in (-signal.SIGKILL, 130), errors.decode()
    assert kills > 2
    assert digest(folder) == digest(undisturbed)
    assert json.loads((folder / "funnel.json").read_text())["finished"]
    assert "<html" in (folder / "report.html").read_text()


async def test_other_settings_are_noticed_and_redone_only_when_asked(
    undisturbed: Path, corpus: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(undisturbed, folder)
    changed = settings(corpus)
    changed["steps"] = [
        {"kind": kind} | ({"max_lines": 20} if kind == "length" else {}) for kind in STEPS
    ]
    run = Run(checked(Recipe, changed, "test"), folder, processes=1)
    with pytest.raises(ConfigError, match=r"3-filters.*--overwrite"):
        await run.go()
    assert digest(folder) == digest(undisturbed)
    stale = run.stale()
    assert stale is not None
    mined = (folder / "1-mine/stage.json").stat().st_mtime_ns
    run.redo(stale)
    await run.go()
    assert (folder / "1-mine/stage.json").stat().st_mtime_ns == mined
    seeds = list(read_seeds(folder / "seeds.jsonl"))
    assert 0 < len(seeds) < len(list(read_seeds(undisturbed / "seeds.jsonl")))
    assert max(seed.code.count("\n") + 1 for seed in seeds) <= 20


async def test_two_processes_do_not_work_in_one_folder(corpus: Path, tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(ConfigError, match="another process"):
        await Run(recipe(corpus), tmp_path, processes=1).go()


async def test_sources_that_are_not_there(tmp_path: Path) -> None:
    wrong = checked(
        Recipe,
        {"sources": [{"kind": "tree", "path": str(tmp_path / "no"), "licences": "any"}]},
        "test",
    )
    with pytest.raises(ConfigError, match="no"):
        await Run(wrong, tmp_path / "run", processes=1).go()
    assert not [path for path in (tmp_path / "run").rglob("*") if path.suffix == ".json"]
    with pytest.raises(ConfigError, match="sources"):
        await Run(checked(Recipe, {}, "test"), tmp_path / "run", processes=1).go()


def test_a_run_leaves_no_process_behind(undisturbed: Path) -> None:
    time.sleep(0.2)
    ours = {
        pid
        for pid in os.listdir("/proc")
        if pid.isdigit() and f"PPid:\t{os.getpid()}\n" in _status(pid) and "spawn" in _command(pid)
    }
    assert not {pid for pid in ours if "resource_tracker" not in _command(pid)}


def _status(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


def _command(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


async def test_seeds_that_passed_unjudged_are_counted(corpus: Path, tmp_path: Path) -> None:
    changed = settings(corpus)
    changed["steps"] = [{"kind": "length"}, {"kind": "docstring_judge"}]
    run = Run(checked(Recipe, changed, "test"), tmp_path, processes=1)
    funnel = await run.go()
    assert funnel.steps[1].unjudged == {"no_judge": funnel.seeds}
    assert funnel.seeds > 0
