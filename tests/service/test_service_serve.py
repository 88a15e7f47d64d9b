"""`veristone serve` as people run it: a process, a port, signals, other people's clients."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import judge0
import pytest
import sandbox_fusion
import uvicorn
from serving import COMMAND, served

from veristone import AssertsCheck, BackendUnavailable, Decision, InvalidSample, Sample
from veristone.client import Client, SyncClient, local
from veristone.service.serve import _run, _Server

pytestmark = pytest.mark.bubblewrap


@pytest.fixture(scope="module")
def address() -> Generator[str]:
    with served() as (url, _):
        yield url


def refused(*options: str) -> str:
    words = [COMMAND, "serve", "--backend", "bubblewrap", *options]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_sandbox_fusions_own_client(address: str) -> None:
    """Version 0.3.7 from PyPI, as it is."""
    sandbox_fusion.set_endpoint(address)

    def ask(code: str, **more: Any) -> Any:
        request = sandbox_fusion.RunCodeRequest(code=code, language="python", **more)
        return sandbox_fusion.run_code(request, max_attempts=1)

    right = ask("print(input())", stdin="hello")
    assert (right.status, right.run_result.stdout) == ("Success", "hello\n")
    wrong = ask("import sys; sys.exit(3)")
    assert (wrong.status, wrong.run_result.return_code) == ("Failed", 3)
    slow = ask("while True: pass", run_timeout=0.5)
    assert slow.run_result.status == "TimeLimitExceeded"
    long = ask("print('x' * 500_000)")
    assert len(long.run_result.stdout) == 500_001
    beside = ask("print(open('a.txt').read())", files={"a.txt": "aGk="})
    assert beside.run_result.stdout == "hi\n"


def test_sandbox_fusions_own_client_submits(address: str) -> None:
    sandbox_fusion.set_endpoint(address)
    rows = [
        {
            "id": 1,
            "content": "Echo.",
            "test": [{"input": {"stdin": "a"}, "output": {"stdout": "a"}}],
        }
    ]
    config = sandbox_fusion.TestConfig.parse_obj({"language": "python", "provided_data": rows})

    def ask(completion: str) -> Any:
        request = sandbox_fusion.SubmitRequest(
            dataset="code_contests", id=1, completion=completion, config=config
        )
        return sandbox_fusion.submit(request, max_attempts=1)

    assert ask("```python\nprint(input())\n```").accepted
    assert not ask("```python\nprint('b')\n```").accepted
    asked = sandbox_fusion.GetPromptsRequest(dataset="code_contests", config=config)
    assert [each.prompt for each in sandbox_fusion.get_prompts(asked)] == ["Echo."]


def test_judge0s_own_client(address: str) -> None:
    """Version 0.0.8 from PyPI, as it is: submits, asks again until it is done."""
    client = judge0.Client(address)

    def ask(code: str, **more: Any) -> Any:
        return judge0.run(client=client, source_code=code, language=judge0.PYTHON, **more)

    right = ask("print(input())", stdin="hé")
    assert (right.status, right.stdout) == (judge0.Status.ACCEPTED, "hé\n")
    assert ask("print(3)", expected_output="4").status == judge0.Status.WRONG_ANSWER
    broken = ask("1/0")
    assert broken.status == judge0.Status.RUNTIME_ERROR_NZEC
    assert "ZeroDivisionError" in broken.stderr
    many = ask("print(int(input()) + 1)", test_cases=[("1", "2"), ("2", "4")])
    assert [each.status.value for each in many] == [3, 4]


async def test_our_own_client(address: str) -> None:
    async with Client(address) as client:
        verdict = await client.verify(
            Sample(code="def f(x): return x", check=AssertsCheck(tests="assert f(1) == 1"))
        )
        assert verdict.decision is Decision.PASS
        with pytest.raises(InvalidSample, match="no sandbox for 'cobol'"):
            await client.verify(Sample(code="", language="cobol"))
        samples = [Sample(code=f"import sys; sys.exit({n % 2})", id=str(n)) for n in range(40)]
        verdicts = [each async for each in client.verify_stream(samples)]
    assert [each.id for each in verdicts] == [each.id for each in samples]
    assert [each.decision for each in verdicts] == [Decision.PASS, Decision.FAIL] * 20


def test_our_own_client_without_a_loop(address: str) -> None:
    with SyncClient(address) as client:
        assert client.verify(Sample(code="1/0")).message == "ZeroDivisionError: division by zero"
        assert len(client.verify_many([Sample(code="pass")] * 5)) == 5


async def test_a_service_of_ones_own() -> None:
    async with local("--backend", "bubblewrap", "--sandboxes", "1") as client:
        assert (await client.verify(Sample(code="print(1)"))).stdout.text == "1\n"


async def test_a_service_of_ones_own_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["veristone.client.local"], "_START_S", 0.01)
    with pytest.raises(
        BackendUnavailable, match=r"within 0.01 s; to see why, run: veristone serve"
    ):
        async with local("--backend", "bubblewrap"):
            pass


def test_a_service_of_ones_own_ends_with_its_owner(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, signal\n"
        "from veristone.client import local\n"
        "async def main():\n"
        "    async with local('--backend', 'bubblewrap', '--sandboxes', '1'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, timeout=60, check=False)
    deadline = time.monotonic() + 20
    while (left := _serving_under(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left


def _serving_under(folder: Path) -> list[str]:
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def test_what_was_accepted_is_answered_after_sigterm() -> None:
    """Also where it comes twice, as to a child of a parent that had threads and was killed."""
    with served() as (url, process):
        answers: list[httpx.Response] = []

        def ask() -> None:
            code = "import time; time.sleep(1.5); print('done')"
            answers.append(httpx.post(f"{url}/v1/verify", json={"code": code}, timeout=30))

        asking = threading.Thread(target=ask)
        asking.start()
        _wait_for(lambda: httpx.get(f"{url}/health").json()["running"] == 1)
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        asking.join()
        assert answers[0].json()["stdout"]["head"] == "done\n"
        assert process.wait(30) == 0


def test_what_is_not_answered_in_time_after_sigterm_is_refused(tmp_path: Path) -> None:
    settings = tmp_path / "service.toml"
    settings.write_text("drain_s = 0.5\n")
    with served("--service", str(settings)) as (url, process), ThreadPoolExecutor() as pool:
        code = "import time; time.sleep(20)"
        paths = ("v1/verify", "run_code")
        asked = [
            pool.submit(httpx.post, f"{url}/{path}", json={"code": code}, timeout=30)
            for path in paths
        ]
        _wait_for(lambda: httpx.get(f"{url}/health").json()["running"] == 2)
        process.send_signal(signal.SIGTERM)
        native, dialect = (each.result() for each in asked)
        assert (native.status_code, native.headers["retry-after"]) == (503, "1")
        assert dialect.status_code == 504
        assert process.wait(30) == 0


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_job_outlives_a_service_that_is_killed(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": str(n), "code": f"import sys; sys.exit({n % 2})"}) for n in range(300)
    ]
    options = ("--jobs", str(tmp_path))
    with served(*options) as (url, process):
        job = httpx.post(f"{url}/v1/jobs", content="\n".join(lines), timeout=30).json()["id"]
        _wait_for(lambda: httpx.get(f"{url}/v1/jobs/{job}").json()["done"] > 20)
        process.kill()
    with served(*options) as (url, _), served(*options) as (other, _):
        _wait_for(lambda: httpx.get(f"{url}/v1/jobs/{job}").json()["status"] == "done")
        assert httpx.get(f"{other}/v1/jobs/{job}").json()["done"] == 300
        records = httpx.get(f"{url}/v1/jobs/{job}/results").text.splitlines()
    verdicts = [json.loads(line) for line in records]
    assert [each["id"] for each in verdicts] == [str(n) for n in range(300)]
    assert [each["decision"] for each in verdicts] == ["pass", "fail"] * 150


def test_clients_that_vanish_leave_nothing_behind(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    body = json.dumps({"code": "print(1)"}).encode()
    request = b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    for cut in (10, len(request), len(request) + len(body)):
        for _ in range(10):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall((request + body)[:cut])
    _wait_for(lambda: httpx.get(f"{address}/health").json()["running"] == 0)
    assert httpx.get(f"{address}/health").json()["waiting"] == 0


@pytest.mark.slow
def test_what_nobody_waits_for_any_more_is_not_run() -> None:
    with served("--sandboxes", "1") as (url, _):
        host, port = url.removeprefix("http://").split(":")
        slow = {"code": "import time; time.sleep(3)"}
        ask = {"json": slow, "timeout": 60}
        asking = [
            threading.Thread(target=httpx.post, args=(f"{url}/v1/verify",), kwargs=ask)
            for _ in range(2)
        ]
        for each in asking:
            each.start()
        _wait_for(lambda: httpx.get(f"{url}/health").json()["running"] == 2)
        body = json.dumps({"code": "print(1)"}).encode()
        head = b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        with contextlib.ExitStack() as connections:
            for _ in range(5):
                connection = socket.create_connection((host, int(port)))
                connections.enter_context(connection).sendall(head + body)
            _wait_for(lambda: httpx.get(f"{url}/health").json()["waiting"] == 5)
        for each in asking:
            each.join()
        _wait_for(lambda: httpx.get(f"{url}/health").json()["waiting"] == 0)
        counted = httpx.get(f"{url}/metrics").text
    assert 'decision="pass",reason="passed",tenant=""} 2.0' in counted
    assert 'veristone_refused_total{tenant="",why="overloaded"} 5.0' in counted


def test_what_cannot_be_listened_on_is_said(address: str, tmp_path: Path) -> None:
    port = address.rsplit(":", 1)[1]
    assert "choose another with --port" in refused("--port", port)
    assert "give the service tenants" in refused("--host", "0.0.0.0")
    assert "cannot listen on" in refused("--uds", str(tmp_path / "no" / "folder"))
    settings = tmp_path / "service.toml"
    settings.write_text("prot = 1\n")
    assert "did you mean 'port'" in refused("--service", str(settings))
    settings.write_text('[tenants.lab]\ntoken = "short"\n')
    assert "tenants.lab.token" in refused("--service", str(settings))


def test_a_network_and_a_token(tmp_path: Path) -> None:
    settings = tmp_path / "service.toml"
    settings.write_text('[tenants.lab]\ntoken = "0123456789abcdef"\n')
    with served("--host", "0.0.0.0", "--service", str(settings)) as (url, _):
        assert httpx.post(f"{url}/v1/verify", json={"code": ""}).status_code == 401
        with SyncClient(url, token="0123456789abcdef") as client:
            assert client.verify(Sample(code="pass")).decision is Decision.PASS


async def test_what_cannot_start_is_not_said_to_listen() -> None:
    said: list[str] = []
    broken = uvicorn.Config("no app", ws="none.such:Protocol")
    with pytest.raises(ImportError):
        await _run(_Server(broken), [], lambda: said.append("listening"))
    assert said == []
