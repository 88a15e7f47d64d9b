import importlib.util
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from veristone import ConfigError, DatasetError
from veristone.generators.seeds.sources.hub import HubSource

ROWS = [
    {"content": f"x = {n}\n", "lang": "Python", "max_stars_repo_licenses": ["MIT"], "extra": n}
    for n in range(5)
]


class Rows:
    """As much of `datasets.IterableDataset` as its documentation promises and we use."""

    def __init__(self, shards, column_names=None, fails=False):
        self._shards, self.column_names, self._fails = shards, column_names, fails

    @property
    def num_shards(self):
        return len(self._shards)

    def shard(self, num_shards, index):
        assert num_shards == len(self._shards)
        return Rows(self._shards[index : index + 1], self.column_names, self._fails)

    def select_columns(self, column_names):
        shards = [[{k: row[k] for k in column_names} for row in shard] for shard in self._shards]
        return Rows(shards, column_names, self._fails)

    def __iter__(self):
        for shard in self._shards:
            yield from shard
            if self._fails:
                raise ConnectionError("the hub went away")


@pytest.fixture
def hub(monkeypatch):
    """A `datasets` and a `huggingface_hub` that answer; the calls are in `calls`."""
    datasets: Any = ModuleType("datasets")
    hub: Any = ModuleType("huggingface_hub")
    hub.rows = Rows([ROWS[:2], ROWS[2:4], ROWS[4:]], list(ROWS[0]))
    hub.calls = []

    def load_dataset(path, **options):
        hub.calls.append((path, options))
        if isinstance(hub.rows, Exception):
            raise hub.rows
        return hub.rows

    def dataset_info(name, revision):
        return SimpleNamespace(sha=f"sha of {revision}")

    datasets.load_dataset = load_dataset
    hub.HfApi = lambda: SimpleNamespace(dataset_info=dataset_info)
    monkeypatch.setitem(sys.modules, "datasets", datasets)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    return hub


def contents(source: HubSource) -> list[Any]:
    return [getattr(item, "content", item) for part in source.parts() for item in source.read(part)]


def test_shards_are_parts_of_one_revision(hub):
    source = HubSource(dataset="big/stack", data_dir="data/python", revision="v1")
    assert source.name == "stack"
    assert [part.paths for part in source.parts()] == [
        ("sha of v1", "0/3"),
        ("sha of v1", "1/3"),
        ("sha of v1", "2/3"),
    ]
    assert contents(source) == [row["content"] for row in ROWS]
    for path, options in hub.calls:
        assert path == "big/stack"
        assert options["streaming"] is True
        assert options["revision"] == "sha of v1"
        assert options["data_dir"] == "data/python"
        assert not options.get("trust_remote_code")


def test_a_limit_and_columns_that_are_not_declared(hub):
    hub.rows = Rows([ROWS[:2], ROWS[2:]], None)
    assert contents(HubSource(dataset="a/b", limit=3)) == [row["content"] for row in ROWS[:3]]


def test_a_hub_that_goes_away_is_a_fault_not_a_rejection(hub):
    source = HubSource(dataset="a/b")
    part = next(source.parts())
    hub.rows = Rows([ROWS[:2], ROWS[2:4], ROWS[4:]], list(ROWS[0]), fails=True)
    items: Any = source.read(part)
    assert [next(items).content for _ in range(2)] == ["x = 0\n", "x = 1\n"]
    with pytest.raises(DatasetError, match="went away"):
        next(items)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (ValueError("Bad split: train"), "Bad split"),
        (ConnectionError("no route"), "no route"),
        (Rows([[]], ["prompt"]), "no column with the content"),
        (Rows([[]], ["content"]), "no column has licences"),
    ],
)
def test_what_cannot_be_is_said_at_once(hub, rows, message):
    hub.rows = rows
    with pytest.raises(ConfigError, match=message):
        list(HubSource(dataset="a/b").parts())


def test_without_datasets_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError, match="pip install datasets"):
        list(HubSource(dataset="a/b").parts())


@pytest.mark.skipif(not importlib.util.find_spec("datasets"), reason="datasets is not installed")
def test_a_local_folder_with_the_real_library(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"content": "x = 1\\n", "path": "a.py"}\n' * 3)
    assert contents(HubSource(dataset=str(tmp_path), licence="MIT")) == ["x = 1\n"] * 3
