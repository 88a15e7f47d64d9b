"""Outcomes of references that outlive an engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from veristone import Call, Decision, FunctionCheck, Sample
from veristone.engine import Engine, EngineConfig, kept
from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.jobs import LARGE_BYTES, Job, Large
from veristone.engine.kept import KeptRecords, cache_folder

CALLS = [{"call": 0, "value": 1, "cpu": 0.1}, {"done": 1}]


async def judged(folder: Path | None, reference: str = "ref", **changes: Any) -> tuple[int, bool]:
    """Return how many references were run, and whether the sample passed."""
    references: list[Job] = []

    def script(job: Job) -> Any:
        if reference.encode() in job.files.values():
            references.append(job)
        return report(*changes.get("events", CALLS))

    config = EngineConfig(sandboxes=1, references=folder)
    check = FunctionCheck(entry_point="f", calls=[Call(args=[1])], reference=reference)
    async with Engine(config, backend=FakeBackend(script)) as engine:
        verdict = await engine.verify(Sample(code="sample", check=check))
    return len(references), verdict.decision is Decision.PASS


async def test_a_reference_is_run_once_for_all_engines(tmp_path: Path) -> None:
    assert await judged(tmp_path / "new") == (1, True)
    assert await judged(tmp_path / "new") == (0, True)
    assert await judged(tmp_path / "new", reference="other") == (1, True)
    assert await judged(tmp_path / "another") == (1, True)
    assert await judged(None) == (1, True)


async def test_a_long_value_is_kept_as_text_and_judged_unbuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps([7] * LARGE_BYTES).encode()
    events = [{"call": 0, "value": Large(text), "cpu": 0.1}, {"done": 1}]
    built: list[Large] = []
    monkeypatch.setattr(Large, "build", lambda self: built.append(self))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert await judged(tmp_path, events=events) == (1, True)
    assert await judged(tmp_path, events=events) == (0, True)
    assert built == []


async def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    for _ in range(2):
        runs, passed = await judged(tmp_path, events=[{"call": 0, "raised": ["E", "no"]}])
        assert (runs, passed) == (1, False)


async def test_a_store_that_is_broken_is_none(tmp_path: Path) -> None:
    (tmp_path / "references.sqlite").write_bytes(b"no database" * 1000)
    assert await judged(tmp_path) == (1, True)
    (tmp_path / "file").write_bytes(b"")
    assert await judged(tmp_path / "file") == (1, True)


async def test_what_was_used_longest_ago_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_MOST_BYTES", 400)
    store = KeptRecords(tmp_path)
    records: list[tuple[dict[str, Any], ...]] = [
        ({"call": 0, "value": [n * 10**15 + k * 7919**3 for k in range(20)]},) for n in range(4)
    ]
    for number, record in enumerate(records[:2]):
        await store.put(b"%d" % number, record)
    assert await store.get(b"0") == records[0]
    for number, record in enumerate(records[2:], 2):
        await store.put(b"%d" % number, record)
    assert await store.get(b"1") is None
    assert await store.get(b"3") == records[3]
    store.close()


def test_the_folder_is_where_programs_keep_such_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/kept")
    assert cache_folder() == Path("/kept/veristone")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path.home() / ".cache" / "veristone"
