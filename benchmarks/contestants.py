"""Each way to run the programs, as a function that returns seconds per program."""

import asyncio
import io
import os
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from veristone import Sample
from veristone.engine import Engine
from veristone.engine.languages import find

__all__ = ["Reference", "veristone_cpu_s", "veristone_latency", "veristone_rate"]

_BASELINES = Path(__file__).parent / "baselines"


async def veristone_rate(engine: Engine, programs: Sequence[str], repeat: int) -> float:
    """Return programs per second through `verify_stream`."""
    samples = [Sample(code=code) for code in programs]
    started = time.perf_counter()
    count = 0
    async for _ in engine.verify_stream(sample for _ in range(repeat) for sample in samples):
        count += 1
    return count / (time.perf_counter() - started)


def veristone_cpu_s(client: Any) -> float:
    """Return the CPU seconds that this process and its Docker sandboxes have used so far."""
    mine = client.containers.list(filters={"label": f"veristone.pid={os.getpid()}"})
    stats = (client.api.stats(each.id, stream=False, one_shot=True) for each in mine)
    return time.process_time() + sum(
        each["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9 for each in stats
    )


async def veristone_latency(
    engine: Engine, programs: Sequence[str], count: int
) -> tuple[list[float], list[float]]:
    """Return end-to-end seconds and seconds inside the warden, one sample in flight."""
    outside: list[float] = []
    inside: list[float] = []
    for number in range(count):
        sample = Sample(code=programs[number % len(programs)])
        started = time.perf_counter()
        verdict = await engine.verify(sample)
        outside.append(time.perf_counter() - started)
        inside.append(verdict.usage.inside_s)
    return outside, inside


class Reference:
    """A container of the sandbox's own image, without any of its walls, for the baselines."""

    def __init__(self, client: Any, programs: Sequence[str], workers: int) -> None:
        self._client = client
        self._programs = programs
        self._workers = workers
        self._image = find("python").image()
        self._container: Any = None

    def __enter__(self) -> "Reference":
        """Start the container with the programs and the baselines in it."""
        self._container = self._client.containers.run(
            self._image,
            ["-c", "import time; time.sleep(100000)"],
            entrypoint="python3",
            detach=True,
            network_mode="none",
            labels={"veristone.bench": "1"},
            init=True,
        )
        self._container.put_archive("/", _packed(self._programs))
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the container."""
        self._container.remove(force=True)

    def rate(self, script: str, *arguments: str, count: int | None = None) -> float:
        """Run a baseline script inside; return programs (or forks) per second."""
        done = count if count is not None else len(self._programs)
        return done / self._run(script, *arguments, count=count)[0]

    def zygote(self) -> tuple[float, float]:
        """Return the programs per second of the bare zygote, and CPU seconds per program."""
        took_s, used_s = self._run("bare_zygote.py")
        return len(self._programs) / took_s, used_s / len(self._programs)

    def _run(self, script: str, *arguments: str, count: int | None = None) -> list[float]:
        """Run a baseline script inside; return the numbers that it prints."""
        words = " ".join((str(self._workers), *arguments))
        programs = range(len(self._programs)) if count is None else ()
        listing = " ".join(f"/bench/{n}.py" for n in programs)
        code, output = self._container.exec_run(
            ["sh", "-c", f"echo {listing} | python3 /bench/{script} {words}"], workdir="/tmp"
        )
        if code != 0:
            raise RuntimeError(f"{script}: {output.decode(errors='replace')[-500:]}")
        return [float(word) for word in output.split()]

    async def exec_rate(self, count: int) -> float:
        """Return programs per second with one `docker exec` each."""

        def one(number: int) -> None:
            self._container.exec_run(["python3", f"/bench/{number % len(self._programs)}.py"])

        return await self._timed(one, count)

    async def run_rate(self, count: int) -> float:
        """Return programs per second with one `docker run --rm` each."""

        def one(number: int) -> None:
            self._client.containers.run(
                self._image,
                ["-c", self._programs[number % len(self._programs)]],
                entrypoint="python3",
                remove=True,
                network_mode="none",
                labels={"veristone.bench": "1"},
            )

        return await self._timed(_quietly(one), count)

    async def _timed(self, one: Any, count: int) -> float:
        started = time.perf_counter()
        numbers = iter(range(count))

        async def work() -> None:
            for number in numbers:
                await asyncio.to_thread(one, number)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(work())
        return count / (time.perf_counter() - started)


def _quietly(one: Any) -> Any:
    """A program that fails its tests is no failure of the benchmark."""
    import docker.errors

    def wrapped(number: int) -> None:
        try:
            one(number)
        except docker.errors.ContainerError:
            return

    return wrapped


def _packed(programs: Sequence[str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        contents = {f"{number}.py": code for number, code in enumerate(programs)}
        contents |= {path.name: path.read_text() for path in _BASELINES.glob("*.py")}
        for name, text in contents.items():
            data = text.encode()
            member = tarfile.TarInfo(f"bench/{name}")
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()
