"""`store` is one place for a queue, on each back end in turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from queue_stores import Store, new_store, redis_server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    kind: str = request.param
    return new_store(
        kind, tmp_path, request.getfixturevalue("redis_url") if kind == "redis" else ""
    )


@pytest.fixture(params=["sqlite", "redis"])
def shared_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """One that other processes can open."""
    kind: str = request.param
    return new_store(
        kind, tmp_path, request.getfixturevalue("redis_url") if kind == "redis" else ""
    )
