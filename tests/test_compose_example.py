"""`docker compose up` of the example, for real: a service that never sees Docker's socket.

Needs a daemon, the plugin `docker compose`, and the service image, which `make image` builds.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from backends import built

ROOT = Path(__file__).parents[1]
COMPOSE = ("docker", "compose", "-f", str(ROOT / "examples/compose/compose.yaml"))
PROJECT = "veristone-test"
TOKEN = "a-token-of-sixteen-or-more"
IMAGE = "veristone:dev"

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(600)]


def run(*words: str, **more: str) -> str:
    environment = os.environ | more
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def there(*words: str) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def service() -> Generator[tuple[str, dict[str, str]]]:
    # Where neither was made ready nobody asked for this; CI makes both ready and runs it by itself.
    if shutil.which("docker") is None or not there("docker", "compose", "version"):
        pytest.skip("docker compose is missing")
    if not there("docker", "image", "inspect", IMAGE):
        pytest.skip(f"the image {IMAGE} is not built: make image")
    built()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = {"VERISTONE_TOKEN": TOKEN, "VERISTONE_PORT": port, "COMPOSE_PROJECT_NAME": PROJECT}
    try:
        run(*COMPOSE, "up", "--detach", "--wait", **settings)
        yield f"http://127.0.0.1:{port}", settings
    finally:
        run(*COMPOSE, "down", "--volumes", "--timeout", "20", **settings)


def ask(url: str, **sample: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.post(f"{url}/v1/verify", json=sample, headers=headers, timeout=90)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_samples_are_judged_in_wardens_that_compose_started(
    service: tuple[str, dict[str, str]],
) -> None:
    url, _ = service
    check = {"kind": "asserts", "tests": "assert add(1, 2) == 3"}
    right = ask(url, code="def add(a, b): return a + b", check=check)
    wrong = ask(url, code="def add(a, b): return a - b", check=check)
    assert (right["reason"], wrong["reason"]) == ("passed", "assertion_failed")
    assert right["isolation"]["backend"] == "attached"
    standing = set(right["isolation"]["enforced"])
    needed = {"hidden-warden", "no-network", "own-user", "read-only-root", "seccomp"}
    assert needed <= standing
    assert {"no-capabilities", "own-pid-namespace", "own-ipc-namespace"} <= standing


def test_a_sample_finds_no_other_sandbox(service: tuple[str, dict[str, str]]) -> None:
    url, _ = service
    verdict = ask(url, code="import os\nos.listdir('/run/veristone')")
    assert "PermissionError" in verdict["message"], verdict


def test_a_sandbox_that_is_used_up_starts_anew(service: tuple[str, dict[str, str]]) -> None:
    """A sample that used the loopback device retires its sandbox; so does a kill."""
    url, settings = service
    used = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname())\n"
    )
    assert [ask(url, code=used)["decision"] for _ in range(4)] == ["pass"] * 4
    run(*COMPOSE, "kill", "sandbox-1", "sandbox-2", **settings)
    run(*COMPOSE, "up", "--detach", **settings)
    assert ask(url, code="print(1)")["decision"] == "pass"


def test_the_service_starts_anew_and_finds_its_sandboxes(
    service: tuple[str, dict[str, str]],
) -> None:
    url, settings = service
    run(*COMPOSE, "restart", "service", **settings)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            assert ask(url, code="print(1)")["decision"] == "pass"
            return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail("the service is away")


def test_no_container_has_dockers_socket(service: tuple[str, dict[str, str]]) -> None:
    _, settings = service
    names = run(*COMPOSE, "ps", "--quiet", **settings).split()
    assert len(names) == 4
    for each in json.loads(run("docker", "inspect", *names)):
        sources = [mount["Source"] for mount in each["Mounts"]]
        assert not [source for source in sources if source.endswith(".sock")]
        assert not each["HostConfig"]["Privileged"]
