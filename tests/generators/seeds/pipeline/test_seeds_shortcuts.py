"""Sources and benchmarks in a few words."""

from pathlib import Path
from typing import Any

import pytest

from veristone import ConfigError
from veristone.generators.seeds.pipeline.recipe import Recipe, load_recipe
from veristone.generators.seeds.pipeline.shortcuts import with_benchmarks, with_sources
from veristone.settings import checked


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["a", "b"], ["a", "b"]),
        (["a/src", "b/src"], ["a/src", "b/src"]),
        (["a/x/src", "b/x/src", "c"], ["a/x/src", "b/x/src"]),
    ],
)
def test_sources_of_equal_names_are_told_apart(
    folders: list[str], names: list[str], tmp_path: Path
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    paths = [str(tmp_path / folder) for folder in folders]
    recipe = checked(Recipe, with_sources({}, paths, any_licence=True), "test")
    assert [source.name for source in recipe.sources][: len(names)] == names


def test_the_same_source_twice(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^test: two sources are called"):
        checked(Recipe, with_sources({}, [str(tmp_path)] * 2, any_licence=True), "test")


@pytest.mark.parametrize("value", ["tree", 3, [1], {"kind": "tree"}])
def test_what_is_no_array_of_tables(value: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[\[sources\]\]"):
        with_sources({"sources": value}, [str(tmp_path)], any_licence=True)
    with pytest.raises(ConfigError, match=r"\[\[steps\]\]"):
        with_benchmarks({"steps": value}, ["a=b"])
    steps = [{"kind": "contamination", "benchmarks": value}]
    with pytest.raises(ConfigError, match=r"\[\[benchmarks\]\]"):
        with_benchmarks({"steps": steps}, ["a=b"])


def test_rows_are_known_by_every_suffix_that_they_are_read_with(tmp_path: Path) -> None:
    for name in ("a.ndjson.gz", "b.json.xz", "c.JSONL"):
        (tmp_path / name).touch()
        settings = with_sources({}, [str(tmp_path / name)], any_licence=True)
        assert settings["sources"][0]["kind"] == "jsonl"


def test_the_home_of_nobody(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such"):
        with_sources({}, ["~no-such-user-here/code"], any_licence=True)
    path = tmp_path / "r.toml"
    path.write_text('[[sources]]\nkind = "tree"\npath = "~no-such-user-here/code"\n')
    assert load_recipe(str(path))["sources"][0]["path"].endswith("~no-such-user-here/code")
