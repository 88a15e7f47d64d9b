import bz2
import gzip
import json
import lzma
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Provenance
from veristone.generators.seeds.sources.base import Part
from veristone.generators.seeds.sources.columns import without_header
from veristone.generators.seeds.sources.jsonl import JsonlSource

STACK = {
    "content": "x = 1\r\n",
    "lang": "Python",
    "max_stars_repo_name": "a/b",
    "max_stars_repo_path": "src/x.py",
    "max_stars_repo_head_hexsha": "c0ffee",
    "max_stars_repo_licenses": ["mit", "Apache-2.0"],
    "avg_line_length": float("nan"),
}


def lines(*rows) -> bytes:
    return b"".join(
        row + b"\n" if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows
    )


def rows_of(path: Path | str, **changes: Any) -> JsonlSource:
    return JsonlSource.model_validate({"path": str(path), "licences": "any"} | changes)


def read(path: Path | str, **changes: Any) -> Iterator[Any]:
    source = rows_of(path, **changes)
    for part in source.parts():
        again = msgspec.json.decode(msgspec.json.encode(part), type=Part)
        yield from source.read(again)


def reasons(path, **changes):
    return [getattr(item, "reason", "read") for item in read(path, **changes)]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.jsonl", bytes),
        ("a.ndjson", b"\xef\xbb\xbf".__add__),
        ("a.jsonl.gz", gzip.compress),
        ("a.json.bz2", bz2.compress),
        ("a.jsonl.xz", lzma.compress),
    ],
)
def test_the_stack_is_read_from_any_packing(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(lines(STACK, b"", STACK)))
    expected = Document(
        content="x = 1\n",
        language="python",
        provenance=Provenance(
            source="s",
            repository="a/b",
            path="src/x.py",
            commit="c0ffee",
            licences=("MIT", "Apache-2.0"),
        ),
    )
    assert list(read(tmp_path, name="s", licences="permissive")) == [expected] * 2


@pytest.mark.parametrize(
    ("row", "language", "repository", "path", "licences"),
    [
        (STACK, "python", "a/b", "src/x.py", ("MIT", "Apache-2.0")),
        (
            {"content": "x", "repo_name": "r", "path": "/a.go", "language": "Go"}
            | {"detected_licenses": ["MIT"], "license_type": "permissive"},
            ("go"),
            "r",
            "/a.go",
            ("MIT",),
        ),
        (
            {"code": "x", "repo_name": "r", "path": "a.c", "language": "C++", "license": "mit"},
            "cpp",
            "r",
            "a.c",
            ("MIT",),
        ),
        (
            {"content": "<reponame>o/p<filename>d/e.py<gh_stars>10-100\nx = 1\n", "id": "1"},
            "python",
            "o/p",
            "d/e.py",
            (),
        ),
        (
            {"content": "<gh_stars>0\nx = 1\n", "max_stars_repo_name": "o/q"}
            | {"max_stars_repo_path": "f.rs"},
            "rust",
            "o/q",
            "f.rs",
            (),
        ),
        ({"text": "x", "lang": None, "license": None}, "julia", "", "", ()),
        ({"content": "x", "lang": "TypeScript", "path": "a.tsx"}, "tsx", "", "a.tsx", ()),
        (
            {"content": "x", "path": 3, "repo": ["a"], "licenses": [1, "MIT"]},
            "julia",
            "",
            "",
            ("MIT",),
        ),
    ],
)
def test_layouts_are_found_by_their_columns(tmp_path, row, language, repository, path, licences):
    (tmp_path / "a.jsonl").write_bytes(lines(row))
    (item,) = read(tmp_path, language="Julia")
    assert item.language == language
    assert item.provenance.repository == repository
    assert item.provenance.path == path
    assert item.provenance.licences == licences
    assert not item.content.startswith("<")


@pytest.mark.parametrize(
    ("text", "rest", "tags"),
    [
        ("<filename>a.py\nx\n", "x\n", ("", "a.py")),
        ("<reponame>a/b<gh_stars>1-10\r\nx", "x", ("a/b", "")),
        ("<gh_stars>5", "", ("", "")),
        ("\n<gh_stars>5\n", "\n<gh_stars>5\n", ("", "")),
        ("<html>\n", "<html>\n", ("", "")),
        ("x = '<filename>'\n", "x = '<filename>'\n", ("", "")),
    ],
)
def test_starcoders_header_is_no_part_of_the_file(text, rest, tags):
    assert without_header(text) == (rest, tags)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "malformed"),
        (b"[1]", "malformed"),
        (b"null", "malformed"),
        (b"\xff\xfe{}", "malformed"),
        (b'{"content": ' + b"[" * 30_000 + b"]" * 30_000 + b"}", "malformed"),
        (b'{"content": 3, "lang": "Python"}', "malformed"),
        (b'{"content": {"a": 1}, "lang": "Python"}', "malformed"),
        (b'{"content": "\xff", "lang": "Python"}', "malformed"),
        (b'{"content": null, "lang": "Python"}', "missing"),
        (b'{"lang": "Python"}', "missing"),
        (b'{"content": "", "lang": "Python"}', "empty"),
        (b'{"content": "\\ud800", "lang": "Python"}', "undecodable"),
        (b'{"content": "\\u0000", "lang": "Python"}', "binary"),
        (b'{"content": "x", "lang": "COBOL"}', "language"),
        (b'{"content": "x", "lang": "Go"}', "language"),
        (b'{"content": "x"}', "language"),
        (b'{"content": "' + b"x" * 1001 + b'", "lang": "Python"}', "too_large"),
        (b'{"content": "' + "é".encode() * 501 + b'", "lang": "Python"}', "too_large"),
        (b'{"content": "' + b"x" * 200_000 + b'", "lang": "Python"}', "too_large"),
    ],
)
def test_a_row_that_cannot_be_is_one_rejection(tmp_path, line, reason):
    (tmp_path / "a.jsonl").write_bytes(lines(STACK, line, STACK))
    found = list(read(tmp_path, languages=["python"], max_bytes=1000))
    assert [getattr(item, "reason", "read") for item in found] == ["read", reason, "read"]
    assert found[1].step == "read"
    found[1].detail.encode()


def test_licences_of_rows_are_judged(tmp_path):
    rows = [
        STACK | {"max_stars_repo_licenses": licences}
        for licences in (["MIT"], ["MIT", "GPL-3.0"], ["GPL-3.0-or-later"], [], None, "MIT")
    ]
    (tmp_path / "a.jsonl").write_bytes(lines(*rows))
    no, unknown = "licence_not_allowed", "licence_unknown"
    assert reasons(tmp_path, licences="permissive") == ["read", no, no, unknown, unknown, "read"]
    stated = reasons(tmp_path, licences="permissive", licence="MIT")
    assert stated == ["read", no, no, "read", "read", "read"]


def test_columns_that_the_recipe_names(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines({"body": "x", "content": "no", "l": "Go"}))
    (item,) = read(tmp_path, columns={"content": "body", "language": "l"})
    assert (item.content, item.language) == ("x", "go")


@pytest.mark.parametrize(
    ("columns", "message"),
    [({"content": "body"}, "no column 'body'"), ({}, "no column with the content")],
)
def test_columns_that_are_not_there_are_said_at_once(tmp_path, columns, message):
    (tmp_path / "a.jsonl").write_bytes(lines({"prompt": "x"}))
    with pytest.raises(ConfigError, match=message):
        list(rows_of(tmp_path, columns=columns).parts())


def test_a_folder_without_json_lines_is_said_at_once(tmp_path):
    with pytest.raises(ConfigError, match="no JSON lines"):
        list(JsonlSource(path=str(tmp_path)).parts())


@pytest.mark.parametrize("cut", [20, 60])
def test_a_stream_that_breaks_off_says_so(tmp_path, cut):
    rows = [STACK | {"content": f"x = {index}\n"} for index in range(5000)]
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines(*rows))[:-cut])
    found = reasons(tmp_path)
    assert found[-1] == "damaged"
    assert found.count("read") > 1000


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.integers(0, 400_000), max_size=12),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
)
def test_ranges_of_bytes_give_every_row_once(sizes, end, ended):
    rows = [json.dumps({"content": f"x{n}" + "é" * size}) for n, size in enumerate(sizes)]
    data = end.join(row.encode() for row in [*rows, json.dumps({"content": "y" * 1_500_000})])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_bytes(data + end * ended)
        source = rows_of(path, language="c", part_mib=1)
        parts = list(source.parts())
        assert len(parts) == -(-len(data + end * ended) // (1 << 20))
        found = [item for part in parts for item in source.read(part)]
        (tmp := Path(folder) / "b.jsonl.gz").write_bytes(gzip.compress(data, 1))
        assert [getattr(item, "content", None) for item in found] == [
            getattr(item, "content", None) for item in read(tmp, language="c")
        ]
        assert len(found) == len(sizes) + 1


def test_a_limit_counts_rows_over_files(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(lines(STACK, b"broken", STACK))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines(STACK, STACK)))
    assert reasons(tmp_path, limit=4) == ["read", "malformed", "read", "read"]
    assert reasons(tmp_path, limit=40) == ["read", "malformed", "read", "read", "read"]


DATA = Path(__file__).resolve().parents[5] / "shared" / "data"


def test_real_files():
    if not (DATA / "mbpp.jsonl.gz").exists():
        pytest.skip("the public file mbpp.jsonl.gz is not in ../shared/data of the repository")
    found = list(read(DATA / "mbpp.jsonl.gz", language="python", licence="CC-BY-4.0"))
    assert len(found) == 964
    assert all(isinstance(item, Document) for item in found)
    for path in sorted((DATA / "multipl_e_humaneval").glob("*.jsonl.gz")):
        (first, *_) = read(path, columns={"content": "prompt", "language": ""}, language="c")
        assert isinstance(first, Document)
