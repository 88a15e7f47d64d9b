"""Clients that mean harm, over sockets: no fault of ours, no memory, no connection for ever."""

import asyncio
import contextlib
import gzip
import json
import resource
import socket
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
import wsproto
import wsproto.events

from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import FakeBackend
from veristone.service import Service, ServiceConfig, protocol
from veristone.service.serve import _Server, http_settings

GOOD = b'{"code": "print(1)"}'


@contextlib.asynccontextmanager
async def listening(delay_s: float = 0.0, **settings: Any) -> AsyncGenerator[int]:
    """Yield the port of a service over a scripted back end."""
    config = ServiceConfig.model_validate({"canary_s": 0, "drain_s": 1} | settings)
    engine = EngineConfig(sandboxes=2, attempts=1)
    async with (
        Engine(engine, backend=FakeBackend(delay_s=delay_s)) as opened,
        Service(opened, config) as app,
    ):
        http = http_settings(app, config, alone=True)
        listener = socket.create_server(("127.0.0.1", 0))
        server = _Server(http)
        serving = asyncio.ensure_future(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        listener.listen(2048)  # asyncio takes what it accepts at a time for this, too
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


def post(path: str, body: bytes, *lines: str, length: int | None = None) -> bytes:
    """Return a request as it is sent; `length` in place of the body's own, -1: none is said."""
    head = [f"POST {path} HTTP/1.1", "Host: service", *lines]
    if length != -1:
        head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*head, "", ""]).encode() + body


async def told(port: int, *pieces: bytes, pause_s: float = 0.05) -> bytes:
    """Return all that is answered to pieces, until the service hangs up or asks for no more."""
    source, sink = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        sink.write(piece)
        await asyncio.sleep(pause_s)
    answer = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(1.0):
            while more := await source.read(65536):
                answer += more
    sink.close()
    return answer


def statuses(answer: bytes) -> list[int]:
    """Return the status of each answer."""
    return [int(each[:3]) for each in answer.split(b"HTTP/1.1 ")[1:]]


async def hangs_up(port: int, *pieces: bytes, pause_s: float = 0.02) -> bool:
    """Return whether the service ends a connection that goes on with the last piece for ever."""
    source, sink = await asyncio.open_connection("127.0.0.1", port)

    async def read() -> None:
        while await source.read(65536):
            pass

    reading = asyncio.ensure_future(read())
    with contextlib.suppress(ConnectionError):
        for piece in pieces[:-1]:
            sink.write(piece)
            await asyncio.sleep(0.1)
        for _ in range(250):
            if reading.done():
                break
            sink.write(pieces[-1])
            await asyncio.sleep(pause_s)
    ended = reading.done()
    reading.cancel()
    sink.close()
    return ended


CHUNKED = "Transfer-Encoding: chunked"
REFUSED = {
    "two lengths": post("/v1/verify", GOOD, "Content-Length: 3"),
    "length and chunks": post("/v1/verify", b"0\r\n\r\n", CHUNKED),
    "unknown coding": post("/v1/verify", GOOD, "Transfer-Encoding: xchunked", length=-1),
    "length with a sign": post("/v1/verify", GOOD, "Content-Length: +20", length=-1),
    "length without end": post("/v1/verify", b"", length=10**30),
    "chunk without end": post("/v1/verify", b"f" * 20 + b"\r\n", CHUNKED, length=-1),
    "folded header": post("/v1/verify", GOOD, "A: b\r\n c"),
    "space before a colon": post("/v1/verify", GOOD, "A : b"),
    "NUL in a header": post("/v1/verify", GOOD, "A: b\0c"),
    "bare line feeds": b"GET /health HTTP/1.1\nHost: x\n\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "CONNECT": b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "path in UTF-8": b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
    "head of one large piece": b"GET /health HTTP/1.1\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
    "empty body": post("/v1/verify", b""),
    "not UTF-8": post("/v1/verify", b'{"code": "\xff"}'),
    "NaN": post("/v1/verify", b'{"code": "", "limits": {"cpu_s": NaN}}'),
    "too large a number": post("/v1/verify", b'{"code": "", "limits": {"cpu_s": 1e999}}'),
    "too large an integer": post("/v1/verify", b'{"code": "", "id": ' + b"9" * 6000 + b"}"),
    "half a surrogate": post("/v1/verify", b'{"code": "\\ud800 x"}'),
    "byte order mark": post("/v1/verify", b"\xef\xbb\xbf" + GOOD),
    "nested": post("/v1/verify", b"[" * 100_000),
    "compressed": post("/v1/verify", gzip.compress(GOOD), "Content-Encoding: gzip"),
}


async def test_what_is_no_request_is_refused_and_judged_by_nobody() -> None:
    async with listening() as port:
        answers = await asyncio.gather(*(told(port, sent) for sent in REFUSED.values()))
        found = dict(zip(REFUSED, map(statuses, answers), strict=True))
        assert {name for name, answer in found.items() if answer != [400]} == set()


async def test_a_body_that_is_not_there_is_missed_by_name() -> None:
    async with listening() as port:
        for path in ("/v1/verify", "/run_code", "/api/v2/execute"):
            assert b"a body is expected, and there is none" in await told(port, post(path, b""))


async def test_odd_requests_have_their_answer() -> None:
    good = post("/v1/verify", GOOD)
    chunks = b"14\r\n" + GOOD + b"\r\n0\r\nTrailer: x\r\n\r\n"
    wanted = {
        b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n": [405],
        b"PURGE /health HTTP/1.1\r\nHost: x\r\n\r\n": [405],
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n": [404],
        b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n": [404],
        b"GET /health HTTP/1.1\r\nHost:\r\n\r\n": [200],
        b"GET http://other/health HTTP/1.1\r\nHost: x\r\n\r\n": [200],
        post("/v1/%76erify", GOOD): [200],
        post("/v1/verify", chunks, CHUNKED, length=-1): [200],
        b"GET /health HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n": [200],
        good * 3: [200, 200, 200],
        good + b"\0\r\n\r\n": [400],
    }
    async with listening() as port:
        answers = await asyncio.gather(*(told(port, sent) for sent in wanted))
        assert dict(zip(wanted, map(statuses, answers), strict=True)) == wanted
        asked = post("/v1/verify", b"", "Expect: 100-continue", length=len(GOOD))
        assert statuses(await told(port, asked, GOOD)) == [100, 200]


@pytest.mark.parametrize("pieces", [1, 2, 40])
async def test_who_would_rather_speak_another_protocol_is_answered_in_this_one(pieces: int) -> None:
    wish = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAQAA")
    sent = 2 * post("/v1/verify", GOOD, *wish) + post("/v1/verify", GOOD, "Connection: close")
    size = -(-len(sent) // pieces)
    async with listening() as port:
        parts = [sent[start : start + size] for start in range(0, len(sent), size)]
        answer = await told(port, *parts, pause_s=0.002)
    assert statuses(answer) == [200, 200, 200], answer


@pytest.mark.parametrize(
    "pieces",
    [
        (b"GET /health HTTP/1.1\r\n\r\n", b"\r\n"),
        (b"GET /health HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (post("/nowhere", b"", CHUNKED, length=-1), b"1\r\nx\r\n"),
        (b"GET /health HTTP/1.1\r\n", b"A: b\r\n"),
    ],
    ids=["empty lines", "a body that is not wanted", "chunks that do not end", "a slow head"],
)
async def test_who_sends_on_for_ever_is_hung_up_on(
    pieces: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "_HEAD_S", 0.5)
    monkeypatch.setattr(protocol, "_REST_S", 0.5)
    async with listening() as port:
        assert await hangs_up(port, *pieces)


async def test_who_does_not_read_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_UNREAD_S", 0.5)
    async with listening() as port:
        with socket.create_connection(("127.0.0.1", port)) as silent:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            silent.setblocking(False)
            loop = asyncio.get_running_loop()
            # Lines that are no samples have their answers at once.
            await loop.sock_sendall(silent, post("/v1/verify_batch", b"[]\n" * 300_000))
            assert await loop.sock_recv(silent, 1000)
            await asyncio.sleep(3)
            last = b""
            with contextlib.suppress(ConnectionError):
                while more := await loop.sock_recv(silent, 2**20):
                    last = more[-5:]
        assert last != b"0\r\n\r\n"  # it has no end


async def health(port: int) -> Any:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{port}/health")).json()


async def test_requests_in_advance_are_few() -> None:
    async with listening(delay_s=0.5) as port:
        ahead = post("/v1/verify", GOOD) + b"GET /health HTTP/1.1\r\n\r\n" * 5000
        assert statuses(await told(port, ahead)) == [400]
        few = post("/v1/verify", GOOD) + b"GET /health HTTP/1.1\r\n\r\n" * 20
        assert statuses(await told(port, few)) == [200] * 21


async def test_a_body_that_is_sent_in_advance_is_not_read() -> None:
    """Each sample of the batch in front asks whether its sender is there."""
    async with listening(delay_s=0.05) as port:
        _, sink = await asyncio.open_connection("127.0.0.1", port)
        sink.write(post("/v1/verify_batch", (GOOD + b"\n") * 400))
        sink.write(post("/v1/verify", b"", length=60 * 2**20))
        taken = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(3):
                while True:
                    sink.write(b" " * 2**18)
                    await sink.drain()
                    taken += 2**18
        assert taken < 20 * 2**20
        sink.transport.abort()


async def test_bytes_that_are_promised_take_no_room() -> None:
    async with listening(max_bodies_mib=4, max_body_mib=4) as port:
        promises = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        for _, sink in promises[:4]:
            sink.write(post("/v1/verify", b" ", length=4 * 2**20 - 100))
        for _, sink in promises[4:]:
            sink.write(post("/v1/verify", b"1\r\n \r\n", CHUNKED, length=-1))
        await asyncio.sleep(0.2)
        assert statuses(await told(port, post("/v1/verify", GOOD))) == [200]
        for _, sink in promises[:2]:  # what comes does, and whoever is one too many is refused
            sink.write(b" " * (3 * 2**20))
        await asyncio.sleep(0.5)
        assert statuses(await promises[1][0].read(200)) == [429]
        for _, sink in promises:
            sink.close()


@pytest.mark.parametrize("path", ["/v1/verify/", "//v1//verify", "/v1/%76erify"])
async def test_other_spellings_of_a_path_have_its_bounds(path: str) -> None:
    async with listening(deadline_s=0.3) as port:
        assert statuses(await told(port, post(path, b"{", length=100))) == [408]


async def test_connections_leave_files_for_sandboxes(monkeypatch: pytest.MonkeyPatch) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    monkeypatch.setattr(protocol, "_KEPT_FREE", most - 20)
    async with listening() as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(60)]
        assert statuses(await told(port, post("/v1/verify", GOOD))) == [200]
        await asyncio.sleep(0.1)
        assert sum(source.at_eof() for source, _ in idle) >= 40
        for _, sink in idle:
            sink.close()


async def test_a_crowd_comes_in_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between them samples are judged: a turn of the event loop must not be long."""
    came = 0
    made = protocol.BoundedProtocol.connection_made

    def counted(self: protocol.BoundedProtocol, transport: asyncio.Transport) -> None:
        nonlocal came
        came += 1
        made(self, transport)

    monkeypatch.setattr(protocol.BoundedProtocol, "connection_made", counted)
    async with listening() as port:
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(300)]
        most = 0
        while came < len(crowd):
            before = came
            await asyncio.sleep(0)
            most = max(most, came - before)
        assert most <= 32
        for each in crowd:
            each.close()


def upgraded(port: int) -> tuple[wsproto.WSConnection, bytes]:
    client = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    return client, client.send(wsproto.events.Request(host=f"127.0.0.1:{port}", target="/ws"))


async def test_pings_whose_pongs_nobody_reads_end_a_websocket() -> None:
    async with listening() as port:
        client, hello = upgraded(port)
        source, sink = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        sink.write(hello)
        client.receive_data(await source.readuntil(b"\r\n\r\n"))
        assert [type(each) for each in client.events()] == [wsproto.events.AcceptConnection]
        pings = b"".join(client.send(wsproto.events.Ping(b"x" * 100)) for _ in range(1000))
        async with asyncio.timeout(30):
            with contextlib.suppress(ConnectionError):
                for _ in range(2000):  # 200 MB
                    sink.write(pings)
                    await sink.drain()
                pytest.fail("all of it was taken")


@pytest.mark.parametrize(
    "sent",
    [b"\xff\xff\xff\xff\xff", b"\x81\x05hello", b"\x81\xfe\xff\xff", b"\xc1\x80abcd"],
    ids=["no opcode", "not masked", "half a message", "compressed"],
)
async def test_websockets_that_are_none_end(sent: bytes) -> None:
    async with listening() as port:
        _, hello = upgraded(port)
        answer = await told(port, hello, sent)
        assert statuses(answer) == [101]
        assert b"permessage-deflate" not in answer
        assert (await health(port))["status"] == "ok"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "a\0b", ""])
async def test_files_of_a_request_stay_in_the_work_folder(name: str, tmp_path: Path) -> None:
    async with listening() as port:
        request = {"code": "print(1)", "fetch_files": [name]}
        answer = await told(port, post("/run_code", json.dumps(request).encode()))
        assert statuses(answer) == [422], answer
