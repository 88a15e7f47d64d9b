"""A queue on a Redis server, for several hosts. Redis 6.2 or newer, or Valkey.

First deliveries come from a Redis Stream through a consumer group, so `XINFO` and `XPENDING` show
operators what is going on. Leases are kept beside it, because XAUTOCLAIM knows only one idle time
for all, cannot fence, and does not delay. Every step is one Lua script (`redis_queue.lua`), hence
atomic.

Durability is that of the server: with ``appendfsync always`` what a verb returned for is on disk,
with the usual ``everysec`` a crash of the server can lose its last second. A server that may evict
keys is refused. All keys of a queue share one hash slot. Leases are measured by the server's clock.
"""

import contextlib
import json
import os
import secrets
import socket
from collections.abc import Awaitable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from veristone import ConfigError
from veristone.queues.base import Clock, SampleQueue
from veristone.queues.errors import QueueClosed, QueueUnavailable
from veristone.queues.policy import Policy, parse_policy
from veristone.queues.steps import AckStep, PutStep, Return, to_its_end
from veristone.queues.values import DeadLetter, Item, Lease, Outcome, Stats, Token

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RedisQueue"]

_FORMAT = b"veristone-queue-2"
_GROUP = "c"
# In the order of the script's list.
_PARTS = (
    *("queue", "stream", "seen", "items", "leased", "returned", "dead", "complete"),
    *("results", "kept", "counts"),
)
_ANSWER_S = 30.0
# Each step holds one; redis-py's own bound, which newer versions set at 100, makes an error of the
# next.
_CONNECTIONS = 10_000


class _Script(Protocol):
    def __call__(self, keys: Sequence[str], args: Sequence[object]) -> Awaitable[Any]: ...


class RedisQueue(SampleQueue):
    """The queue `name` of the store called `store` on the server at `url`.

    `url` is redis://, rediss:// or unix://. `clock` replaces the server's clock, for tests.
    """

    def __init__(
        self,
        url: str,
        store: str,
        policy: Policy | None = None,
        *,
        name: str = "queue",
        clock: Clock | None = None,
    ) -> None:
        super().__init__(policy, clock)
        for given in (store, name):
            if not given or "{" in given or "}" in given:
                raise ConfigError(f"the name of a queue is not empty and has no braces: {given!r}")
        self._url = url
        self._store = store
        self._name = name
        self._where = f"queue {store}/{name} on Redis"
        self._keys = self._keys_of(name)
        self._own_clock = clock
        self._consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._redis: Redis | None = None
        self._script: _Script | None = None

    def _keys_of(self, name: str) -> list[str]:
        # The braces: all keys of a store share one hash slot, so that a script may touch them.
        return [f"veristone:{{{self._store}}}:{name}:{part}" for part in _PARTS]

    async def open(self) -> None:
        """Connect, and make the queue if it is not there."""
        if self._redis is not None or self._closed:
            raise QueueClosed("the queue is open already" if not self._closed else "it is closed")
        self._redis = _client(self._url)
        try:
            with _translated(self._where):
                await self._join(self._redis)
        except BaseException:
            redis, self._redis, self._agreed = self._redis, None, None
            await redis.aclose()
            raise

    async def _join(self, redis: "Redis") -> None:
        from redis.exceptions import ResponseError

        await self._check(redis)
        source = Path(__file__).with_name("redis_queue.lua").read_text(encoding="utf-8")
        self._script = cast(_Script, redis.register_script(source))
        fields = {
            "format": _FORMAT,
            "policy": (self._wanted or Policy()).to_json(),
            "open": 0,
            "dead": 0,
            "done": 0,
        }
        key, stream = self._keys[:2]
        # One transaction: whoever comes first makes the queue, the others change nothing.
        async with redis.pipeline(transaction=True) as pipe:
            for field, value in fields.items():
                pipe.hsetnx(key, field, value)  # pyright: ignore[reportArgumentType]
            pipe.hget(key, "policy")
            answers = await pipe.execute()
        try:
            await redis.xgroup_create(stream, _GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):  # it is there already
                raise
        agreed = parse_policy(answers[-1].decode(), self._where)
        agreed.agree(self._wanted, self._where)
        self._agreed = agreed

    async def _check(self, redis: "Redis") -> None:
        """Look whether the server keeps what it is given, and the store is one of ours."""
        memory = await redis.info("memory")  # pyright: ignore[reportUnknownMemberType]
        eviction = str(memory.get("maxmemory_policy", "noeviction"))
        if eviction.startswith("allkeys"):
            raise ConfigError(
                f"{self._where}: the server drops keys when it is full "
                f"(maxmemory-policy {eviction}): set it to noeviction"
            )
        found = cast(object, await redis.hget(self._keys[0], "format"))  # pyright: ignore[reportGeneralTypeIssues]
        if found not in (None, _FORMAT):
            raise ConfigError(
                f"{self._where} has format {found!r}, this program knows {_FORMAT!r}: "
                "use the program that made it, or another name"
            )

    async def close(self) -> None:
        """Disconnect; waits end with `QueueClosed`."""
        self._closed = True
        redis, self._redis = self._redis, None
        if redis is not None:
            await redis.aclose()

    async def _step(self, verb: str, *args: object, others: Sequence[str] = ()) -> Any:
        """Run one step to its end, also when the caller is cancelled."""
        script = self._script
        if self._redis is None or script is None:
            raise QueueClosed("the queue is closed")
        now = "" if self._own_clock is None else f"{self._own_clock():.6f}"
        with _translated(self._where):
            return await to_its_end(script([*self._keys, *others], [verb, now, *args]))

    async def _put_step(self, items: Sequence[Item]) -> PutStep:
        flat = [part for item in items for part in (item.key, item.payload)]
        accepted, new = await self._step("put", *flat)
        if accepted < 0:
            raise QueueClosed("every producer is complete: call begin(producer) before put")
        return PutStep(accepted, new)

    async def _lease_step(self, n: int, ttl_s: float) -> list[Lease] | None:
        fence = secrets.randbits(52)
        answer = await self._step("lease", n, ttl_s, fence, self._consumer)
        finished, expires_at, given = answer[0], float(answer[1]), answer[2:]
        if finished:
            return None
        return [
            Lease(Token(key.decode(), attempt, fence), payload, expires_at)
            for key, attempt, payload in zip(given[::3], given[1::3], given[2::3], strict=True)
        ]

    async def _extend_step(self, tokens: Sequence[Token], ttl_s: float) -> list[Token]:
        answer = await self._step("extend", ttl_s, *_flat(tokens))
        return [tokens[index] for index in answer]

    async def _ack_step(self, outcomes: Sequence[tuple[Token, Outcome]]) -> AckStep:
        names = list(dict.fromkeys(name for _, outcome in outcomes for name in outcome.puts))
        parts: list[object] = []
        for token, outcome in outcomes:
            parts += (token.key, token.fence, *_outcome(outcome, names))
        others = [key for name in names for key in self._keys_of(name)]
        answer: list[list[int]] = await self._step(
            "ack", self._name, len(names), *parts, others=others
        )
        refused, blocked = ([outcomes[index][0] for index in indexes] for indexes in answer)
        return AckStep(refused, blocked)

    async def _policy_of(self, name: str) -> Policy:
        if self._redis is None:
            raise QueueClosed("the queue is closed")
        with _translated(self._where):
            key = self._keys_of(name)[0]
            found = cast(bytes | None, await self._redis.hget(key, "policy"))  # pyright: ignore[reportGeneralTypeIssues]
        if found is None:
            raise ConfigError(
                f"{self._where}: its store has no queue {name!r}: open it before others put into it"
            )
        return parse_policy(found.decode(), self._where)

    async def _nack_step(self, returns: Sequence[Return], reason: str | None) -> list[Token]:
        parts: list[object] = []
        for given in returns:
            parts.extend((given.token.key, given.token.fence, given.delay_s))
        counts = int(reason is not None)
        refused: list[int] = await self._step("nack", counts, reason or "", *parts)
        return [returns[index].token for index in refused]

    async def _producer_step(self, producer: str, *, complete: bool) -> None:
        await self._step("producer", int(complete), producer)

    async def _stats_step(self) -> Stats:
        opened, leased, delayed, dead, done, finished = await self._step("stats")
        ready = opened - leased - delayed
        return Stats(ready, leased, delayed, dead, done, bool(finished))

    async def _dead_step(self, limit: int, after: str) -> list[DeadLetter]:
        return [
            DeadLetter(key.decode(), payload, attempts, tuple(json.loads(reasons)))
            for key, payload, attempts, reasons in await self._step("dead", limit, after)
        ]

    async def _results_step(self, limit: int, after: str) -> list[Item]:
        return [
            Item(key.decode(), result) for key, result in await self._step("results", limit, after)
        ]

    async def _counts_step(self) -> dict[str, int]:
        if self._redis is None:
            raise QueueClosed("the queue is closed")
        with _translated(self._where):
            key = self._keys[_PARTS.index("counts")]
            found = cast(dict[bytes, bytes], await self._redis.hgetall(key))  # pyright: ignore[reportGeneralTypeIssues]
        return {name.decode(): int(number) for name, number in sorted(found.items())}

    async def _put_back_step(self, keys: Sequence[str]) -> int:
        return await self._step("put_back", *keys)


def _client(url: str) -> "Redis":
    try:
        from redis.asyncio import Redis
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise ConfigError(
            "a queue on Redis needs the Python package redis: pip install redis"
        ) from error
    try:
        # No retries behind our back: a step whose answer was lost may have happened.
        return Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            url,
            socket_timeout=_ANSWER_S,
            socket_connect_timeout=5,
            retry=Retry(NoBackoff(), 0),
            max_connections=_CONNECTIONS,
        )
    except ValueError as error:
        raise ConfigError(f"the address of a Redis server is wrong: {error}") from error


@contextlib.contextmanager
def _translated(where: str) -> Generator[None]:
    """Say what an error of Redis means for a queue."""
    from redis import exceptions

    try:
        yield
    except (exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
        raise ConfigError(f"{where}: the server refuses us: {error}") from error
    except (exceptions.ConnectionError, exceptions.TimeoutError, OSError) as error:
        raise QueueUnavailable(f"{where}: {error}") from error
    except exceptions.ResponseError as error:
        text = str(error)
        passing = (exceptions.OutOfMemoryError, exceptions.ReadOnlyError)
        # In an answer of a script the code that redis-py goes by can be missing.
        words = ("OOM", "used memory", "MISCONF", "BUSY", "READONLY", "read only")
        if isinstance(error, passing) or any(word in text for word in words):
            raise QueueUnavailable(f"{where}: {text}") from error
        raise ConfigError(f"{where} is damaged or no queue: {text}") from error


def _outcome(outcome: Outcome, names: Sequence[str]) -> list[object]:
    """As the script reads it."""
    counts = [part for pair in outcome.counts.items() for part in pair]
    puts = [
        part
        for name, items in outcome.puts.items()
        for item in items
        for part in (names.index(name) + 1, item.key, item.payload)
    ]
    has_result = int(outcome.result is not None)
    result = outcome.result or b""
    return [has_result, result, len(outcome.counts), *counts, len(puts) // 3, *puts]


def _flat(tokens: Sequence[Token]) -> list[object]:
    return [part for token in tokens for part in (token.key, token.fence)]
