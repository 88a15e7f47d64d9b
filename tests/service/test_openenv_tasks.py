"""OpenEnv's Task API, and episodes about a task that end with a verdict as their reward."""

import contextlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hosts import host
from litestar.testing import AsyncTestClient
from served import served
from serving import serving

from veristone import DatasetError, SandboxFailure
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend
from veristone.service import Service, ServiceConfig

ROWS = [
    {"id": "inc", "prompt": "Write f.", "tests": "assert f(1) == 2"},
    {"prompt": "Echo.", "tests": [{"input": "1", "output": "1"}]},
    {"prompt": "Add.", "tests": {"inputs": ["1\n2"], "outputs": ["3"], "fn_name": "add"}},
]


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """A file of tasks."""
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def shown(index: int, name: str, prompt: str) -> dict[str, Any]:
    about = {"id": name, "split": "train", "index": index}
    return about | {"prompt": prompt, "language": "python"}


SHOWN = [
    shown(0, "inc", "Write f."),
    shown(1, "train-1", "Echo."),
    shown(2, "train-2", "Add."),
]


REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "/list_environments", None),
    ("GET", "/veristone/splits", None),
    ("POST", "/veristone/tasks", {"split": "train"}),
    ("POST", "/veristone/num_tasks", {"split": "train"}),
    ("POST", "/veristone/task", {"split": "train", "index": 1}),
    ("POST", "/veristone/task", {"split": "train", "index": 3}),
    ("POST", "/veristone/task", {"split": "train", "index": -1}),
    ("POST", "/veristone/task", {"split": "train"}),
    ("POST", "/veristone/task_range", {"split": "train", "start": 1}),
    ("POST", "/veristone/task_range", {"split": "train", "start": None, "stop": -1}),
    ("GET", "/other/splits", None),
]
GOLDEN: list[tuple[int, Any]] = [
    (200, ["veristone"]),
    (200, [{"name": "train", "type": "train"}]),
    (200, {"tasks": SHOWN, "env_name": "veristone"}),
    (200, {"num_tasks": 3}),
    (200, {"task": SHOWN[1]}),
    (400, None),
    (400, None),
    (422, None),
    (200, {"tasks": SHOWN[1:]}),
    (200, {"tasks": SHOWN[:-1]}),
    (404, None),
]
"""Status and body; what errors say is each server's own."""


async def answers(client: httpx.AsyncClient) -> list[tuple[int, Any]]:
    found: list[tuple[int, Any]] = []
    for method, path, body in REQUESTS:
        answer = await client.request(method, path, json=body)
        found.append((answer.status_code, answer.json() if answer.is_success else None))
    return found


async def test_tasks_by_split_and_number(tasks: Path) -> None:
    async with serving(tasks={"train": tasks}) as client:
        assert await answers(client) == GOLDEN
        said = (await client.post("/veristone/num_tasks", json={"split": "tset"})).text
        assert "there is no 'tset'; there is 'train'" in said
    async with serving() as client:
        assert (await client.get("/veristone/splits")).json() == []


@pytest.mark.hosts
async def test_openenvs_own_server_answers_the_same() -> None:
    """Of openenv 0.10.0, with an environment that holds the same tasks."""
    server = host("openenv.core.env_server.http_server")
    types = host("openenv.core.env_server.types")
    base: Any = host("openenv.core.env_server.interfaces").Environment

    class Held(base):  # pyright: ignore[reportUntypedBaseClass]
        def reset(self, *_: Any, **__: Any) -> Any: ...
        def step(self, *_: Any, **__: Any) -> Any: ...
        @property
        def state(self) -> Any: ...
        def list_splits(self) -> list[str]:
            return ["train"]

        def list_tasks(self, split: str) -> list[Any]:
            return SHOWN

        def num_tasks(self, split: str) -> int:
            return len(SHOWN)

        def get_task(self, split: str, index: int) -> Any:
            if not 0 <= index < len(SHOWN):
                raise IndexError(index)
            return SHOWN[index]

        def get_task_range(self, split: str, start: Any = None, stop: Any = None) -> list[Any]:
            return SHOWN[start:stop]

    app = server.create_fastapi_app(Held, types.Action, types.Observation, env_name="veristone")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://theirs") as client:
        assert await answers(client) == GOLDEN


@pytest.mark.parametrize(
    ("row", "says"),
    [({"prompt": "x", "tests": 3}, "no check"), ({"tests": "assert 1"}, "prompt"), ({}, "tests")],
)
def test_a_file_of_no_tasks_is_refused_at_the_start(
    tmp_path: Path, row: dict[str, Any], says: str
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    engine = Engine(EngineConfig(sandboxes=1), backend=FakeBackend())
    with pytest.raises(DatasetError, match=says):
        Service(engine, ServiceConfig(tasks={"train": tmp_path / "a.jsonl"}))


@contextlib.asynccontextmanager
async def socket_of(backend: FakeBackend, tasks: Path) -> AsyncGenerator[Any]:
    """Yield a function that sends a message to a service and returns the answer."""
    config = EngineConfig(sandboxes=1, attempts=1)
    async with Engine(config, backend=backend) as engine:
        app: Any = Service(engine, ServiceConfig(tasks={"train": tasks}))
        async with AsyncTestClient(app) as client:
            with await client.websocket_connect("/ws") as socket:

                def ask(kind: str, **data: Any) -> dict[str, Any]:
                    socket.send_text(json.dumps({"type": kind, "data": data}))
                    return json.loads(socket.receive_text())["data"]

                yield ask


async def test_where_there_is_no_verdict_the_episode_goes_on(tasks: Path) -> None:
    async with socket_of(FakeBackend(lambda job: SandboxFailure("gone")), tasks) as ask:
        first = ask("reset", split="train", index=0)
        assert first["observation"]["metadata"] == {"task": SHOWN[0]}
        for _ in range(2):
            assert ask("step", code="x", submit=True)["code"] == "SESSION_ERROR"
        assert ask("reset", split="train", index=7)["code"] == "VALIDATION_ERROR"


@pytest.mark.bubblewrap
@pytest.mark.hosts
async def test_openenvs_own_client_earns_a_reward(tasks: Path, tmp_path: Path) -> None:
    core = host("openenv.core.generic_client")
    (tmp_path / "service.toml").write_text(f'[tasks]\ntrain = "{tasks}"\n')
    with served("--service", str(tmp_path / "service.toml")) as (url, _):
        async with core.GenericEnvClient(base_url=url) as environment:
            first = await environment.reset(split="train", index=0)
            assert first.observation["metadata"]["task"]["prompt"] == "Write f."
            tried = await environment.step({"code": "print(1)"})
            assert (tried.reward, tried.done) == (None, False)
            right = "```python\ndef f(x):\n    return x + 1\n```"
            last = await environment.step({"code": right, "submit": True})
            assert (last.reward, last.done) == (1.0, True)
            assert last.observation["metadata"]["verdict"]["reason"] == "passed"
            with pytest.raises(RuntimeError, match="no open task"):
                await environment.step({"code": right, "submit": True})
            await environment.reset(split="train", index=2)
            wrong = await environment.step({"code": "def add(a, b): return a", "submit": True})
            assert (wrong.reward, wrong.done) == (0.0, True)
