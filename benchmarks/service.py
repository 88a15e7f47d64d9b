"""Verdicts per second over HTTP beside the same engine in process, and answers under overload.

    python -m benchmarks service [--rounds N] [--seconds N] [--backend NAME] [--peer URL]

A service in a process of its own, asked from here over loopback, and an engine in this process
judge the same trivial programs, one way after the other in each round, each for the same time; a
ratio is taken within its round. Client and service share the machine's cores, as they do nowhere
else, so the ratios are low rather than high. `--peer` names a SandboxFusion server on the same
machine, which is sent the same programs over the same path in the same rounds. All of it takes
about two minutes, however slow the machine is.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from benchmarks.record import machine, write
from veristone import Sample
from veristone.engine import Engine, EngineConfig

_BATCH = 512
_AT_ONCE = 64
_GOALS = {"/v1/verify_batch": 0.75, "/run_code, 64 at once": 0.5}
_PEER, _PEER_GOAL = "SandboxFusion's /run_code", 40.0
_PEER_AT_ONCE = 4
"""Its programs have ten seconds of wall time; with many at once on few cores it runs into them."""
_DEADLINE_S = 5.0
_WARM_S = 1.0
console = Console()


async def main(arguments: list[str]) -> None:
    """Run everything, print it, and write it down."""
    options = _options(arguments)
    record: dict[str, Any] = {"backend": options.backend, "peer": options.peer, **machine()}
    rates: dict[str, list[float]] = {"in process": [], **{name: [] for name in _GOALS}}
    config = EngineConfig(backend=options.backend)
    async with contextlib.AsyncExitStack() as stack:
        engine = await stack.enter_async_context(Engine(config))
        asked = await stack.enter_async_context(service(options.backend))
        await _in_process(engine, _WARM_S)
        await _run_code(asked, _WARM_S)
        peer = None
        if options.peer:
            peer = await stack.enter_async_context(aiohttp.ClientSession(options.peer))
            rates[_PEER] = []
        for number in range(options.rounds):
            console.print(f"round {number + 1} of {options.rounds}", highlight=False)
            rates["in process"].append(await _in_process(engine, options.seconds))
            rates["/v1/verify_batch"].append(await _batches(asked, options.seconds))
            rates["/run_code, 64 at once"].append(await _run_code(asked, options.seconds))
            if peer is not None:
                rates[_PEER].append(await _run_code(peer, options.seconds, _PEER_AT_ONCE))
        capacity = statistics.median(rates["/run_code, 64 at once"])
        record["overload"] = [
            await _overload(asked, capacity, times, options.seconds) for times in (1, 2, 10)
        ]
    record["rates"] = {name: [round(rate, 1) for rate in found] for name, found in rates.items()}
    record["ratios"] = {name: _ratio(rates[name], rates["in process"]) for name in _GOALS}
    if options.peer:
        ours = rates["/run_code, 64 at once"]
        record["times_the_peer"] = _ratio(ours, rates[_PEER])
    _show(record)
    console.print(f"record: {write('service', record)}", highlight=False)


def _ratio(rates: list[float], bases: list[float]) -> float:
    """Return the median of the ratios of each round."""
    return round(statistics.median(r / base for r, base in zip(rates, bases, strict=True)), 3)


@contextlib.asynccontextmanager
async def service(backend: str) -> AsyncGenerator[aiohttp.ClientSession]:
    """Start a service and yield a session whose paths are its own."""
    words = (sys.executable, "-m", "veristone", "serve", "--port", "0", "--backend", backend)
    child = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
    try:
        assert child.stderr is not None
        said = (await child.stderr.readline()).decode()
        if "listening on " not in said:
            raise SystemExit(f"the service did not start: {said}")
        address = said.split("listening on ")[1].split(";")[0]
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(address, connector=connector) as session:
            yield session
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


def _code(number: int) -> str:
    return f"print({number})"


def _until(end: float) -> Iterator[int]:
    """Yield numbers until the time is over."""
    return itertools.takewhile(lambda _: time.perf_counter() < end, itertools.count())


async def _in_process(engine: Engine, seconds: float) -> float:
    started, judged = time.perf_counter(), 0
    numbers = _until(started + seconds)
    samples = (Sample(code=_code(number), id=str(number)) for number in numbers)
    async for verdict in engine.verify_stream(samples, ordered=False):
        assert verdict.decision == "pass", verdict
        judged += 1
    return judged / (time.perf_counter() - started)


async def _batches(session: aiohttp.ClientSession, seconds: float) -> float:
    started, judged = time.perf_counter(), 0
    while time.perf_counter() < started + seconds:
        numbers = range(judged, judged + _BATCH)
        body = [{"code": _code(number), "id": str(number)} for number in numbers]
        async with session.post("/v1/verify_batch", json=body) as response:
            answers = [json.loads(line) async for line in response.content]
        assert sum(each["decision"] == "pass" for each in answers) == len(body)
        judged += len(body)
    return judged / (time.perf_counter() - started)


async def _run_code(
    session: aiohttp.ClientSession, seconds: float, at_once: int = _AT_ONCE
) -> float:
    started, judged = time.perf_counter(), 0
    numbers = _until(started + seconds)

    async def work() -> None:
        nonlocal judged
        for number in numbers:
            request = {"code": _code(number), "language": "python"}
            async with session.post("/run_code", json=request) as response:
                answer = await response.json()
                assert answer["status"] == "Success", answer
            judged += 1

    await asyncio.gather(*(work() for _ in range(at_once)))
    return judged / (time.perf_counter() - started)


async def _overload(
    session: aiohttp.ClientSession, capacity: float, times: float, seconds: float
) -> dict[str, Any]:
    """Send requests at `times` the rate that the service managed, whatever comes back.

    A request's time begins when it was due, so that neither side can hide that it came late. The
    sender is as small as can be: it lives on the service's own cores.
    """
    base = session._base_url  # pyright: ignore[reportPrivateUsage] - the address it was made with
    assert base is not None
    sender = _Sender(str(base.host), int(base.port or 80))
    rate = capacity * times
    started = time.perf_counter()
    for number in _until(started + seconds):  # a sender that cannot keep up sends fewer, not longer
        due = started + number / rate
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        await sender.send(due)
    sent_s = time.perf_counter() - started
    await sender.all_answered(4 * _DEADLINE_S)
    took = sorted(sender.took)
    return {
        "times": times,
        "sent_per_s": round(len(took) / sent_s, 1),
        "answers": dict(sender.answers),
        "verdicts_per_s": round(sender.answers["200"] / sent_s, 1),
        "p50_s": round(took[len(took) // 2], 3),
        "p99_s": round(took[len(took) * 99 // 100], 3),
        "after_deadline": sum(each > _DEADLINE_S for each in took),
    }


class _Sender:
    """Sends one and the same request over as many kept connections as are needed."""

    def __init__(self, host: str, port: int) -> None:
        body = json.dumps({"code": _code(1)}).encode()
        head = (
            f"POST /v1/verify?deadline_s={_DEADLINE_S} HTTP/1.1\r\nHost: {host}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body
        self._where = (host, port)
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._last = asyncio.Event()
        self.answers: Counter[str] = Counter()
        self.took: list[float] = []

    async def send(self, due: float) -> None:
        if not self._idle:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: _Connection(self), *self._where)
        connection = self._idle.pop()
        self._open.add(connection)
        connection.ask(self._request, due)

    def ready(self, connection: "_Connection") -> None:
        self._idle.append(connection)

    def answered(self, connection: "_Connection", status: str, due: float) -> None:
        self._open.discard(connection)
        if not self._open:
            self._last.set()
        self.answers[status] += 1
        self.took.append(time.perf_counter() - due)

    async def all_answered(self, patience_s: float) -> None:
        self._last.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                if self._open:
                    await self._last.wait()
        if self._open:
            self.answers["none"] += len(self._open)
        for connection in (*self._idle, *self._open):
            connection.close()


class _Connection(asyncio.Protocol):
    def __init__(self, sender: _Sender) -> None:
        self._sender = sender
        self._due: float | None = None
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sender.ready(self)

    def ask(self, request: bytes, due: float) -> None:
        self._due = due
        self._transport.write(request)

    def close(self) -> None:
        self._due = None
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found or self._due is None:
            return
        length = int(head.lower().split(b"content-length:")[1].split()[0])
        if len(body) >= length:
            status, due = head.split()[1].decode(), self._due
            self._got, self._due = b"", None
            self._sender.answered(self, status, due)
            self._sender.ready(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._due is not None:
            self._sender.answered(self, "connection lost", self._due)


def _show(record: dict[str, Any]) -> None:
    table = Table(title="trivial programs", title_justify="left")
    table.add_column("way")
    for name in ("verdicts/s", "of in process", "goal"):
        table.add_column(name, justify="right")
    for name, found in record["rates"].items():
        ratio = record["ratios"].get(name)
        goal = _GOALS.get(name)
        missed = ratio is not None and goal is not None and ratio < goal
        table.add_row(
            name,
            f"{statistics.median(found):.0f}",
            f"{ratio:.2f}" if ratio is not None else "",
            (f"{goal:.2f}" + (", not reached" if missed else "")) if goal is not None else "",
        )
    console.print(table)
    if "times_the_peer" in record:
        found, goal = record["times_the_peer"], _PEER_GOAL
        missed = "" if found >= goal else ", not reached"
        console.print(f"{found:.1f} times SandboxFusion; goal: {goal:.0f}{missed}", highlight=False)
    for load in record["overload"]:
        console.print(
            f"{load['times']} times the rate: {load['answers']}, {load['verdicts_per_s']}"
            f" verdicts/s, p50 {load['p50_s']} s, p99 {load['p99_s']} s,"
            f" {load['after_deadline']} after their deadline of {_DEADLINE_S} s",
            highlight=False,
        )


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks service", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each way in each round")
    parser.add_argument("--peer", metavar="URL", help="a SandboxFusion server on this machine")
    parser.add_argument("--backend", default="bubblewrap")
    return parser.parse_args(arguments)
