import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import ValidationError

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Rejection
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.sources.tree import TreeSource


def tree(**settings: Any) -> TreeSource:
    return TreeSource.model_validate(settings)


def items(source: TreeSource) -> Iterator[Any]:
    """Read a source as a run does: its parts are written down in between."""
    for part in source.parts():
        again = msgspec.json.decode(msgspec.json.encode(part), type=Part)
        yield from source.read(again)


def outcomes(source):
    return [
        (item.provenance.path, item.language if isinstance(item, Document) else item.reason)
        for item in items(source)
    ]


def grow(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


FILES: dict[str, str | bytes] = {
    "b.py": "x = 1\r\n",
    "a/c.py": "y\n",
    "a/z/d.go": "package z\n",
    "a.js": "z\n",
    "README.md": "no code\n",
    "empty.py": "",
    "big.py": "#" * 3000,
    "binary.c": b"\0\1\2",
    "latin.rb": b"\xe9",
    "latin.py": b"# coding: latin-1\n\xe9",
    ".git/hook.py": "hidden\n",
    "node_modules/m/index.js": "other\n",
    "pkg/__pycache__/e.py": "cached\n",
    "pkg/vendor/f.go": "vendored\n",
    "pkg/x.hpp": "class A;\n",
    "pkg/x.h": "namespace a {}\n",
}


def test_a_tree_is_read_in_order_and_says_what_it_leaves_out(tmp_path):
    source = tree(path=str(grow(tmp_path, FILES)), licence="MIT", max_bytes=2000)
    assert outcomes(source) == [
        ("a/c.py", "python"),
        ("a/z/d.go", "go"),
        ("a.js", "javascript"),
        ("b.py", "python"),
        ("big.py", "too_large"),
        ("binary.c", "binary"),
        ("empty.py", "empty"),
        ("latin.py", "undecodable"),
        ("latin.rb", "undecodable"),
        ("pkg/x.h", "cpp"),
        ("pkg/x.hpp", "cpp"),
    ]
    first = next(item for item in items(source) if item.provenance.path == "b.py")
    assert first.content == "x = 1\n"
    assert first.provenance.licences == ("MIT",)


@pytest.mark.parametrize(
    ("settings", "paths"),
    [
        ({"languages": ["Go"]}, ["a/z/d.go"]),
        ({"languages": ["C++"]}, ["pkg/x.h", "pkg/x.hpp"]),
        (
            {"languages": ["Go"], "skip_folders": []},
            ["a/z/d.go", "pkg/vendor/f.go"],
        ),
        (
            {"languages": ["Python"], "skip_folders": ["pkg", "[a-b]", "b*"], "limit": 1},
            [".git/hook.py"],
        ),
        ({"languages": ["Go"], "skip_folders": ["z*"]}, ["pkg/vendor/f.go"]),
        ({"limit": 2}, ["a/c.py", "a/z/d.go"]),
    ],
)
def test_what_is_asked_for(tmp_path, settings, paths):
    source = tree(path=str(grow(tmp_path, FILES)), licence="MIT", **settings)
    assert [path for path, _ in outcomes(source)] == paths


def test_links_are_not_followed(tmp_path):
    outside = grow(tmp_path / "outside", {"secret.py": "s = 1\n"})
    root = grow(tmp_path / "root", {"a/real.py": "r = 1\n"})
    (root / "loop").symlink_to(root)
    (root / "a" / "up").symlink_to("..")
    (root / "out").symlink_to(outside)
    (root / "out.py").symlink_to(outside / "secret.py")
    (root / "again.py").symlink_to(root / "a" / "real.py")
    os.mkfifo(root / "pipe.py")
    expected = [("a/real.py", "python")]
    assert outcomes(tree(path=str(root), licence="MIT")) == expected
    (tmp_path / "alias").symlink_to(root)
    assert outcomes(tree(path=str(tmp_path / "alias"), licence="MIT")) == expected


def test_parts_have_so_many_files_or_bytes(tmp_path):
    grow(tmp_path, {f"{index:03}.py": "x" * 600_000 for index in range(6)} | {"z.py": "x"})
    source = tree(path=str(tmp_path), licence="MIT", part_mib=1)
    assert [len(part.paths) for part in source.parts()] == [1, 1, 1, 1, 1, 2]
    source = tree(path=str(tmp_path), licence="MIT", part_files=3)
    assert [len(part.paths) for part in source.parts()] == [3, 3, 1]


def test_a_glob_gives_several_roots_and_none_inside_another(tmp_path):
    grow(tmp_path, {"x/lib/a.py": "a", "y/lib/b.py": "b", "y/lib/lib/c.py": "c", ".h/lib/d.py": ""})
    source = tree(path=f"{tmp_path}/*/lib", licence="MIT")
    assert source.name == "lib"
    assert outcomes(source) == [("a.py", "python"), ("b.py", "python"), ("lib/c.py", "python")]
    nested = tree(path=f"{tmp_path}/y/**/lib", licence="MIT")
    assert outcomes(nested) == [("b.py", "python"), ("lib/c.py", "python")]
    assert outcomes(tree(path=f"{tmp_path}/x/lib/a.py", licence="MIT")) == [("a.py", "python")]


def test_the_place_of_a_tree_leaves_no_trace(tmp_path, monkeypatch):
    grow(tmp_path / "one" / "t", FILES)
    shutil.copytree(tmp_path / "one" / "t", tmp_path / "other" / "deeper" / "t")
    monkeypatch.chdir(tmp_path / "one")
    near = [*items(tree(path="t", licence="MIT"))]
    here = [*items(tree(path=str(tmp_path / "other" / "deeper" / "t"), licence="MIT"))]
    assert near == here
    monkeypatch.chdir(tmp_path / "one" / "t")
    assert [*items(tree(path=".", licence="MIT", name="t"))] == near


def test_what_changes_after_the_parts_were_written_is_rejected(tmp_path):
    grow(tmp_path, {"a.py": "a", "b.py": "b", "c.py": "c", "d.py": "d"})
    source = tree(path=str(tmp_path), licence="MIT", max_bytes=100)
    (part,) = source.parts()
    (tmp_path / "a.py").unlink()
    (tmp_path / "b.py").unlink()
    (tmp_path / "b.py").mkdir()
    (tmp_path / "c.py").write_text("c" * 101)
    found = [item for item in source.read(part) if isinstance(item, Rejection)]
    assert [(item.provenance.path, item.reason) for item in found] == [
        ("a.py", "missing"),
        ("b.py", "unreadable"),
        ("c.py", "too_large"),
    ]
    assert {item.step for item in found} == {"read"}


def test_a_name_that_is_not_utf8_is_rejected_not_lost(tmp_path):
    name = os.fsdecode(b"caf\xe9.py")
    try:
        (tmp_path / name).write_text("x")
    except OSError:
        pytest.skip("the file system takes no such names")
    assert outcomes(tree(path=str(tmp_path), licence="MIT")) == [("caf\\udce9.py", "bad_name")]


def test_a_folder_that_may_not_be_entered_is_rejected(tmp_path, monkeypatch):
    grow(tmp_path, {"a.py": "a", "shut/b.py": "b"})
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = outcomes(tree(path=str(tmp_path), licence="MIT"))
    assert found == [("a.py", "python"), ("shut", "unreadable")]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"path": "nowhere", "licence": "MIT"}, "no such file"),
        ({"path": "no*where", "licence": "MIT"}, "no such file"),
        ({"path": "."}, "licence = "),
    ],
)
def test_what_cannot_be_is_said_at_once(settings, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        list(tree(name="t", **settings).parts())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"path": "a", "max_bytes": 0},
        {"path": "a", "limit": 0},
        {"path": "a", "languages": ["cobol"]},
        {"path": "a", "languages": []},
        {"path": "a", "licence": "permissive"},
        {"path": "a", "skip_folders": [""]},
        {"path": "a", "licenses": "any"},
    ],
)
def test_settings_that_are_wrong(settings):
    with pytest.raises(ValidationError):
        TreeSource.model_validate(settings)
