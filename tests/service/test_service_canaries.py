"""Canaries: samples with known verdicts; the first that comes out otherwise ends all judging."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import serving

from veristone import SandboxFailure
from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.jobs import Job
from veristone.engine.languages import installed
from veristone.service.canaries import canaries_of


async def until(client: httpx.AsyncClient, status: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            health = (await client.get("/health")).json()
            if health["status"] == status:
                return health
            await asyncio.sleep(0.01)


def always_right(job: Job) -> Any:
    """A sandbox that ends everything well, the wrong ones too."""
    return report()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/verify", 503),
        ("/v1/verify_batch", 503),
        ("/run_code", 504),
        ("/common_evaluate", 504),
        ("/api/v2/execute", 500),
        ("/py_exec", 503),
        ("/test_program", 503),
        ("/execute", 502),
        ("/submissions", 503),
    ],
)
async def test_the_first_disagreement_ends_all_judging(path: str, status: int) -> None:
    """In the words of whose client asks."""
    async with serving(FakeBackend(always_right), canary_s=0.01) as client:
        health = await until(client, "quarantined")
        answer = await client.post(path, json={"code": "print(1)"})
        metrics = (await client.get("/metrics")).text
        assert (await client.get("/health")).status_code == 503
    assert answer.status_code == status
    assert "canary" in answer.text
    assert "must be" in health["quarantine"]
    assert "veristone_quarantined 1.0" in metrics
    assert 'veristone_canaries_total{outcome="disagreed"} 1.0' in metrics
    assert 'why="quarantined"} 1.0' in metrics


async def test_what_is_under_way_then_gets_no_verdict() -> None:
    begun = asyncio.Event()

    async def script(job: Job) -> Any:
        if b"slow" in job.files["main.py"]:
            begun.set()
            await asyncio.sleep(2)
        else:
            await begun.wait()
        return report()

    async with serving(FakeBackend(script), sandboxes=4, canary_s=0.01) as client:
        sample = {"code": "slow", "id": "a"}
        one = asyncio.ensure_future(client.post("/v1/verify", json=sample))
        many = asyncio.ensure_future(client.post("/v1/verify_batch", json=[sample]))
        await until(client, "quarantined")
        assert (await one).status_code == 503
        (verdict,) = map(json.loads, (await many).text.splitlines())
    assert (verdict["decision"], verdict["reason"]) == ("undecided", "sandbox_error")


async def test_a_canary_without_a_verdict_is_no_reason() -> None:
    def script(job: Job) -> Any:
        return report() if b"mine" in job.files["main.py"] else SandboxFailure("gone")

    async with serving(FakeBackend(script), canary_s=0.01) as client:
        async with asyncio.timeout(10):
            while 'outcome="undecided"' not in (await client.get("/metrics")).text:
                await asyncio.sleep(0.01)
        answer = await client.post("/v1/verify", json={"code": "mine"})
    assert answer.json()["decision"] == "pass"


async def test_jobs_wait_for_a_service_that_is_right(tmp_path: Path) -> None:
    async with serving(FakeBackend(always_right), canary_s=0.01, jobs=tmp_path) as client:
        await until(client, "quarantined")
        name = (await client.post("/v1/jobs", content=b'{"code": "x"}')).json()["id"]
        await asyncio.sleep(0.1)
        assert (await client.get(f"/v1/jobs/{name}")).json()["status"] == "queued"
    async with serving(FakeBackend(always_right), jobs=tmp_path) as client:
        async with asyncio.timeout(10):
            while (job := (await client.get(f"/v1/jobs/{name}")).json())["status"] != "done":
                await asyncio.sleep(0.01)
    assert job["decisions"] == {"pass": 1}


async def test_a_job_under_way_is_left_where_it_was(tmp_path: Path) -> None:
    turn = asyncio.Event()

    async def script(job: Job) -> Any:
        if b"mine" not in job.files["main.py"]:
            await turn.wait()
        return report()

    backend = FakeBackend(script, delay_s=0.01)
    samples = "\n".join(json.dumps({"code": "mine", "id": str(n)}) for n in range(200))
    async with serving(backend, canary_s=0.01, jobs=tmp_path) as client:
        name = (await client.post("/v1/jobs", content=samples)).json()["id"]
        while (await client.get(f"/v1/jobs/{name}")).json()["done"] < 5:
            await asyncio.sleep(0.01)
        turn.set()
        await until(client, "quarantined")
        await asyncio.sleep(0.05)
        job = (await client.get(f"/v1/jobs/{name}")).json()
        assert job["ended"] is None
        assert job["decisions"] == {"pass": job["done"]}, "nothing is undecided for that"


@pytest.mark.parametrize("language", [*installed()])
def test_every_language_has_canaries_on_both_sides(language: str) -> None:
    if language == "python-data":
        pytest.skip("its samples are Python's")
    found = canaries_of(language)
    decisions = {reason.decision for each in found for reason in each.reasons}
    assert {str(decision) for decision in decisions} == {"pass", "fail"}
