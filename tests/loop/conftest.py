"""Runs that several tests of the report read; none of them writes there but the report itself."""

from pathlib import Path

import pytest
from report_runs import Size, hostile_run, make_run

from veristone.loop.report.facts import Facts
from veristone.loop.report.gather import gather

SMALL = Size(instructions=20, responses=4, rounds=2, tasks=40, steps=120)


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of two rounds and two variants."""
    folder = tmp_path_factory.mktemp("loop") / "run"
    make_run(folder, SMALL)
    return folder


@pytest.fixture(scope="session")
def whole(whole_run: Path) -> Facts:
    """Its facts."""
    return gather(whole_run)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose every text is an attack."""
    folder = tmp_path_factory.mktemp("loop") / "hostile"
    hostile_run(folder)
    return folder
