"""`make soak ARGS="service"`: a hundred thousand samples over HTTP, while everything is killed.

A service (`veristone serve --jobs`) is sent samples whose verdicts are known: in batches, one at a
time, over SandboxFusion's path, as jobs, and by clients that vanish before their answer. Meanwhile
sandboxes are killed, and the service is stopped twice: once by SIGTERM, once by SIGKILL, and
started again. Then it is held against what was promised:

- whoever waits gets the right verdict, however often it has to ask; none is wrong, none twice;
- what was under way at SIGTERM is answered before the service ends;
- every line of every job that was accepted has one record, the right one, in order;
- nothing is answered with status 500, and no traceback is in the service's log;
- memory is flat, no sandbox outlives its service, and at the end nothing runs or waits.

Exit status 1 where anything of this does not hold.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.soak import resident_mib, sandboxes_of

__all__ = ["main"]

_BATCH, _JOB = 250, 500
_SENDERS = 8
_VANISHING = 0.05
_PATIENCE_S = 300.0
_SETTLED = 0.2
"""Share of the samples after which a service has taken what memory it needs."""
_GROWTH_MIB = 48
_WAY_S = 0.3
"""In which a request has reached the service: what is sent into a connection that the service
closes at that moment was never its."""
_SAID = 3000
"""Characters that are kept of what the service says on standard error."""
_NEVER_GIVEN = range(20_000, 32_768)
"""Ports below those that Linux gives to who asks for any (ip_local_port_range)."""
_AWAY = (aiohttp.ClientError, ConnectionError, TimeoutError, json.JSONDecodeError)


def _sample(number: int) -> dict[str, Any]:
    """Return a sample; every third one ends badly."""
    return {"id": str(number), "code": f"import sys; sys.exit({int(number % 3 == 0)})"}


def _wanted(name: str) -> str:
    return "fail" if int(name) % 3 == 0 else "pass"


def _free_port() -> int:
    """Return a port that the kernel gives to nobody while the service is between two starts."""
    for port in random.sample(_NEVER_GIVEN, 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise SystemExit("no port is free")


class _Service:
    """The service, and its successors on the same port and the same folder of jobs."""

    def __init__(self, folder: Path, backend: str, workers: int) -> None:
        self.port = _free_port()
        self._words = ["--port", str(self.port), "--jobs", str(folder), "--backend", backend]
        self._words += ["--workers", str(workers)]
        self.process: asyncio.subprocess.Process | None = None
        self.said = ""
        self.breaches: list[str] = []
        self.settled_mib = self.most_mib = 0.0
        self._sandboxes: set[int] = set()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        """Start it and wait until it answers."""
        words = (sys.executable, "-m", "veristone", "serve", *self._words)
        self.process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.PIPE)
        assert self.process.stderr is not None
        said = (await self.process.stderr.readline()).decode()
        if "listening on" not in said:
            raise SystemExit(f"the service did not start: {said}")
        self._listening = asyncio.ensure_future(self._listen(self.process.stderr))
        self.settled_mib = 0.0

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        """Keep the end of what it says, also where nobody asks before it is killed."""
        self.said = ""
        while piece := await stderr.read(4096):
            self.said = (self.said + piece.decode(errors="replace"))[-_SAID:]

    async def stop(self, number: signal.Signals) -> None:
        """End it, and see that nothing of it stays."""
        assert self.process is not None
        sandboxes = self.sandboxes()
        self.process.send_signal(number)
        status = await self.process.wait()
        await self._listening
        if "Traceback" in self.said or (number == signal.SIGTERM and status != 0):
            self.breaches.append(f"{number.name}: exit status {status}: {self.said}")
        await self._expect_gone(sandboxes)

    def sandboxes(self) -> set[int]:
        """Return the processes that are its sandboxes."""
        return sandboxes_of(self.pid)

    async def _expect_gone(self, sandboxes: set[int]) -> None:
        end = time.monotonic() + 30
        while alive := {pid for pid in sandboxes if resident_mib(pid)}:
            if time.monotonic() > end:
                self.breaches.append(f"outlived the service: {sorted(alive)}")
                return
            await asyncio.sleep(0.1)

    def weigh(self, *, settled: bool) -> None:
        """Look how large it is."""
        now = resident_mib(self.pid)
        self.most_mib = max(self.most_mib, now)
        if not settled:
            return
        self.settled_mib = self.settled_mib or now
        if now > self.settled_mib + _GROWTH_MIB:
            self.breaches.append(f"{now:.0f} MiB, {self.settled_mib:.0f} when it had settled")
            self.settled_mib = now


class _Load:
    """Sends samples until there are enough, and compares what comes back."""

    def __init__(self, service: _Service, options: argparse.Namespace) -> None:
        self._service = service
        self._total: int = options.samples
        self._chance = random.Random(options.seed)
        self._next = 0
        self.answered = 0
        self.done: Counter[str] = Counter()
        self.breaches = service.breaches
        self.jobs: dict[str, range] = {}
        self._drains = 0.0
        """When the service was told to end, while it does."""

    async def run(self) -> None:
        """Send everything, do the worst meanwhile, and wait for the jobs."""
        url = f"http://127.0.0.1:{self._service.port}"
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=_PATIENCE_S)
        await self._service.start()
        async with aiohttp.ClientSession(url, connector=connector, timeout=timeout) as session:
            self._session = session
            async with asyncio.TaskGroup() as group:
                for _ in range(_SENDERS):
                    group.create_task(self._send())
                group.create_task(self._torment())
            await self._see_jobs()
            await self._see_rest()
        await self._service.stop(signal.SIGTERM)

    def _take(self, count: int) -> range:
        first, self._next = self._next, min(self._next + count, self._total)
        return range(first, self._next)

    async def _send(self) -> None:
        ways = [(self._batch, _BATCH), (self._job, _JOB), (self._single, 1), (self._run_code, 1)]
        weights = [0.01, 0.003, 0.5, 0.487]
        while self._next < self._total:
            if self._chance.random() < _VANISHING:
                await self._vanish()
            way, count = self._chance.choices(ways, weights)[0]
            if numbers := self._take(count):
                await way(numbers)
                self.answered += len(numbers)

    async def _ask(
        self,
        path: str,
        body: Callable[[], str],
        read: Callable[[aiohttp.ClientResponse], Awaitable[bool]],
    ) -> None:
        """Ask, again and again, until `read` is content with the answer."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                async with self._session.post(path, data=body()) as response:
                    if await read(response):
                        return
                self.done[f"asked again: {response.status}"] += 1
                if response.status == HTTPStatus.INTERNAL_SERVER_ERROR:
                    self.breaches.append(f"{path}: status 500")
            except _AWAY as error:
                self.done["asked again: connection lost"] += 1
                came_in = not isinstance(error, aiohttp.ClientConnectorError)
                if came_in and began < self._drains - _WAY_S:
                    self.breaches.append(f"{path}: under way at SIGTERM, and lost: {error!r}")
            await asyncio.sleep(0.05)
        self.breaches.append(f"{path}: no answer in {_PATIENCE_S:.0f} s")

    async def _single(self, numbers: range) -> None:
        sample = _sample(numbers[0])

        async def read(response: aiohttp.ClientResponse) -> bool:
            if response.status == 200:
                self._compare(sample["id"], (await response.json())["decision"])
            return response.status == 200

        await self._ask("/v1/verify", lambda: json.dumps(sample), read)

    async def _run_code(self, numbers: range) -> None:
        sample = _sample(numbers[0])

        async def read(response: aiohttp.ClientResponse) -> bool:
            if response.status == 200:
                status: str = (await response.json())["status"]
                decision = {"Success": "pass", "Failed": "fail"}.get(status, status)
                self._compare(sample["id"], decision)
            return response.status == 200

        body = json.dumps({"code": sample["code"], "language": "python"})
        await self._ask("/run_code", lambda: body, read)

    async def _batch(self, numbers: range) -> None:
        left = {str(number) for number in numbers}

        def body() -> str:
            return "\n".join(json.dumps(_sample(int(name))) for name in sorted(left, key=int))

        async def read(response: aiohttp.ClientResponse) -> bool:
            async for line in response.content:
                verdict = json.loads(line)
                if verdict.get("decision") in ("pass", "fail"):
                    if verdict["id"] not in left:
                        self.breaches.append(f"{verdict['id']}: a second verdict")
                    left.discard(verdict["id"])
                    self._compare(verdict["id"], verdict["decision"])
            return not left

        await self._ask("/v1/verify_batch", body, read)

    async def _job(self, numbers: range) -> None:
        lines = "\n".join(json.dumps(_sample(number)) for number in numbers)

        async def read(response: aiohttp.ClientResponse) -> bool:
            if response.status == 202:
                self.jobs[(await response.json())["id"]] = numbers
                self.done["jobs"] += 1
            return response.status == 202

        await self._ask("/v1/jobs", lambda: lines, read)

    async def _vanish(self) -> None:
        """Send a request, or a part of one, and leave."""
        self.done["clients that vanished"] += 1
        body = json.dumps(_sample(1)).encode()
        head = f"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        request = head.encode() + body
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self._service.port)
            writer.write(request[: self._chance.randrange(1, len(request) + 1)])
            await asyncio.sleep(self._chance.choice((0, 0.002, 0.02)))
            writer.transport.abort()

    def _compare(self, name: str, decision: str) -> None:
        self.done[f"verdicts: {decision}"] += 1
        if decision != _wanted(name):
            self.breaches.append(f"{name}: {decision}, not {_wanted(name)}")

    async def _torment(self) -> None:
        """Kill sandboxes, and twice the service, at moments spread over the run."""
        kills = max(4, self._total // 2000)
        due = sorted(self._chance.uniform(0.05, 0.95) * self._total for _ in range(kills))
        stops = [(0.33, signal.SIGTERM), (0.66, signal.SIGKILL)]
        begun = 0
        while self._next < self._total:
            await asyncio.sleep(0.05)
            self._service.weigh(settled=self.answered - begun > _SETTLED * self._total)
            if due and self._next > due[0]:
                due.pop(0)
                self._kill_one()
            if stops and self._next > stops[0][0] * self._total:
                await self._restart(stops.pop(0)[1])
                begun = self.answered
        for _, number in stops:  # the senders were faster than a start
            await self._restart(number)

    def _kill_one(self) -> None:
        sandboxes = sorted(self._service.sandboxes())
        if sandboxes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._chance.choice(sandboxes), signal.SIGKILL)
                self.done["sandboxes or workers killed"] += 1

    async def _restart(self, number: signal.Signals) -> None:
        self.done[f"services ended by {number.name}"] += 1
        self._drains = time.monotonic() if number == signal.SIGTERM else 0.0
        await self._service.stop(number)
        self._drains = 0.0
        await self._service.start()

    async def _see_jobs(self) -> None:
        end = time.monotonic() + _PATIENCE_S
        for name, numbers in self.jobs.items():
            while True:
                async with self._session.get(f"/v1/jobs/{name}") as response:
                    job = await response.json()
                if job.get("status") == "done":
                    break
                if time.monotonic() > end:
                    self.breaches.append(f"job {name} is not done: {job}")
                    return
                await asyncio.sleep(0.1)
            async with self._session.get(f"/v1/jobs/{name}/results") as response:
                records = [json.loads(line) async for line in response.content]
            if [each["id"] for each in records] != [str(number) for number in numbers]:
                self.breaches.append(f"job {name}: not one record each, in order")
            for each in records:
                self._compare(each["id"], each["decision"])

    async def _see_rest(self) -> None:
        async with self._session.get("/health") as response:
            health = await response.json()
        if (health["status"], health["running"], health["waiting"]) != ("ok", 0, 0):
            self.breaches.append(f"at the end: {health}")


def main(arguments: list[str]) -> int:
    """Run it; return 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="make soak ARGS=service", description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--backend", default="bubblewrap", choices=["bubblewrap", "docker"])
    options = parser.parse_args(arguments)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="veristone-soak-") as folder:
        service = _Service(Path(folder), options.backend, options.workers)
        load = _Load(service, options)
        asyncio.run(load.run())
    judged = sum(number for what, number in load.done.items() if what.startswith("verdicts"))
    if judged != options.samples:
        load.breaches.append(f"{options.samples} samples, {judged} verdicts")
    seconds = time.monotonic() - started
    print(f"{options.samples} samples over HTTP, seed {options.seed}, {seconds:.0f} s")
    for what, number in sorted(load.done.items()):
        print(f"  {number:6} {what}")
    print(f"  {service.most_mib:6.0f} MiB at most in the service")
    for breach in load.breaches[:50]:
        print(f"BREACH {breach}")
    print(f"{len(load.breaches)} breaches" if load.breaches else "every promise held")
    return 1 if load.breaches else 0
