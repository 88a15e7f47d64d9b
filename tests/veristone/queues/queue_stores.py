"""The three back ends for the tests, and a Redis server of our own."""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from backends import give_up

from veristone.queues import Item, Policy, RedisQueue, SampleQueue, SQLiteQueue

_names = itertools.count()


class FakeClock:
    """Wall seconds that pass when the test says so."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Store:
    """One place for queues, which can be opened again and, but for memory, by others."""

    kind: str
    where: str
    name: str = ""
    memory: SQLiteQueue | None = None

    @property
    def shared(self) -> bool:
        return self.kind != "memory"

    def queue(
        self, policy: Policy | None = None, clock: FakeClock | None = None, name: str = "queue"
    ) -> SampleQueue:
        if self.kind == "redis":
            return RedisQueue(self.where, self.name, policy, name=name, clock=clock)
        if self.memory is not None:
            return self.memory.beside(name, policy)
        where = self.where if self.kind == "sqlite" else ":memory:"
        queue = SQLiteQueue(where, policy, name=name, clock=clock)
        self.memory = queue if self.kind == "memory" else None
        return queue

    def arguments(self) -> list[str]:
        return [self.kind, self.where, self.name]


def new_store(kind: str, folder: Path, redis_url: str = "") -> Store:
    if kind == "sqlite":
        return Store(kind, str(folder / f"{next(_names)}.queue"))
    return Store(kind, redis_url, f"q{os.getpid()}-{next(_names)}")


@contextlib.contextmanager
def redis_server(*options: str) -> Generator[str]:
    """A server on a Unix socket in a short folder; gives its address."""
    if shutil.which("redis-server") is None:
        give_up("redis: the program redis-server is missing (apt-get install redis-server)")
    try:
        import redis
    except ImportError:
        give_up("redis: the Python package redis is missing (pip install redis)")
        raise
    folder = tempfile.mkdtemp(prefix="vsq", dir="/tmp")
    socket = f"{folder}/s"
    command = ["redis-server", "--port", "0", "--unixsocket", socket, "--dir", folder]
    server = subprocess.Popen(
        [*command, "--save", "", "--appendonly", "no", *options], stdout=subprocess.DEVNULL
    )
    try:
        with redis.Redis(unix_socket_path=socket) as client:
            for _ in range(200):
                with contextlib.suppress(redis.ConnectionError):
                    if client.ping():
                        break
                time.sleep(0.05)
            else:
                raise RuntimeError("redis-server does not answer")
        yield f"unix://{socket}"
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def items(keys: Sequence[str] | int) -> list[Item]:
    names = [f"k{n:04d}" for n in range(keys)] if isinstance(keys, int) else keys
    return [Item(key, b"payload of " + key.encode()) for key in names]
