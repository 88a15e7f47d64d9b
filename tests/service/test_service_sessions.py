"""Sessions over HTTP: the native paths, both clients, tenants."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from serving import served, serving

from veristone import (
    Client,
    ConfigError,
    InvalidSample,
    Limits,
    Reason,
    RunRequest,
    SandboxFailure,
    SessionEnded,
    SessionOptions,
    SessionsFull,
    SyncClient,
)
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend, report
from veristone.service import Service, ServiceConfig

TOKENS = {"one": "one-token-of-sixteen", "two": "two-token-of-sixteen"}


@contextlib.asynccontextmanager
async def real(**settings: Any) -> AsyncGenerator[Any]:
    """Yield the transport of a service on bubblewrap."""
    async with (
        Engine(EngineConfig(backend="bubblewrap", sandboxes=1)) as engine,
        Service(engine, ServiceConfig.model_validate(settings)) as app,
    ):
        yield httpx.ASGITransport(app=app, raise_app_exceptions=False)  # pyright: ignore[reportArgumentType] - Litestar's own types of ASGI


@pytest.mark.bubblewrap
async def test_the_client_runs_cells_and_commands_and_moves_files() -> None:
    async with real() as transport, Client("http://service", transport=transport) as client:
        async with client.session(SessionOptions(ttl_s=600)) as session:
            assert (await session.run("x = 20\nx + 1")).result == {"text/plain": "21"}
            assert (await session.run("x")).result == {"text/plain": "20"}
            await session.write({"a/ä b.bin": bytes(range(256))})
            assert await session.read("a/ä b.bin") == bytes(range(256))
            listed = await session.run(RunRequest(command="ls a; exit 3"))
            assert (listed.stdout.text, listed.exit_code) == ("ä b.bin\n", 3)
            assert [each.path for each in await session.files("a")] == ["a/ä b.bin"]
            slow = await session.run(
                RunRequest(cell="while True: pass", limits=Limits(cpu_s=0.2, wall_s=60))
            )
            assert slow.broke is Reason.CPU_TIMEOUT
            for name, error in (("none", FileNotFoundError), ("a", IsADirectoryError)):
                with pytest.raises(error):
                    await session.read(name)
            for request in (RunRequest(), RunRequest(cell="", limits=Limits(memory_mib=1 << 20))):
                with pytest.raises(InvalidSample):
                    await session.run(request)
            with pytest.raises(InvalidSample, match="relative path"):
                await session.read("../x")
            state = await session.state()
            assert state.calls >= 7
            assert 400 < state.ends_in_s < 600
        with pytest.raises(SessionEnded):
            await session.run("1")
        await session.close()


@pytest.mark.bubblewrap
def test_a_service_ends_its_sessions_when_it_is_told_to_stop(tmp_path: Any) -> None:
    with served() as (url, process), SyncClient(url) as client, client.session() as session:
        session.write({"a.txt": b"text"})
        assert session.run("open('a.txt').read()").result == {"text/plain": "'text'"}
        assert session.read("a.txt") == b"text"
        assert [each.size for each in session.files()] == [4]
        process.terminate()
        assert process.wait(30) == 0
        with pytest.raises(Exception, match=r"onnect"):
            session.run("1")


async def test_one_tenant_cannot_name_anothers_session() -> None:
    tenants = {name: {"token": token} for name, token in TOKENS.items()}
    backend = FakeBackend()
    async with serving(backend, tenants=tenants) as http:

        async def ask(tenant: str, method: str, path: str, **given: Any) -> httpx.Response:
            headers = {"Authorization": f"Bearer {TOKENS[tenant]}"}
            return await http.request(method, path, headers=headers, **given)

        opened = (await ask("one", "POST", "/v1/sessions", json={})).json()
        name = opened["id"]
        assert len(name) >= 32
        assert [each["id"] for each in (await ask("one", "GET", "/v1/sessions")).json()] == [name]
        assert (await ask("two", "GET", "/v1/sessions")).json() == []
        path = f"/v1/sessions/{name}"
        for method, rest, given in (
            ("GET", "", {}),
            ("POST", "/run", {"json": {"command": "ls"}}),
            ("PUT", "/file?path=a", {"content": b""}),
            ("GET", "/file?path=a", {}),
            ("GET", "/files", {}),
            ("DELETE", "", {}),
        ):
            answer = await ask("two", method, path + rest, **given)
            assert answer.status_code == 404, rest
            assert answer.json()["code"] == "session_ended"
        assert not [job for job in backend.jobs if job.session_cpu_s]
        assert (await http.get(path)).status_code == 401
        assert (await ask("one", "DELETE", path)).status_code == 204
        assert (await ask("one", "GET", path)).status_code == 404


async def test_a_tenant_has_as_many_sessions_as_it_may() -> None:
    tenants = {
        "one": {"token": TOKENS["one"], "most_sessions": 1},
        "two": {"token": TOKENS["two"]},
    }
    async with serving(tenants=tenants) as http:
        one = {"Authorization": f"Bearer {TOKENS['one']}"}
        two = {"Authorization": f"Bearer {TOKENS['two']}"}
        first = await http.post("/v1/sessions", json={}, headers=one)
        assert first.status_code == 201
        refused = await http.post("/v1/sessions", json={}, headers=one)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "10")
        assert (await http.post("/v1/sessions", json={}, headers=two)).status_code == 201
        await http.delete(first.headers["Location"], headers=one)
        assert (await http.post("/v1/sessions", json={}, headers=one)).status_code == 201


async def test_what_is_no_session_is_said() -> None:
    backend = FakeBackend([SandboxFailure("gone")])
    async with serving(backend) as http:
        for body in ({"languag": "python"}, {"language": "cobol"}, {"ttl_s": 0}, [], "x"):
            assert (await http.post("/v1/sessions", json=body)).status_code == 400, body
        path = (await http.post("/v1/sessions", json={})).headers["Location"]
        assert (await http.post(f"{path}/run", json={"cel": "1"})).status_code == 400
        broken = await http.post(f"{path}/run", json={"command": "ls"})
        assert broken.status_code == 404
        assert "broke: gone" in broken.json()["error"]


async def test_the_client_says_what_is_wrong() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        status = int(request.url.host)
        return httpx.Response(status, json={"error": "why", "code": "x"})

    transport = httpx.MockTransport(answer)
    for status, error in ((429, SessionsFull), (400, InvalidSample), (401, ConfigError)):
        async with Client(f"http://{status}", transport=transport) as client:
            with pytest.raises(error, match="why"):
                async with client.session(patience_s=0.05):
                    pass


async def test_sessions_are_counted(tmp_path: Any) -> None:
    async with serving(FakeBackend([report()]), audit=tmp_path / "audit") as http:
        await http.post("/v1/sessions", json={})
        text = (await http.get("/metrics")).text
    assert 'veristone_sessions_total{tenant=""} 1.0' in text
    assert "veristone_sessions_open 1.0" in text
    assert '"outcome":"session"' in (tmp_path / "audit").read_text()


async def test_the_description_has_examples() -> None:
    async with serving() as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
    body = paths["/v1/sessions/{name}/run"]["post"]["requestBody"]["content"]["application/json"]
    assert len(body["schema"]["examples"]) == 3
