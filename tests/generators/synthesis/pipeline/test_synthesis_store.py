"""What every store promises."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from veristone import ConfigError
from veristone.generators.synthesis.pipeline.redis_store import RedisStore
from veristone.generators.synthesis.pipeline.sqlite_store import SQLiteStore
from veristone.queues import QueueUnavailable

if TYPE_CHECKING:
    from veristone.generators.synthesis.pipeline.store import ResultStore


@pytest.fixture(params=["sqlite", "redis"])
async def stores(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[list["ResultStore"]]:
    """The same store, opened twice."""
    if request.param == "sqlite":
        path = tmp_path / "results.sqlite"
        async with SQLiteStore(path) as one, SQLiteStore(path) as two:
            yield [one, two]
        return
    url = request.getfixturevalue("redis_url")
    async with RedisStore(url, tmp_path.name) as one, RedisStore(url, tmp_path.name) as two:
        yield [one, two]


async def test_the_first_stays_and_is_told_to_everybody(stores: list["ResultStore"]) -> None:
    one, two = stores
    assert await one.get("s", "k") is None
    assert await one.keep("s", "k", b"first", {"kept": 2}) == b"first"
    assert await two.keep("s", "k", b"second", {"kept": 5}) == b"first"
    assert await two.get("s", "k") == b"first"
    assert await two.keep("other", "k", b"third", {"kept": 1, "refused": 4}) == b"third"
    assert await one.counts() == {"s": {"kept": 2}, "other": {"kept": 1, "refused": 4}}


async def test_many_at_once(stores: list["ResultStore"]) -> None:
    """Of those who keep the same, all hear the same."""
    keys = [f"key {number} ✓" for number in range(100)]
    told = await asyncio.gather(
        *(
            store.keep("s", key, f"{key} {number}".encode(), {"n": 1})
            for key in keys
            for number, store in enumerate(stores * 2)
        )
    )
    for start in range(0, len(told), 4):
        assert len(set(told[start : start + 4])) == 1
    assert await stores[0].counts() == {"s": {"n": 100}}


async def test_items_in_pages(stores: list["ResultStore"]) -> None:
    big = b"x" * (3 * 1024 * 1024)
    for number in range(7):
        await stores[0].keep("s", f"{number}", big, {})
    for number in range(300):
        await stores[0].keep("s", f"small {number:03}", b"y", {})
    await stores[0].keep("t", "0", b"z", {})
    found = {key: len(data) async for key, data in stores[1].items("s")}
    assert found == {str(n): len(big) for n in range(7)} | {f"small {n:03}": 1 for n in range(300)}
    assert [item async for item in stores[1].items("nothing")] == []


async def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database\n" * 100)
    with sqlite3.connect(tmp_path / "other") as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    before = (tmp_path / "other").read_bytes()
    for name, says in (
        ("text", "damaged"),
        ("other", "another program"),
        ("no/where", "directory"),
    ):
        with pytest.raises(ConfigError, match=says):
            async with SQLiteStore(tmp_path / name):
                pass
    assert (tmp_path / "other").read_bytes() == before


async def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    async with SQLiteStore(tmp_path / "s") as store:
        await store.keep("s", "before", b"x", {"n": 1})
        await store._writer.run(lambda db: db.execute("PRAGMA max_page_count = 20"), writes=False)
        with pytest.raises(QueueUnavailable, match="disk is full"):
            await store.keep("s", "large", b"x" * 1_000_000, {"n": 1})
        assert await store.get("s", "before") == b"x"
        assert await store.counts() == {"s": {"n": 1}}


async def test_no_server(tmp_path: Path) -> None:
    with pytest.raises(QueueUnavailable, match="store run on Redis"):
        async with RedisStore(f"unix://{tmp_path}/none", "run"):
            pass
    with pytest.raises(ConfigError, match="address"):
        async with RedisStore("nonsense", "run"):
            pass
