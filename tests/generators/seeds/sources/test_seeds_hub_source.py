import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.dirfs import DirFileSystem

from veristone import ConfigError, DatasetError
from veristone.generators.seeds.sources.parquet import HubSource

ROOT = "datasets/big/stack@sha-of-v1"


class Hub(ModuleType):
    """As much of `huggingface_hub` as is used: one data set, whose files lie in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__("huggingface_hub")
        self.top = folder
        self.folder = folder / ROOT
        self.folder.mkdir(parents=True)
        self.trouble: Exception | None = None
        self.HfApi = lambda: self

    def write(self, name: str, **columns: list[Any]) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)

    def dataset_info(self, name: str, revision: str | None) -> Any:
        if self.trouble is not None:
            raise self.trouble
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        siblings = [SimpleNamespace(rfilename=str(p.relative_to(self.folder))) for p in files]
        return SimpleNamespace(sha=f"sha-of-{revision}", siblings=siblings)

    def HfFileSystem(self) -> Any:
        if self.trouble is not None:
            raise self.trouble
        return DirFileSystem(str(self.top))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Hub:
    made = Hub(tmp_path)
    monkeypatch.setitem(sys.modules, "huggingface_hub", made)
    return made


def stack(**settings: Any) -> HubSource:
    return HubSource.model_validate(
        {"dataset": "big/stack", "revision": "v1", "licence": "MIT", "language": "c"} | settings
    )


def contents(source: HubSource) -> list[Any]:
    return [getattr(item, "content", item) for part in source.parts() for item in source.read(part)]


def test_files_are_parts_of_one_revision(hub: Hub) -> None:
    hub.write("data/python/train-1.parquet", content=["c", "d"])
    hub.write("data/python/train-0.parquet", content=["a", "b"])
    hub.write("data/python/test-0.parquet", content=["t"])
    hub.write("data/go/train-0.parquet", content=["g"])
    (hub.folder / "data/python/readme.md").write_text("no rows")
    source = stack(data_dir="data/python")
    assert source.name == "stack"
    root = "datasets/big/stack@sha-of-v1/data/python"
    assert [part.paths for part in source.parts()] == [
        (f"{root}/train-0.parquet",),
        (f"{root}/train-1.parquet",),
    ]
    assert contents(source) == ["a", "b", "c", "d"]
    assert contents(stack(data_dir="data/python", limit=3)) == ["a", "b", "c"]
    assert contents(stack(split="test")) == ["t"]


def test_files_that_name_no_split_are_all_of_it(hub: Hub) -> None:
    hub.write("a.parquet", content=["a"])
    hub.write("trainer.parquet", content=["b"])
    assert contents(stack()) == ["a", "b"]


def test_a_hub_that_goes_away_is_a_fault_not_a_rejection(hub: Hub) -> None:
    hub.write("a.parquet", content=["a"])
    source = stack()
    part = next(source.parts())
    hub.trouble = ConnectionError("the hub went away")
    with pytest.raises(DatasetError, match="cannot be read"):
        list(source.read(part))


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({"prompt": ["x"]}, {}, "no column with the content"),
        ({"content": ["x"]}, {"licence": ""}, "no column has licences"),
        ({"content": ["x"]}, {"data_dir": "nowhere"}, "refs/convert/parquet"),
    ],
    ids=["content", "licences", "files"],
)
def test_what_cannot_be_is_said_at_once(
    hub: Hub, columns: dict[str, list[Any]], settings: dict[str, Any], message: str
) -> None:
    hub.write("a.parquet", **columns)
    with pytest.raises(ConfigError, match=message):
        list(stack(**settings).parts())


def test_a_hub_that_does_not_answer_is_said_at_once(hub: Hub) -> None:
    hub.trouble = ConnectionError("no route")
    with pytest.raises(ConfigError, match="no route"):
        list(stack().parts())


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ConfigError, match="huggingface_hub"):
        list(stack().parts())
