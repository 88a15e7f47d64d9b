import pickle
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from veristone.generators.seeds.sources import AnySource

RECIPE = """
[[sources]]
kind = "tree"
path = "/srv/lib/python3/site-packages"
licence = "MIT"
languages = ["python", "C++"]

[[sources]]
kind = "jsonl"
path = "/srv/stack.jsonl"
licences = "any"
limit = 100

[[sources]]
kind = "parquet"
path = "/srv/starcoderdata/python"
licences = {unknown = "allow"}
columns = {content = "content"}
"""
ANY = TypeAdapter(list[AnySource])


def test_recipes_name_sources_by_their_kind():
    sources = ANY.validate_python(tomllib.loads(RECIPE)["sources"])
    kinds = ["tree", "jsonl", "parquet"]
    assert [source.kind for source in sources] == kinds
    assert [source.name for source in sources] == [
        "site-packages",
        "stack.jsonl",
        "python",
    ]
    assert sources[0].languages == ("python", "cpp")


def test_sources_cross_processes_and_are_the_same_after():
    sources = ANY.validate_python(tomllib.loads(RECIPE)["sources"])
    assert pickle.loads(pickle.dumps(sources)) == sources
    assert ANY.validate_json(ANY.dump_json(sources)) == sources


@pytest.mark.parametrize("kind", ["git", "", None])
def test_a_kind_that_is_none(kind):
    with pytest.raises(ValidationError):
        ANY.validate_python([{"kind": kind, "path": "a"}])


def test_settings_cannot_be_changed_or_made_up():
    source: Any
    (source,) = ANY.validate_python([{"kind": "tree", "path": "a"}])
    with pytest.raises(ValidationError):
        source.path = "b"
    with pytest.raises(ValidationError):
        ANY.validate_python([{"kind": "tree", "path": "a", "columns": {}}])


def test_naming_sources_imports_nothing_heavy():
    program = (
        "import sys, veristone.generators.seeds.sources;"
        "print([m for m in ('pyarrow', 'numpy', 'datasets', 'tree_sitter') if m in sys.modules])"
    )
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
