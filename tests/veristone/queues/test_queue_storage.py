"""Files and servers that are not what they should be."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from queue_stores import items, redis_server

from veristone import ConfigError
from veristone.queues import Item, Policy, QueueUnavailable, RedisQueue, SQLiteQueue


async def refused(queue: SQLiteQueue | RedisQueue, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        await queue.open()
    await queue.close()


async def made(path: Path, count: int = 0) -> Path:
    async with SQLiteQueue(path) as queue:
        await queue.put(items(count))
    return path


async def work_off(path: Path) -> None:
    async with SQLiteQueue(path) as queue:
        while leases := await queue.lease(100, 10, timeout_s=0):
            await queue.ack(*(lease.token for lease in leases))


async def put_one_by_one(queue: RedisQueue, batch: list[Item]) -> None:
    for item in batch:
        await queue.put([item])


async def test_text_is_no_queue(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 500)
    await refused(SQLiteQueue(path), "no queue")
    assert path.read_text() == "not a database " * 500


async def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE items (seq, key)")
    db.close()
    before = path.read_bytes()
    await refused(SQLiteQueue(path), "another program")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("PRAGMA user_version = 99", "format 99"),
        ("PRAGMA application_id = 7", "another program"),
        ("UPDATE queues SET policy = '{'", "damaged"),
        ("DROP TABLE queues", "tables of a queue"),
    ],
)
async def test_a_changed_file_is_refused(tmp_path: Path, change: str, match: str) -> None:
    path = await made(tmp_path / "q")
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(change)
    db.close()
    await refused(SQLiteQueue(path), match)


async def test_a_damaged_file_is_named_whenever_it_shows(tmp_path: Path) -> None:
    path = await made(tmp_path / "q", 3000)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xa5" * (size - 4096 * 3))
    with pytest.raises(ConfigError, match="damaged"):
        await work_off(path)


async def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    path = await made(tmp_path / "q", 3000)
    path.write_bytes(path.read_bytes()[: 4096 * 2 + 100])
    with pytest.raises(ConfigError):
        await work_off(path)


async def test_paths_that_cannot_be_a_queue(tmp_path: Path) -> None:
    await refused(SQLiteQueue(tmp_path), "not a file")
    await refused(SQLiteQueue(tmp_path / "no" / "q"), "no directory")


async def test_an_empty_file_becomes_a_queue(tmp_path: Path) -> None:
    path = tmp_path / "q"
    path.touch()
    assert (await made(path, 3)).stat().st_size > 0


async def test_another_policy_is_refused(tmp_path: Path) -> None:
    path = await made(tmp_path / "q")
    await refused(SQLiteQueue(path, Policy(capacity=1)), "capacity is 10000, not 1")


async def test_a_full_disk_is_an_error_and_not_the_end(tmp_path: Path) -> None:
    path = await made(tmp_path / "q", 1)
    async with SQLiteQueue(path) as queue:
        # As a full disk: the file may not grow.
        await queue._store.run(lambda db: db.execute("PRAGMA max_page_count = 24"))
        big = [Item(item.key, b"x" * 50_000) for item in items(10)]
        with pytest.raises(QueueUnavailable, match="full"):
            await queue.put(big)
        (lease,) = await queue.lease(9, 10)
        await queue.ack(lease.token)
        assert (await queue.stats()).done == 1


async def test_the_thread_ends_with_the_queue(tmp_path: Path) -> None:
    for _ in range(3):
        await made(tmp_path / "q")
    await refused(SQLiteQueue(tmp_path), "not a file")
    assert not [t for t in threading.enumerate() if t.name.startswith("sample-queue")]


async def test_redis_keys_of_somebody_else_are_left_alone(redis_url: str) -> None:
    redis = pytest.importorskip("redis")
    with redis.Redis.from_url(redis_url) as client:
        client.set("veristone:{theirs}:queue:stream", "text")
        await refused(RedisQueue(redis_url, "theirs"), "no queue")
        client.hset("veristone:{old}:queue:queue", "format", "veristone-queue-0")
        await refused(RedisQueue(redis_url, "old"), "another name")
        async with RedisQueue(redis_url, "mine"):
            pass
        client.hset("veristone:{mine}:queue:queue", "policy", "{")
        await refused(RedisQueue(redis_url, "mine"), "damaged")
        assert client.get("veristone:{theirs}:queue:stream") == b"text"


async def test_redis_addresses_and_names(redis_url: str, tmp_path: Path) -> None:
    await refused(RedisQueue("http://localhost", "q"), "address")
    for name in ("", "a{b"):
        with pytest.raises(ConfigError):
            RedisQueue(redis_url, name)
    with pytest.raises(QueueUnavailable):
        await RedisQueue(f"unix://{tmp_path}/nobody", "q").open()
    async with RedisQueue(redis_url, "policy", Policy(capacity=3)):
        await refused(RedisQueue(redis_url, "policy", Policy(capacity=4)), "capacity is 3")


async def test_a_redis_that_would_drop_items_is_refused() -> None:
    with redis_server("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru") as url:
        await refused(RedisQueue(url, "q"), "noeviction")


async def test_a_full_redis_is_an_error_and_not_the_end() -> None:
    with redis_server("--maxmemory", "4mb", "--maxmemory-policy", "noeviction") as url:
        async with RedisQueue(url, "q") as queue:
            await queue.put(items(1))
            big = [Item(item.key + "big", b"x" * 500_000) for item in items(20)]
            with pytest.raises(QueueUnavailable):
                await asyncio.wait_for(put_one_by_one(queue, big), 30)
            (lease,) = await queue.lease(1, 10)  # so that a full server can be emptied
            await queue.ack(lease.token)
            assert (await queue.stats()).ready >= 1


async def test_a_redis_that_goes_away_is_an_error() -> None:
    with redis_server() as url:
        queue = RedisQueue(url, "q")
        await queue.open()
        waiting = asyncio.ensure_future(queue.lease(1, 10))
        await asyncio.sleep(0.05)
    with pytest.raises(QueueUnavailable):
        await asyncio.wait_for(waiting, 10)
    with pytest.raises(QueueUnavailable):
        await queue.stats()
    await queue.close()
