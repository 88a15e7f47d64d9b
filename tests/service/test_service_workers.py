"""Several workers behind one socket: sessions found, numbers added up, dead ones replaced."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from serving import COMMAND, served

from veristone.service.workers import Assignment

pytestmark = [pytest.mark.bubblewrap, pytest.mark.slow]


def children(pid: int) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return sorted(found)


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def service(
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[tuple[str, subprocess.Popen[str]]]:
    jobs = str(tmp_path_factory.mktemp("jobs"))
    with served("--workers", "2", "--sandboxes", "2", "--jobs", jobs) as found:
        yield found


def health(url: str) -> dict[str, Any]:
    try:
        return httpx.get(f"{url}/health").json()
    except httpx.HTTPError:
        return {"workers": 0}


def ask(url: str, code: str) -> dict[str, Any]:
    return httpx.post(f"{url}/v1/verify", json={"code": code}, timeout=60).json()


def by_worker(url: str) -> dict[str, float]:
    """Verdicts by worker, each asked of whichever answers."""
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    found: dict[str, float] = {}
    for line in lines:
        if line.startswith("veristone_verdicts_total{"):
            worker = line.partition('worker="')[2][0]
            found[worker] = found.get(worker, 0) + float(line.rpartition(" ")[2])
    return found


def passes(url: str) -> tuple[float, float]:
    """All workers' passes, by the metrics and by the status page's history."""
    history = httpx.get(f"{url}/v1/status").json()["history"]
    return sum(by_worker(url).values()), sum(moment["pass"] for moment in history)


def test_all_of_them_answer_and_are_counted_together(
    service: tuple[str, subprocess.Popen[str]],
) -> None:
    url, _ = service
    said = health(url)
    assert (said["workers"], said["slots"]) == (2, 4)
    before = passes(url)  # tests in any order share the service
    with ThreadPoolExecutor(16) as pool:  # each with a connection of its own
        verdicts = list(pool.map(ask, [url] * 120, [f"print({number})" for number in range(120)]))
    assert {verdict["decision"] for verdict in verdicts} == {"pass"}
    assert by_worker(url).keys() == {"0", "1"}
    assert [now - then for now, then in zip(passes(url), before, strict=True)] == [120, 120]
    status = httpx.get(f"{url}/v1/status").json()
    assert [(pool["language"], pool["sandboxes"]) for pool in status["pools"]] == [("python", 2)]


def test_a_session_is_found_whoever_is_asked(service: tuple[str, subprocess.Popen[str]]) -> None:
    url, _ = service
    made = httpx.post(f"{url}/v1/sessions", json={}, timeout=60)
    path = f"{url}{made.headers['location']}"
    assert httpx.post(f"{path}/run", json={"cell": "x = 0"}).status_code == 200
    for _ in range(12):
        httpx.post(f"{path}/run", json={"cell": "x += 1"}, timeout=60)
    body = b"line\n" * 300_000
    file = f"{path}/file?path=large"
    for _ in range(4):
        assert httpx.put(file, content=body, timeout=60).status_code == 204
        assert httpx.put(file, content=iter([body, b"!"]), timeout=60).status_code == 204
        assert httpx.get(file, timeout=60).content == body + b"!"
    result = httpx.post(f"{path}/run", json={"cell": "x"}).json()["result"]
    assert result == {"text/plain": "12"}
    assert [each["id"] for each in httpx.get(f"{url}/v1/sessions").json()] == [made.json()["id"]]
    assert httpx.delete(path).status_code == 204
    assert {httpx.get(path).status_code for _ in range(6)} == {404}


def test_half_a_file_is_no_file_whoever_is_asked(
    service: tuple[str, subprocess.Popen[str]],
) -> None:
    """A sender that leaves in the middle has written nothing, also where another worker keeps."""
    url, _ = service
    path = httpx.post(f"{url}/v1/sessions", json={}, timeout=60).headers["location"]
    host, port = url.removeprefix("http://").split(":")
    head = f"PUT {path}/file?path=half HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for _ in range(8):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(head.encode() + b"4\r\nhalf\r\n")
            time.sleep(0.05)
    time.sleep(0.2)
    assert httpx.get(f"{url}{path}/file?path=half", timeout=60).status_code == 404
    assert httpx.delete(f"{url}{path}").status_code == 204


def test_a_submission_is_found_whoever_is_asked(service: tuple[str, subprocess.Popen[str]]) -> None:
    url, _ = service
    sent = {"source_code": "print(1)", "language_id": 71}
    token = httpx.post(f"{url}/submissions", json=sent).json()["token"]
    answers = [httpx.get(f"{url}/submissions/{token}") for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200}


def test_a_job_is_told_of_and_stopped_by_any_of_them(
    service: tuple[str, subprocess.Popen[str]],
) -> None:
    url, _ = service
    lines = "\n".join(json.dumps({"id": str(n), "code": "pass"}) for n in range(100))
    name = httpx.post(f"{url}/v1/jobs", content=lines).json()["id"]
    seen = [httpx.get(f"{url}/v1/jobs/{name}").json()["total"] for _ in range(8)]
    assert set(seen) == {100}
    wait_for(lambda: httpx.get(f"{url}/v1/jobs/{name}").json()["status"] == "done")
    records = [httpx.get(f"{url}/v1/jobs/{name}/results").text.splitlines() for _ in range(6)]
    assert [json.loads(line)["id"] for line in records[0]] == [str(n) for n in range(100)]
    assert records.count(records[0]) == 6
    assert httpx.delete(f"{url}/v1/jobs/{name}").status_code == 204
    assert {httpx.get(f"{url}/v1/jobs/{name}").status_code for _ in range(8)} == {404}


def test_one_that_dies_is_replaced_and_its_job_goes_on(
    service: tuple[str, subprocess.Popen[str]],
) -> None:
    url, process = service
    code = "import time; time.sleep(0.02)"
    lines = "\n".join(json.dumps({"id": str(n), "code": code}) for n in range(100))
    name = httpx.post(f"{url}/v1/jobs", content=lines).json()["id"]
    before = children(process.pid)
    assert len(before) == 2
    for pid in before:
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: health(url)["workers"] == 2)
    assert not set(before) & set(children(process.pid))
    wait_for(lambda: httpx.get(f"{url}/v1/jobs/{name}").json()["status"] == "done")
    records = httpx.get(f"{url}/v1/jobs/{name}/results").text.splitlines()
    assert [json.loads(line)["id"] for line in records] == [str(n) for n in range(100)]
    assert ask(url, "print(1)")["decision"] == "pass"


async def test_all_answer_what_they_accepted_and_end() -> None:
    with served("--workers", "2", "--sandboxes", "2") as (url, process):
        workers = children(process.pid)
        async with httpx.AsyncClient(timeout=60) as client:
            sample = {"code": "import time; time.sleep(3); print(1)"}
            asked = [
                asyncio.ensure_future(client.post(f"{url}/v1/verify", json=sample))
                for _ in range(4)
            ]
            async with asyncio.timeout(30):
                while True:
                    now = (await client.get(f"{url}/health")).json()
                    if now["running"] + now["waiting"] == 4:
                        break
                    await asyncio.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            answers = await asyncio.gather(*asked)
        assert {answer.json()["decision"] for answer in answers} == {"pass"}
        assert process.wait(30) == 0
        assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def test_more_workers_than_sandboxes_are_refused() -> None:
    words = [COMMAND, "serve", "--backend", "bubblewrap", "--workers", "3", "--sandboxes", "2"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "raise --sandboxes" in done.stderr) == (2, True)


def test_workers_end_with_who_started_them_and_answer_before() -> None:
    with (
        served("--workers", "2", "--sandboxes", "2") as (url, process),
        ThreadPoolExecutor() as pool,
    ):
        workers = children(process.pid)
        code = "import time; time.sleep(4); print(1)"
        asked = [pool.submit(ask, url, code) for _ in range(2)]
        wait_for(lambda: health(url).get("running") == 2)
        process.kill()
        assert {each.result()["decision"] for each in asked} == {"pass"}
        wait_for(lambda: not [pid for pid in workers if Path(f"/proc/{pid}").exists()])


def test_a_worker_does_not_outlive_who_was_killed_before_it_looked() -> None:
    told = Assignment(
        number=0, starter=1, folder="/", listener=0, service={"workers": 1}, engine={}
    )
    words = [COMMAND, "serve", "--worker"]
    done = subprocess.run(words, input=msgspec.json.encode(told), timeout=60, check=False)
    assert done.returncode == 1
