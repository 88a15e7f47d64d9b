"""The back end `attached`, with wardens that are played: where they listen and who gets them."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from veristone import BackendUnavailable
from veristone.engine import EngineConfig
from veristone.engine.backends import Attached
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.languages import find
from veristone.sandbox_images.warden import frames

LAYERS = ("no-network", "seccomp", "own-pid-namespace", "own-user")
HELLO = {
    "op": "hello",
    "protocol": frames.PROTOCOL,
    "python": "3.13",
    "places": [],
    "layers": dict.fromkeys(LAYERS, True),
    "namespaces": {},
    "memory_limit": None,
}


@contextlib.asynccontextmanager
async def warden(path: Path) -> AsyncGenerator[asyncio.Event]:
    """Play one that takes a single connection, says hello and waits for its end: the event."""
    begun, ended = asyncio.Event(), asyncio.Event()
    server: asyncio.Server

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.set()
        server.close()
        path.unlink()
        writer.write(frames.encode_head(HELLO, 0))
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        ended.set()

    server = await asyncio.start_unix_server(serve, path)
    yield ended
    server.close()
    path.unlink(missing_ok=True)
    async with asyncio.timeout(5):
        if begun.is_set():
            await ended.wait()
    await asyncio.sleep(0)  # in which transports are closed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "w"
    place.mkdir(mode=0o700)
    return place


@contextlib.asynccontextmanager
async def opened(folder: Path, patience_s: float = 0.2) -> AsyncGenerator[Attached]:
    backend = Attached(EngineConfig(wardens=folder, start_timeout_s=patience_s))
    await backend.open()
    yield backend
    await backend.close()


async def test_a_warden_is_taken_and_let_go(folder: Path) -> None:
    async with opened(folder) as backend, warden(folder / "python.1.sock") as ended:
        sandbox = await backend.start(find("python"))
        assert sandbox.isolation is not None
        assert sandbox.isolation.backend == "attached"
        assert sandbox.alive
        await sandbox.destroy()
        async with asyncio.timeout(5):
            await ended.wait()


async def test_one_warden_is_given_once(folder: Path) -> None:
    async with opened(folder) as backend, warden(folder / "python.1.sock"):
        found = await asyncio.gather(
            *(backend.start(find("python")) for _ in range(3)), return_exceptions=True
        )
        taken = [each for each in found if not isinstance(each, BaseException)]
        assert len(taken) == 1
        assert sum("is taken" in str(each) for each in found) == 2
        await taken[0].destroy()


async def test_one_that_starts_late_is_waited_for(folder: Path) -> None:
    async with opened(folder, patience_s=5) as backend:
        starting = asyncio.ensure_future(backend.start(find("python")))
        await asyncio.sleep(0.1)
        async with warden(folder / "python.a.sock"):
            await (await starting).destroy()


async def test_a_language_without_wardens_is_missing_at_once(folder: Path) -> None:
    async with opened(folder) as backend, warden(folder / "python.1.sock"):
        with pytest.raises(ToolchainMissing, match=r"no warden of cpp in .*\(cpp.NAME.sock\)"):
            await backend.start(find("cpp"))
        started = asyncio.get_running_loop().time()
        with pytest.raises(ToolchainMissing):
            await backend.start(find("cpp"))
        assert asyncio.get_running_loop().time() - started < 0.15


async def test_a_socket_that_nobody_listens_on_is_passed_over(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "python.0.sock"))
    async with opened(folder) as backend, warden(folder / "python.1.sock"):
        sandbox = await backend.start(find("python"))
        assert sandbox.name == "attached-python.1"
        await sandbox.destroy()


async def test_a_folder_that_samples_could_enter_is_refused(folder: Path) -> None:
    folder.chmod(0o755)
    with pytest.raises(BackendUnavailable, match="chmod 700"):
        async with opened(folder):
            pass
    with pytest.raises(BackendUnavailable, match="No such file"):
        async with opened(folder / "none"):
            pass


async def test_a_warden_without_walls_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HELLO, "layers", {"seccomp": True})
    async with opened(folder) as backend, warden(folder / "python.1.sock"):
        with pytest.raises(BackendUnavailable, match="without no-network"):
            await backend.start(find("python"))
