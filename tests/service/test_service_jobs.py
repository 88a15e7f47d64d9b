"""Jobs: accepted on disk, judged in order beside requests, gone on with after a restart."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import serving

from veristone.engine.backends.fake import FakeBackend, report
from veristone.engine.jobs import Job

TOKEN = "a-token-of-sixteen-or-more"


def samples(count: int) -> bytes:
    lines = [json.dumps({"code": "fail" if n % 3 else "pass", "id": str(n)}) for n in range(count)]
    return "\n".join(lines).encode()


def by_code(job: Job) -> Any:
    return report(exit_code=1 if b"fail" in job.files["main.py"] else 0)


async def ended(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            job = (await client.get(f"/v1/jobs/{name}")).json()
            if job["ended"] is not None:
                return job
            await asyncio.sleep(0.01)


async def test_a_file_is_judged_in_order_and_told_of_while_it_runs(tmp_path: Path) -> None:
    async with serving(FakeBackend(by_code), jobs=tmp_path) as client:
        body = samples(20) + b"\n\n{}\n"
        accepted = await client.post("/v1/jobs", content=body)
        assert accepted.status_code == 202
        job = accepted.json()
        assert accepted.headers["location"] == f"/v1/jobs/{job['id']}"
        assert (job["total"], job["status"]) == (21, "queued")
        job = await ended(client, job["id"])
        assert (job["status"], job["done"]) == ("done", 21)
        assert job["decisions"] == {"pass": 7, "fail": 13, "rejected": 1}
        answer = await client.get(f"/v1/jobs/{job['id']}/results")
        later = await client.get(f"/v1/jobs/{job['id']}/results", params={"after": 19})
        assert (await client.get("/v1/jobs")).json() == [job]
        counted = (await client.get("/metrics")).text
    records = [json.loads(line) for line in answer.text.splitlines()]
    assert [each.get("id") for each in records] == [*map(str, range(20)), None]
    assert [json.loads(line) for line in later.text.splitlines()] == records[19:]
    assert 'reason="passed",tenant=""} 7.0' in counted


async def test_a_service_that_is_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    backend = FakeBackend(by_code, delay_s=0.05)
    async with serving(backend, jobs=tmp_path) as client:
        name = (await client.post("/v1/jobs", content=samples(60))).json()["id"]
        while (await client.get(f"/v1/jobs/{name}")).json()["done"] < 10:
            await asyncio.sleep(0.01)
    first = len(backend.jobs)
    assert first < 60
    with open(tmp_path / name / "verdicts.jsonl", "ab") as file:
        file.write(b'{"id": "half a li')  # what a kill leaves
    again = FakeBackend(by_code)
    async with serving(again, jobs=tmp_path) as client:
        job = await ended(client, name)
        answer = await client.get(f"/v1/jobs/{name}/results")
    assert job["decisions"] == {"pass": 20, "fail": 40}
    records = [json.loads(line)["id"] for line in answer.text.splitlines()]
    assert records == [str(n) for n in range(60)], "each once, in order"
    assert len(again.jobs) < 60, "what was judged is not judged again"
    async with serving(jobs=tmp_path) as client:
        assert (await client.get(f"/v1/jobs/{name}")).json() == job


async def test_a_job_that_is_deleted_is_not_judged_on_and_leaves_nothing(tmp_path: Path) -> None:
    backend = FakeBackend(by_code, delay_s=0.02)
    async with serving(backend, jobs=tmp_path) as client:
        name = (await client.post("/v1/jobs", content=samples(500))).json()["id"]
        await asyncio.sleep(0.05)
        assert (await client.delete(f"/v1/jobs/{name}")).status_code == 204
        judged = len(backend.jobs)
        await asyncio.sleep(0.1)
        assert len(backend.jobs) <= judged + 1
        assert (await client.get(f"/v1/jobs/{name}")).status_code == 404
        assert (await client.get(f"/v1/jobs/{name}/results")).status_code == 404
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


async def test_requests_are_answered_while_a_job_runs(tmp_path: Path) -> None:
    async with serving(FakeBackend(by_code, delay_s=0.02), jobs=tmp_path) as client:
        name = (await client.post("/v1/jobs", content=samples(1000))).json()["id"]
        await asyncio.sleep(0.05)
        for _ in range(5):
            answer = await client.post(
                "/v1/verify", json={"code": "pass"}, params={"deadline_s": 1}
            )
            assert answer.json()["decision"] == "pass"
        assert (await client.get(f"/v1/jobs/{name}")).json()["status"] == "running"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no sample"),
        (b"\n \n", "no sample"),
        (b'[{"code": "x"},\n{"code": "y"}]', "a JSON array"),
        (b'{\n"code": "x"\n}\n', "a sample on several lines"),
        (gzip.compress(b"x", mtime=0), "compressed"),
        (b"x" * (2**20 + 1), "larger than 1 MiB"),
    ],
    ids=["empty", "blank", "an array", "several lines", "compressed", "too large"],
)
async def test_what_is_no_file_of_samples(tmp_path: Path, body: bytes, says: str) -> None:
    async with serving(jobs=tmp_path, max_job_mib=1) as client:
        answer = await client.post("/v1/jobs", content=body)
    assert (answer.status_code, says in answer.json()["error"]) == (400, True)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


async def test_there_are_no_more_jobs_than_may_be_kept_and_old_ones_go(tmp_path: Path) -> None:
    async with serving(FakeBackend(by_code), jobs=tmp_path, max_jobs=1) as client:
        name = (await client.post("/v1/jobs", content=samples(1))).json()["id"]
        assert (await client.post("/v1/jobs", content=samples(1))).status_code == 429
        await ended(client, name)
    async with serving(FakeBackend(by_code), jobs=tmp_path, max_jobs=1, keep_jobs_s=0) as client:
        assert (await client.post("/v1/jobs", content=samples(1))).status_code == 202
        assert (await client.get(f"/v1/jobs/{name}")).status_code == 404


async def test_a_job_is_its_tenants_alone(tmp_path: Path) -> None:
    tenants = {"lab": {"token": TOKEN}, "other": {"token": TOKEN[::-1]}}
    mine, others = ({"Authorization": f"Bearer {token}"} for token in (TOKEN, TOKEN[::-1]))
    async with serving(FakeBackend(by_code), jobs=tmp_path, tenants=tenants) as client:
        assert (await client.post("/v1/jobs", content=samples(1))).status_code == 401
        accepted = await client.post("/v1/jobs", content=samples(1), headers=mine)
        path = f"/v1/jobs/{accepted.json()['id']}"
        assert (await client.get(path, headers=others)).status_code == 404
        assert (await client.delete(path, headers=others)).status_code == 404
        assert (await client.get("/v1/jobs", headers=others)).json() == []
        assert (await client.get(path, headers=mine)).status_code == 200


async def test_without_a_folder_there_are_no_jobs() -> None:
    async with serving() as client:
        answer = await client.post("/v1/jobs", content=samples(1))
    assert (answer.status_code, "--jobs FOLDER" in answer.json()["error"]) == (404, True)
