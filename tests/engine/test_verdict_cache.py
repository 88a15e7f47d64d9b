"""Verdicts that are kept: which, for how long, and for whom."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from veristone import (
    Checker,
    Decision,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    SandboxFailure,
    StdioCase,
    StdioCheck,
    Verdict,
)
from veristone.engine import Engine, EngineConfig, verdict_cache
from veristone.engine.backends.fake import Answer, FakeBackend, report
from veristone.engine.jobs import Job

RIGHT = Sample(code="right", check=ProgramCheck(stdout="1"))
PRINTS = report(stdout="1")


async def judged(
    file: Path | None, *samples: Sample, answer: Answer | Callable[[Job], Any] = PRINTS, **more: Any
) -> tuple[list[Verdict], int]:
    """Return an engine's verdicts on samples, one after another, and how many runs it took."""
    backend = FakeBackend(answer if callable(answer) else lambda job: answer)
    config = EngineConfig(sandboxes=1, cache=file, **more)
    async with Engine(config, backend=backend) as engine:
        return [await engine.verify(sample) for sample in samples], len(backend.jobs)


async def test_an_equal_sample_is_judged_once(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "verdicts.sqlite"
    (first, second), runs = await judged(file, RIGHT, RIGHT)
    assert (runs, first.cached, second.cached) == (1, False, True)
    other = msgspec.structs.replace(RIGHT, id="other", metadata={"x": 1})
    (again,), runs = await judged(file, other)
    assert (runs, again.cached, again.id) == (0, True, "other")
    kept = msgspec.structs.replace(again, id=first.id, cached=False)
    assert kept == first, "all else is as it was"


async def test_nothing_is_kept_unasked(tmp_path: Path) -> None:
    verdicts, runs = await judged(None, RIGHT, RIGHT)
    assert (runs, [verdict.cached for verdict in verdicts]) == (2, [False, False])
    assert EngineConfig().cache is None


CHECK = StdioCheck(cases=[StdioCase(input="1", output="2")])
OTHERS: dict[str, Sample] = {
    "code": Sample(code="other", check=CHECK),
    "language": Sample(code="x", check=CHECK, language="bash"),
    "input": Sample(code="x", check=StdioCheck(cases=[StdioCase(input="9", output="2")])),
    "limits": Sample(code="x", check=CHECK, limits=Limits(cpu_s=9)),
    "files": Sample(code="x", check=CHECK, files={"a": b""}),
    "environment": Sample(code="x", check=CHECK, env={"A": "1"}),
    "checker": Sample(code="x", check=msgspec.structs.replace(CHECK, checker=Checker(code="y"))),
}


@pytest.mark.parametrize("name", OTHERS)
async def test_another_sample_is_judged_for_itself(name: str, tmp_path: Path) -> None:
    (_, verdict), _ = await judged(tmp_path / "v", Sample(code="x", check=CHECK), OTHERS[name])
    assert not verdict.cached


@pytest.mark.parametrize(
    "settings",
    [{"strength": "stub"}, {"reruns": 1}, {"max_processes": 128}, {"preload": ("math",)}],
)
async def test_settings_that_matter_make_it_another(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    await judged(tmp_path / "v", RIGHT)
    (verdict,), _ = await judged(tmp_path / "v", RIGHT, **settings)
    assert not verdict.cached


async def test_settings_that_do_not_matter_do_not(tmp_path: Path) -> None:
    await judged(tmp_path / "v", RIGHT)
    (verdict,), _ = await judged(tmp_path / "v", RIGHT, attempts=1, window=7, references=tmp_path)
    assert verdict.cached


async def test_other_code_of_the_engine_makes_it_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await judged(tmp_path / "v", RIGHT)
    monkeypatch.setattr(verdict_cache, "engine_code", lambda: b"another version")
    (verdict,), _ = await judged(tmp_path / "v", RIGHT)
    assert not verdict.cached


NOT_KEPT: dict[str, tuple[Answer, Reason]] = {
    "undecided": (SandboxFailure("gone"), Reason.SANDBOX_ERROR),
    "waited": (report(exit_code=None, signal=9, killed="wall"), Reason.WALL_TIMEOUT),
}


@pytest.mark.parametrize("name", NOT_KEPT)
async def test_what_may_come_out_otherwise_is_not_kept(name: str, tmp_path: Path) -> None:
    answer, reason = NOT_KEPT[name]
    verdicts, _ = await judged(tmp_path / "v", RIGHT, RIGHT, answer=answer)
    assert [(verdict.reason, verdict.cached) for verdict in verdicts] == [(reason, False)] * 2
    (verdict,), _ = await judged(tmp_path / "v", RIGHT)
    assert verdict.decision is Decision.PASS


async def test_what_is_flaky_is_not_kept(tmp_path: Path) -> None:
    answers = iter([PRINTS, report(stdout="2")] * 2)
    verdicts, _ = await judged(
        tmp_path / "v", RIGHT, RIGHT, answer=lambda job: next(answers), reruns=1
    )
    assert [verdict.reason for verdict in verdicts] == [Reason.FLAKY] * 2
    assert not verdicts[1].cached


async def test_a_failure_is_kept(tmp_path: Path) -> None:
    verdicts, runs = await judged(tmp_path / "v", RIGHT, RIGHT, answer=report(stdout="2"))
    assert (verdicts[1].reason, verdicts[1].cached, runs) == (Reason.WRONG_ANSWER, True, 1)


async def test_of_equal_samples_under_way_one_is_judged(tmp_path: Path) -> None:
    backend = FakeBackend(lambda job: PRINTS, delay_s=0.05)
    config = EngineConfig(sandboxes=4, cache=tmp_path / "v")
    async with Engine(config, backend=backend) as engine:
        verdicts = [verdict async for verdict in engine.verify_stream([RIGHT] * 20)]
    assert len(backend.jobs) == 1
    assert sum(verdict.cached for verdict in verdicts) == 19


async def test_who_waits_for_one_that_is_given_up_is_judged(tmp_path: Path) -> None:
    started = asyncio.Event()

    async def answer(job: Job) -> Answer:
        if not started.is_set():
            started.set()
            await asyncio.sleep(30)
        return PRINTS

    config = EngineConfig(sandboxes=2, cache=tmp_path / "v")
    async with Engine(config, backend=FakeBackend(answer)) as engine:
        first = asyncio.ensure_future(engine.verify(RIGHT))
        await started.wait()
        second = asyncio.ensure_future(engine.verify(RIGHT))
        await asyncio.sleep(0.05)
        first.cancel()
        verdict = await second
    assert (verdict.reason, verdict.cached) == (Reason.PASSED, False)


async def test_a_file_that_is_no_store_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"no database" * 1000)
    verdicts, runs = await judged(tmp_path / "v", RIGHT, RIGHT)
    assert (runs, verdicts[1].reason) == (2, Reason.PASSED)


async def test_the_file_does_not_grow_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict_cache, "_MOST_BYTES", 2000)
    samples = [Sample(code=f"{n}", check=RIGHT.check) for n in range(12)]
    _, runs = await judged(tmp_path / "v", *samples)
    verdicts, again = await judged(tmp_path / "v", *reversed(samples))
    assert runs == 12
    assert 0 < again < 12
    assert verdicts[0].cached, "the youngest stayed"
