import bz2
import gzip
import io
import lzma
import resource
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veristone import ConfigError
from veristone.generators.seeds.records import Document, Rejection
from veristone.generators.seeds.sources.archive import ArchiveSource
from veristone.generators.seeds.sources.base import Reason

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REASONS = set(get_args(Reason))


def tar(members: Sequence[Any], mode: Any = "w", **options: Any) -> bytes:
    """Members are (name, content) or a TarInfo without content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, **options) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def zipped(members, comment=b"", method=zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.comment = comment
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def link(name, kind, target="/etc/passwd") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def archive(path: Path | str, **changes: Any) -> ArchiveSource:
    return ArchiveSource.model_validate({"path": str(path), "licences": "any"} | changes)


def read(path: Path | str, **changes: Any) -> list[Any]:
    source = archive(path, **changes)
    return [item for part in source.parts() for item in source.read(part)]


def outcomes(path, **changes):
    return [
        (item.provenance.path, item.language if isinstance(item, Document) else item.reason)
        for item in read(path, **changes)
    ]


MEMBERS = [("b/x.py", b"x = 1\r\n"), ("README", b"no"), ("a.js", b"y\n"), ("c.py", b"z\n")]
EXPECTED = [("b/x.py", "python"), ("a.js", "javascript"), ("c.py", "python")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tar", tar(MEMBERS)),
        ("a.tar.gz", tar(MEMBERS, "w:gz")),
        ("a.tar.bz2", tar(MEMBERS, "w:bz2")),
        ("a.tar.xz", tar(MEMBERS, "w:xz")),
        ("gnu.tar", tar(MEMBERS, format=tarfile.GNU_FORMAT)),
        ("ustar.tar", tar(MEMBERS, format=tarfile.USTAR_FORMAT)),
        ("misnamed.tar", tar(MEMBERS, "w:gz")),
        (
            "two.tar.gz",
            gzip.compress(tar(MEMBERS)[:700], mtime=0) + gzip.compress(tar(MEMBERS)[700:], mtime=0),
        ),
        ("two.tar.xz", lzma.compress(tar(MEMBERS)[:700]) + lzma.compress(tar(MEMBERS)[700:])),
        ("a.zip", zipped(MEMBERS)),
        ("a.whl", zipped(MEMBERS, method=zipfile.ZIP_STORED)),
        ("a.jar", zipped(MEMBERS, method=zipfile.ZIP_BZIP2)),
    ],
)
def test_formats_in_member_order(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    assert outcomes(tmp_path) == EXPECTED
    assert read(tmp_path)[0].content == "x = 1\n"


METADATA = b"Name: Some_Thing\nVersion: 1.2\nLicense-Expression: MIT\n\nText\n"
CARGO = b'[package]\nname = "crab"\nversion = "0.1.0"\nlicense = "MIT/Apache-2.0"\n'
NPM = b'{"name": "@a/b", "version": "3.0.0", "license": "ISC"}'
PROJECT = b'[project]\nname = "P"\nversion = "1"\nlicense = {text = "BSD 3-Clause"}\n'
GIT = {"format": tarfile.PAX_FORMAT, "pax_headers": {"comment": COMMIT}}


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        (
            "some_thing-1.2.tar.gz",
            tar([("some_thing-1.2/src/a.py", b"x"), ("some_thing-1.2/PKG-INFO", METADATA)], "w:gz"),
            ("pkg:pypi/some-thing", "1.2", ("MIT",), "src/a.py"),
        ),
        (
            "some_thing-1.2-py3-none-any.whl",
            zipped([("p/a.py", b"x"), ("some_thing-1.2.dist-info/METADATA", METADATA)]),
            ("pkg:pypi/some-thing", "1.2", ("MIT",), "p/a.py"),
        ),
        (
            "crab-0.1.0.crate",
            tar([("crab-0.1.0/Cargo.toml", CARGO), ("crab-0.1.0/src/a.rs", b"x")], "w:gz"),
            ("pkg:cargo/crab", "0.1.0", ("MIT OR Apache-2.0",), "src/a.rs"),
        ),
        (
            "b-3.0.0.tgz",
            tar([("package/a.js", b"x"), ("package/package.json", NPM)], "w:gz"),
            ("pkg:npm/%40a/b", "3.0.0", ("ISC",), "a.js"),
        ),
        (
            "v1.tar.gz",
            tar([("proj-1.0/a.py", b"x"), ("proj-1.0/pyproject.toml", PROJECT)], "w:gz", **GIT),
            ("proj", COMMIT, ("BSD-3-Clause",), "a.py"),
        ),
        (
            "main.zip",
            zipped([("proj-main/", b""), ("proj-main/a.py", b"x")], COMMIT.encode()),
            ("proj", COMMIT, (), "a.py"),
        ),
        ("thing-7.zip", zipped([("thing-7/a.py", b"x")]), ("thing-7", "", (), "thing-7/a.py")),
        (
            "nested.tar",  # a manifest further down is of somebody else
            tar([("n/dep/package.json", NPM), ("n/a.py", b"x")]),
            ("nested", "", (), "n/a.py"),
        ),
        (
            "broken.tar",
            tar([("b/Cargo.toml", b"[[["), ("b/package.json", b"[" * 5000), ("b/a.py", b"x")]),
            ("broken", "", (), "a.py"),
        ),
    ],
)
def test_an_archive_says_where_its_files_come_from(tmp_path, name, data, expected):
    (tmp_path / name).write_bytes(data)
    (item,) = read(tmp_path)
    where = item.provenance
    assert (where.repository, where.commit, where.licences, where.path) == expected


def test_the_recipe_knows_better_but_for_licences(tmp_path):
    (tmp_path / "s-1.tar").write_bytes(tar([("s-1/PKG-INFO", METADATA), ("s-1/a.py", b"x")]))
    (tmp_path / "t.tar").write_bytes(tar([("a.py", b"x")]))
    found = read(tmp_path, repository="r", commit="c", licence="Apache 2.0", licences="permissive")
    assert [item.provenance.repository for item in found] == ["r", "r"]
    assert [item.provenance.commit for item in found] == ["c", "c"]
    assert [item.provenance.licences for item in found] == [("MIT",), ("Apache-2.0",)]


def test_what_is_no_plain_file_in_its_place_is_rejected(tmp_path):
    (tmp_path / "a.tar").write_bytes(
        tar(
            [
                ("/abs.py", b"x"),
                ("../up.py", b"x"),
                ("a/../../up.py", b"x"),
                ("n" * 5000 + ".py", b"x"),
                link("sym.py", tarfile.SYMTYPE),
                link("hard.py", tarfile.LNKTYPE),
                link("device.py", tarfile.CHRTYPE),
                link("pipe.py", tarfile.FIFOTYPE),
                link("folder.py", tarfile.DIRTYPE),
                link("image.png", tarfile.SYMTYPE),
                ("./fine.py", b"x"),
            ]
        )
    )
    assert outcomes(tmp_path) == [
        *[("", "bad_name")] * 4,
        *[(f"{name}.py", "not_a_file") for name in ("sym", "hard", "device", "pipe")],
        ("fine.py", "python"),
    ]


def test_a_link_in_a_zip_is_rejected(tmp_path):
    info = zipfile.ZipInfo("link.py")
    info.external_attr = 0o120777 << 16
    (tmp_path / "a.zip").write_bytes(zipped([(info, b"/etc/passwd"), ("C:\\a.py", b"x")]))
    assert outcomes(tmp_path) == [("link.py", "not_a_file"), ("", "bad_name")]


def test_a_member_without_a_name(tmp_path):
    data = zipped([("q", b"x"), ("a.py", b"y")], method=zipfile.ZIP_STORED)
    at = data.index(b"PK\1\2")
    data = data[: at + 28] + b"\0\0" + data[at + 30 : at + 46] + data[at + 47 :]
    end = data.index(b"PK\5\6")
    size = struct.unpack_from("<L", data, end + 12)[0] - 1
    data = data[: end + 12] + struct.pack("<L", size) + data[end + 16 :]
    (tmp_path / "a.zip").write_bytes(data)
    assert outcomes(tmp_path) == [("a.py", "python")]


def test_a_file_that_is_too_large_is_passed_over(tmp_path):
    members = [("a.py", b"x" * 5000), ("b.py", b"y")]
    (tmp_path / "a.tar.gz").write_bytes(tar(members, "w:gz"))
    (tmp_path / "b.zip").write_bytes(zipped(members))
    assert outcomes(tmp_path, max_bytes=4999) == [("a.py", "too_large"), ("b.py", "python")] * 2


LONG = tar([(f"{index}.py", b"x" * 600) for index in range(20)])


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("cut.tar", LONG[:10_100], "damaged"),
        ("header.tar", LONG[:10_340], "damaged"),
        ("unended.tar", LONG[:10_752], "damaged"),
        ("garbled.tar", LONG[:10_752] + b"\xff" * 512 + LONG[11_264:], "damaged"),
        ("cut.tar.gz", gzip.compress(LONG, mtime=0)[:-60], "damaged"),
        ("cut.tar.xz", lzma.compress(LONG)[:-60], "damaged"),
        ("cut.tar.bz2", bz2.compress(LONG)[:-60], "damaged"),
        ("cut.zip", zipped(MEMBERS)[:-30], "damaged"),
        ("empty.tar", b"", "damaged"),
        ("words.tar.gz", b"these are words", "damaged"),
        ("words.zip", b"these are words", "damaged"),
        ("none.tar.gz", gzip.compress(b"no tar", mtime=0), "damaged"),
    ],
)
def test_an_archive_that_breaks_off_gives_what_it_has_and_says_so(tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    (tmp_path / "z.tar").write_bytes(tar(MEMBERS))
    found = read(tmp_path)
    assert (found[-4].provenance.path, found[-4].reason) == ("", reason)
    broken = [item for item in found if not isinstance(item, Document)]
    assert [item.reason for item in broken] in ([reason], [reason, reason])  # its member as well
    assert [item.provenance.path for item in found[-3:]] == [path for path, _ in EXPECTED]
    if name.endswith("tar") and data:
        assert len(found) > 3 + 5


def test_a_damaged_member_of_a_zip_is_one_rejection(tmp_path):
    data = bytearray(zipped([("a.py", b"x" * 50), ("b.py", b"y")], method=zipfile.ZIP_STORED))
    data[data.index(b"xxx")] ^= 1
    (tmp_path / "a.zip").write_bytes(data)
    encrypted = bytearray(zipped([("a.py", b"x"), ("b.py", b"y")]))
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "b.zip").write_bytes(encrypted)
    (tmp_path / "c.zip").write_bytes(zipped([("a.py", b"x")], method=zipfile.ZIP_LZMA))
    assert outcomes(tmp_path) == [
        *[("a.py", "damaged"), ("b.py", "python")] * 2,
        ("a.py", "damaged"),
    ]


def header(name: str, kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


ZEROS = bytes(1 << 20)


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("name.tar.gz", header("././@LongLink", b"L", 1 << 33), "oversized_archive"),
        ("pax.tar.gz", header("pax", b"x", 1 << 33), "oversized_archive"),
        ("sparse.tar.gz", header("a.py", b"S", 1 << 40), "oversized_archive"),
        ("negative.tar.gz", header("a.py", b"0", -(1 << 40)), "damaged"),
        (
            "chain.tar.gz",
            header("g", b"g", 512) + b"9 a=bcde\n".ljust(512, b"\0"),
            "damaged",
        ),
        ("big.tar.gz", header("a.png", b"0", 1 << 40), "oversized_archive"),
    ],
)
def test_headers_are_not_taken_at_their_word(tmp_path, name, data, reason):
    body = data * 3000 if name.startswith("chain") else data + ZEROS * 40
    (tmp_path / name).write_bytes(gzip.compress(body, 1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read(tmp_path, max_unpacked_mib=32)
    assert [item.reason for item in found][-1] == reason
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip"])
def test_a_bomb_ends_at_the_bound(tmp_path, name):
    bomb = [("a.py", b"x\n"), *[(f"{index}.bin", ZEROS) for index in range(40)], ("z.py", b"z\n")]
    data = tar(bomb, "w:gz") if name == "a.tar.gz" else zipped(bomb)
    (tmp_path / name).write_bytes(data)
    whole = [("a.py", "python"), ("z.py", "python")]
    assert outcomes(tmp_path) == whole
    # A zip is not unpacked where nothing is asked for.
    cut = [("a.py", "python"), ("", "oversized_archive")]
    assert outcomes(tmp_path, max_unpacked_mib=8) == (whole if name == "a.zip" else cut)
    assert outcomes(tmp_path, max_members=40) == cut


def test_a_zip_with_too_large_a_directory_is_not_opened(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped([(f"{index}.txt", b"") for index in range(2000)]))
    assert outcomes(tmp_path, max_members=100) == [("", "oversized_archive")]


GOOD = [
    tar([("p-1/PKG-INFO", METADATA), ("p-1/a.py", b"x = 1\n"), ("p-1/b.c", b"int x;\n" * 100)]),
    tar(MEMBERS, "w:gz"),
    tar(MEMBERS, "w:xz"),
    zipped([("p-1.dist-info/METADATA", METADATA), *MEMBERS]),
    tar([("n" * 300 + ".py", b"x")], format=tarfile.PAX_FORMAT, pax_headers={"comment": COMMIT}),
]
EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=8)), max_size=6)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(GOOD), EDITS, st.integers(0, 12_000))
def test_no_change_to_an_archive_does_more_than_end_it(data, edits, length):
    changed = bytearray(data)
    for at, piece in edits:
        at %= len(changed)
        changed[at : at + len(piece)] = piece
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.tar.gz"
        path.write_bytes(changed[: max(length, 1)])
        for item in read(path):
            assert isinstance(item, Document) or item.reason in REASONS


def test_parts_are_runs_of_archives(tmp_path):
    for index in range(5):
        data = tar([(f"{index}.py", b"x"), ("noise.bin", bytes(600_000))])
        (tmp_path / f"{index}.tar").write_bytes(data)
    (tmp_path / "note.txt").write_text("no archive")
    source = archive(tmp_path, part_mib=1)
    assert [len(part.paths) for part in source.parts()] == [1] * 5
    source = archive(f"{tmp_path}/*.tar", limit=3)
    (part,) = source.parts()
    assert [item.provenance.path for item in source.read(part)] == ["0.py", "1.py", "2.py"]


def test_an_archive_that_went_away_is_rejected(tmp_path):
    (tmp_path / "a.tar").write_bytes(tar(MEMBERS))
    source = archive(tmp_path)
    (part,) = source.parts()
    (tmp_path / "a.tar").unlink()
    (item,) = source.read(part)
    assert isinstance(item, Rejection)
    assert (item.reason, item.detail) == ("missing", "a.tar: ENOENT")


def test_a_folder_without_archives_is_said_at_once(tmp_path):
    with pytest.raises(ConfigError, match="no archives"):
        list(ArchiveSource(path=str(tmp_path)).parts())
