"""A store on a Redis server, for workers on several hosts. Redis 6.2 or newer, or Valkey.

One hash for each stage, one for the counts. Keeping is one Lua script, hence atomic. All results
are in the server's memory; durability is that of the server (see `veristone.queues.redis`).
"""

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Generator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

from veristone import ConfigError
from veristone.generators.synthesis.pipeline.store import Counts
from veristone.queues import QueueClosed, QueueUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RedisStore"]

_ANSWER_S = 30.0
_CONNECTIONS = 16
"""More callers than these wait for their turn, up to the answer's time limit."""
_KEEP = """
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then
    return redis.call('HGET', KEYS[1], ARGV[1])
end
for i = 3, #ARGV, 2 do
    redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1])
end
return false
"""
_PAGE = 50


class _Script(Protocol):
    def __call__(self, keys: Sequence[str], args: Sequence[object]) -> Awaitable[Any]: ...


class RedisStore:
    """See `ResultStore`. `run` is the name of the run, which all its workers give."""

    def __init__(self, url: str, run: str) -> None:
        self._url = url
        self._where = f"store {run} on Redis"
        self._prefix = f"veristone:{{{run}}}"
        self._redis: Redis | None = None
        self._script: _Script | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            ConfigError: the address is wrong, or the package redis is missing.
        """
        try:
            from redis.asyncio import BlockingConnectionPool, Redis
        except ImportError as error:
            raise ConfigError(
                "a run on Redis needs the Python package redis: pip install 'veristone[redis]'"
            ) from error
        try:
            pool = BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType] # of its options
                self._url,
                max_connections=_CONNECTIONS,
                timeout=_ANSWER_S,
                socket_timeout=_ANSWER_S,
                socket_connect_timeout=5,
            )
            redis = Redis.from_pool(pool)
        except ValueError as error:
            raise ConfigError(f"the address of a Redis server is wrong: {error}") from error
        try:
            with self._translated():
                await redis.ping()  # pyright: ignore[reportUnknownMemberType] # of its options
        except BaseException:
            await redis.aclose()
            raise
        self._redis = redis
        self._script = cast(_Script, redis.register_script(_KEEP))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        redis, self._redis = self._redis, None
        if redis is not None:
            await redis.aclose()

    async def get(self, stage: str, key: str) -> bytes | None:
        """See `ResultStore`."""
        with self._translated():
            return await cast("Awaitable[bytes | None]", self._open.hget(self._results(stage), key))

    async def keep(self, stage: str, key: str, payload: bytes, counts: Mapping[str, int]) -> bytes:
        """See `ResultStore`."""
        script = self._script
        assert script is not None
        flat = [part for name, number in counts.items() for part in (f"{stage}\0{name}", number)]
        keys = [self._results(stage), f"{self._prefix}:counts"]
        with self._translated():
            _ = self._open
            earlier = await script(keys, [key, payload, *flat])
        return payload if earlier is None else cast(bytes, earlier)

    async def counts(self) -> Counts:
        """See `ResultStore`."""
        with self._translated():
            flat = await cast(
                "Awaitable[dict[bytes, bytes]]", self._open.hgetall(f"{self._prefix}:counts")
            )
        counts: Counts = {}
        for field, number in flat.items():
            stage, _, name = field.decode().partition("\0")
            counts.setdefault(stage, {})[name] = int(number)
        return counts

    async def items(self, stage: str) -> AsyncGenerator[tuple[str, bytes]]:
        """See `ResultStore`.

        While results are kept, one may come twice; none that was there at the start is missing.
        """
        cursor = 0
        while True:
            with self._translated():
                cursor, page = await cast(
                    "Awaitable[tuple[int, dict[bytes, bytes]]]",
                    self._open.hscan(self._results(stage), cursor, count=_PAGE),
                )
            for key, payload in page.items():
                yield key.decode(), payload
            if cursor == 0:
                return

    def _results(self, stage: str) -> str:
        return f"{self._prefix}:results:{stage}"

    @property
    def _open(self) -> "Redis":
        if self._redis is None:
            raise QueueClosed(f"{self._where} is closed")
        return self._redis

    @contextlib.contextmanager
    def _translated(self) -> Generator[None]:
        """Say what an error of Redis means for a store."""
        from redis import exceptions

        try:
            yield
        except (exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
            raise ConfigError(f"{self._where}: the server refuses us: {error}") from error
        except (exceptions.RedisError, OSError) as error:
            raise QueueUnavailable(f"{self._where}: {error}") from error
