"""A Redis server, started as the tests of queues do it."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    folder = str(Path(__file__).parents[3] / "veristone/queues")
    if folder not in sys.path:
        sys.path.append(folder)
    with importlib.import_module("queue_stores").redis_server() as url:
        yield url
