"""Dialects that stand on sessions: replies word for word, and other people's clients unchanged."""

import asyncio
import json
from typing import Any

import httpx
import msgspec
import pytest
import sandbox_fusion
from hosts import host
from litestar.testing import TestClient
from serving import served, serving

from veristone import Output, Reason, RunResult
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend, captured, report
from veristone.service import Service, ServiceConfig
from veristone.service.dialects import e2b, nemo_skills, open_r1, openenv, run_jupyter
from veristone.session import CellError

ERROR = CellError(name="ValueError", value="no", traceback="Traceback ...\nValueError: no\n")
VALUE = RunResult(
    stdout=Output(head="out\n", total_bytes=4),
    result={"text/plain": "'4'", "image/png": "cG5n"},
    shown=[{"text/plain": "1"}],
    number=3,
)
RAISED = RunResult(stderr=Output(head="err", total_bytes=3), error=ERROR, number=1)
SLOW = RunResult(error=ERROR, broke=Reason.WALL_TIMEOUT, message="still ran after 3 s", number=1)
LOST = RunResult(broke=Reason.MEMORY_LIMIT, message="used more than 64", state_lost=True, number=1)


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        (
            VALUE,
            {
                "stdout": "out\n",
                "stderr": "",
                "display": [{"text/plain": "1"}, {"text/plain": "'4'", "image/png": "cG5n"}],
                "error": [],
                "status": "ok",
            },
        ),
        (
            RAISED,
            {
                "stdout": "",
                "stderr": "err",
                "display": [],
                "error": [
                    {
                        "ename": "ValueError",
                        "evalue": "no",
                        "traceback": ["Traceback ...", "ValueError: no"],
                    }
                ],
                "status": "error",
            },
        ),
        (
            LOST,
            {
                "stdout": "",
                "stderr": "",
                "display": [],
                "error": [
                    {"ename": "DeadKernelError", "evalue": "used more than 64", "traceback": []}
                ],
                "status": "error",
            },
        ),
    ],
)
def test_cells_of_sandbox_fusion(given: RunResult, reply: dict[str, Any]) -> None:
    assert msgspec.to_builtins(run_jupyter.to_cell(given)) == reply


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        (
            VALUE,
            {
                "process_status": "completed",
                "stdout": "out\n1\n'4'\n",
                "stderr": "",
                "new_session_created": False,
            },
        ),
        (
            RAISED,
            {
                "process_status": "error",
                "stdout": ERROR.traceback,
                "stderr": "err",
                "new_session_created": False,
            },
        ),
        (
            SLOW,
            {
                "process_status": "timeout",
                "stdout": "",
                "stderr": "Execution timed out after 10 seconds\n",
                "new_session_created": False,
            },
        ),
        (
            LOST,
            {
                "process_status": "error",
                "stdout": "",
                "stderr": "used more than 64\n",
                "new_session_created": True,
            },
        ),
    ],
)
def test_replies_of_nemo_skills(given: RunResult, reply: dict[str, Any]) -> None:
    request = nemo_skills.Execute(generated_code="")
    assert msgspec.to_builtins(nemo_skills.to_session_reply(request, given)) == reply


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        (
            VALUE,
            {
                "execution": {
                    "results": [{"text": "4", "is_main_result": True}],
                    "logs": {"stdout": ["out\n"], "stderr": []},
                    "error": None,
                    "execution_count": 1,
                },
                "exception_str": None,
                "text": "4",
            },
        ),
        (
            RAISED,
            {
                "execution": {
                    "results": [],
                    "logs": {"stdout": [], "stderr": ["err"]},
                    "error": msgspec.to_builtins(ERROR),
                    "execution_count": 1,
                },
                "exception_str": None,
                "text": None,
            },
        ),
        (SLOW, {"execution": None, "exception_str": "still ran after 3 s", "text": None}),
        (LOST, {"execution": None, "exception_str": "used more than 64", "text": None}),
    ],
)
def test_results_of_open_r1(given: RunResult, reply: dict[str, Any]) -> None:
    assert msgspec.to_builtins(open_r1.to_result(given)) == reply


@pytest.mark.parametrize(
    ("given", "events"),
    [
        (
            VALUE,
            [
                {"type": "number_of_executions", "execution_count": 3},
                {"type": "stdout", "text": "out\n", "timestamp": 2_000_000_000},
                {"type": "result", "text": "1", "is_main_result": False},
                {"type": "result", "text": "4", "png": "cG5n", "is_main_result": True},
                {"type": "end_of_execution"},
            ],
        ),
        (
            RAISED,
            [
                {"type": "number_of_executions", "execution_count": 1},
                {"type": "stderr", "text": "err", "timestamp": 2_000_000_000},
                {"type": "error", **msgspec.to_builtins(ERROR)},
                {"type": "end_of_execution"},
            ],
        ),
        (
            LOST,
            [
                {"type": "number_of_executions", "execution_count": 1},
                {
                    "type": "error",
                    "name": "UnexpectedEndOfExecution",
                    "value": "used more than 64",
                    "traceback": "",
                },
                {"type": "unexpected_end_of_execution"},
            ],
        ),
    ],
)
def test_events_of_e2b(given: RunResult, events: list[dict[str, Any]]) -> None:
    assert e2b.to_events(given, 2.0) == events


@pytest.mark.parametrize(
    ("given", "observation"),
    [
        (VALUE, {"stdout": "out\n1\n'4'\n", "stderr": "", "exit_code": 0, "metadata": {}}),
        (
            RAISED,
            {
                "stdout": "",
                "stderr": "err" + ERROR.traceback,
                "exit_code": 1,
                "metadata": {},
            },
        ),
        (
            LOST,
            {
                "stdout": "",
                "stderr": "used more than 64",
                "exit_code": 1,
                "metadata": {"state_lost": True},
            },
        ),
    ],
)
def test_observations_of_openenv(given: RunResult, observation: dict[str, Any]) -> None:
    assert msgspec.to_builtins(openenv.to_observation(given)) == observation


def test_tracebacks_of_nemo_skills_name_no_cells() -> None:
    trace = (
        "Traceback (most recent call last):\n"
        '  File "<cell 1>", line 1, in <module>\n    1 / 0\n    ~~^~~\n'
        "ZeroDivisionError: division by zero\n"
    )
    error = CellError(name="ZeroDivisionError", value="division by zero", traceback=trace)
    request = nemo_skills.Execute(generated_code="")
    reply = nemo_skills.to_session_reply(request, RunResult(error=error))
    assert reply.stdout == (
        "Traceback (most recent call last):\n    1 / 0\nZeroDivisionError: division by zero\n"
    )
    request = nemo_skills.Execute(generated_code="", traceback_verbosity="Verbose")
    assert nemo_skills.to_session_reply(request, RunResult(error=error)).stdout == trace


def cell(stdout: str = "", value: str | None = None, **fields: Any) -> Any:
    events: tuple[dict[str, Any], ...] = ({"begun": True},)
    if value is not None:
        events += ({"cell": "result", "value": {"text/plain": value}},)
    return report(stdout=captured(stdout.encode()), events=events, **fields)


async def test_where_there_is_no_session_each_dialect_says_so_in_its_words() -> None:
    config = EngineConfig(sandboxes=1, sessions={"most": 0})  # pyright: ignore[reportArgumentType]
    async with (
        Engine(config, backend=FakeBackend()) as engine,
        Service(engine, ServiceConfig()) as app,
    ):
        transport = httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
            step = await http.post("/step", json={"action": {"code": "1"}})
            notebook = await http.post("/run_jupyter", json={"cells": ["1"], "total_timeout": 1})
            named = await http.post(
                "/execute", json={"generated_code": "1"}, headers={"X-Session-ID": "a"}
            )
            context = await http.post("/contexts", json={}, headers={"E2b-Sandbox-Port": "49999"})
            scripts = {"scripts": ["1"], "timeout": 0.1, "request_timeout": 0.1}
            batch = await http.post("/execute_batch", json=scripts)
    assert step.status_code == 429
    assert (notebook.status_code, notebook.json()["status"]) == (504, "SandboxError")
    assert named.status_code == 502
    assert context.status_code == 429
    assert batch.json()[0]["execution"] is None
    assert "sessions" in batch.json()[0]["exception_str"]


async def test_nemo_skills_keeps_a_session_for_each_name() -> None:
    backend = FakeBackend([cell(fresh=True), cell(value="2"), cell(value="3", fresh=True)])
    async with serving(backend) as http:

        async def run(name: str, code: str) -> dict[str, Any]:
            headers = {"X-Session-ID": name}
            body = {"generated_code": code, "timeout": 3, "language": "ipython"}
            return (await http.post("/execute", json=body, headers=headers)).json()

        first, again, other = await run("a", "x = 1"), await run("a", "x + 1"), await run("b", "3")
        assert [each["new_session_created"] for each in (first, again, other)] == [
            True,
            False,
            True,
        ]
        assert again["stdout"] == "2\n"
        assert set((await http.get("/sessions")).json()["sessions"]) == {"a", "b"}
        assert (await http.delete("/sessions/a")).status_code == 200
        assert (await http.delete("/sessions/a")).status_code == 404
        unnamed = await http.post("/execute", json={"generated_code": "1"})
        assert unnamed.status_code == 400
    assert "X-Session-ID" in unnamed.json()["error"]


async def test_nemo_skills_longest_unused_session_makes_room_for_a_new_one() -> None:
    config = EngineConfig(sandboxes=1, sessions={"most": 2})  # pyright: ignore[reportArgumentType]
    async with (
        Engine(config, backend=FakeBackend(lambda job: cell())) as engine,
        Service(engine, ServiceConfig()) as app,
    ):
        transport = httpx.ASGITransport(app=app)  # pyright: ignore[reportArgumentType]
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
            for name in ("a", "b", "a", "c"):
                body = {"generated_code": "1"}
                answer = await http.post("/execute", json=body, headers={"X-Session-ID": name})
                assert answer.status_code == 200
            names = set((await http.get("/sessions")).json()["sessions"])
            assert names == {"a", "c"}
            await http.delete("/sessions/a")
            await http.post("/v1/sessions", json={})
            # What is no session of this dialect's never makes room.
            await http.delete("/sessions/c")
            await http.post("/v1/sessions", json={})
            full = await http.post("/execute", json=body, headers={"X-Session-ID": "d"})
            assert full.status_code == 502


async def test_contexts_of_e2b_come_and_go() -> None:
    backend = FakeBackend(lambda job: cell(value="2"))
    async with serving(backend) as http:
        http.headers["E2b-Sandbox-Port"] = "49999"
        context = (await http.post("/contexts", json={"language": "python"})).json()
        assert set(context) == {"id", "language", "cwd"}
        body = {"code": "1 + 1", "context_id": context["id"], "language": None, "env_vars": None}
        answer = await http.post("/execute", json=body)
        kinds = [json.loads(line)["type"] for line in answer.text.splitlines()]
        assert kinds == ["number_of_executions", "result", "end_of_execution"]
        default = await http.post("/execute", json={"code": "1"})
        assert default.status_code == 200
        assert context["id"] in {each["id"] for each in (await http.get("/contexts")).json()}
        assert (await http.post(f"/contexts/{context['id']}/restart")).status_code == 200
        assert (await http.delete(f"/contexts/{context['id']}")).status_code == 200
        assert (await http.post("/execute", json=body)).status_code == 404
        both = await http.post("/execute", json=body | {"language": "python"})
        assert both.status_code == 400
        assert (await http.post("/contexts", json={"language": "r"})).status_code == 400


def test_an_episode_of_openenv_over_a_websocket() -> None:
    backend = FakeBackend(lambda job: cell("hi\n"))

    async def start() -> Any:
        engine = Engine(EngineConfig(sandboxes=1), backend=backend)
        await engine.__aenter__()
        return Service(engine, ServiceConfig())

    app = asyncio.run(start())
    with TestClient(app) as http, http.websocket_connect("/ws") as socket:

        def ask(message: Any) -> dict[str, Any]:
            socket.send_text(message if isinstance(message, str) else json.dumps(message))
            return json.loads(socket.receive_text())

        assert ask({"type": "reset", "data": {"seed": 1}}) == {
            "type": "observation",
            "data": {
                "observation": {"stdout": "", "stderr": "", "exit_code": 0, "metadata": {}},
                "reward": None,
                "done": False,
            },
        }
        step = ask({"type": "step", "data": {"code": "print('hi')"}})
        assert step["data"]["observation"]["stdout"] == "hi\n"
        assert ask({"type": "state"})["data"]["step_count"] == 1
        codes = [
            ask(message)["data"]["code"]
            for message in ("{", {"type": "step", "data": {"cod": ""}}, {"type": "dance"})
        ]
        assert codes == ["INVALID_JSON", "VALIDATION_ERROR", "UNKNOWN_TYPE"]
        socket.send_text(json.dumps({"type": "close"}))


@pytest.mark.bubblewrap
def test_sandbox_fusions_own_client_runs_notebooks() -> None:
    notebook = sandbox_fusion.RunJupyterRequest.parse_obj(
        {
            "cells": ["a = open('in.txt').read()", "a", "print(a)", "assert False", "print(a)"],
            "files": {"in.txt": "aGVsbG8="},
            "fetch_files": ["in.txt", "none"],
        }
    )
    endless = sandbox_fusion.RunJupyterRequest.parse_obj(
        {"cells": ["while True: pass", "1"], "total_timeout": 2}
    )
    program = sandbox_fusion.RunCodeRequest.parse_obj(
        {
            "code": "open('out.txt', 'w').write('made')",
            "language": "python",
            "fetch_files": ["out.txt", "none"],
        }
    )
    with served() as (url, _):
        reply = sandbox_fusion.run_jupyter(notebook, endpoint=url)
        late = sandbox_fusion.run_jupyter(endless, endpoint=url)
        made = sandbox_fusion.run_code(program, endpoint=url)
    assert reply.status == "Success"
    assert reply.cells[1].display[0]["text/plain"] == "'hello'"
    assert reply.cells[3].error[0]["ename"] == "AssertionError"
    assert reply.cells[4].stdout == "hello\n"
    assert reply.files == {"in.txt": "aGVsbG8="}
    assert late.status == "Failed"
    assert late.driver is not None
    assert late.driver.status == "TimeLimitExceeded"
    assert made.files == {"out.txt": "bWFkZQ=="}


@pytest.mark.bubblewrap
@pytest.mark.hosts
def test_e2bs_own_sdk_runs_cells_in_contexts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of e2b-code-interpreter 2.11.5; its port is fixed."""
    sdk = host("e2b_code_interpreter")
    monkeypatch.setenv("E2B_DEBUG", "true")
    monkeypatch.setenv("E2B_API_KEY", "e2b_" + 40 * "0")
    with served("--port", "49999"):
        sandbox = sdk.Sandbox.create()
        first = sandbox.run_code("x = 41\nprint('hi')\nx + 1")
        assert (first.text, first.logs.stdout, first.error) == ("42", ["hi\n"], None)
        assert sandbox.run_code("x").text == "41"
        assert sandbox.run_code("1/0").error.name == "ZeroDivisionError"
        assert sandbox.run_code("import os; os.environ['A']", envs={"A": "b"}).text == "b"
        assert sandbox.run_code("echo $X", language="bash", envs={"X": "y"}).logs.stdout == ["y\n"]
        context = sandbox.create_code_context(cwd="/tmp/there")
        assert sandbox.run_code("import os; os.getcwd()", context=context).text == "/tmp/there"
        assert context.id in {each.id for each in sandbox.list_code_contexts()}
        sandbox.restart_code_context(context)
        assert sandbox.run_code("os", context=context).error.name == "NameError"
        sandbox.remove_code_context(context)
        with pytest.raises(Exception, match="no such session"):
            sandbox.run_code("1", context=context)
        lost = sandbox.run_code("import os; os._exit(1)")
        assert lost.error.name == "UnexpectedEndOfExecution"


@pytest.mark.bubblewrap
@pytest.mark.hosts
async def test_openenvs_own_client_steps_through_episodes() -> None:
    """Of openenv 0.10.0."""
    core = host("openenv.core.generic_client")
    with served() as (url, _):
        async with core.GenericEnvClient(base_url=url) as environment:
            await environment.reset(seed=3, episode_id="one")
            await environment.step({"code": "x = 20"})
            shown = await environment.step({"code": "x + 1"})
            failed = await environment.step({"code": "1/0"})
            state = await environment.state()
            with pytest.raises(RuntimeError, match="VALIDATION_ERROR"):
                await environment.step({"cod": ""})
            await environment.reset()
            fresh = await environment.step({"code": "x"})
    assert shown.observation["stdout"] == "21\n"
    assert failed.observation["exit_code"] == 1
    assert "ZeroDivisionError" in failed.observation["stderr"]
    assert (state["episode_id"], state["step_count"]) == ("one", 3)
    assert "NameError" in fresh.observation["stderr"]
