"""Files that come back from a run: plain ones alone, whatever a sample made of its work area."""

import os
import threading
from pathlib import Path

from veristone.engine.wire import _parse_fetched
from veristone.sandbox_images.warden import fetch

ROOM = 1 << 20


def sent(work: Path, *names: str, room: int = ROOM) -> bytes:
    """The bytes that the warden gets."""
    reader, writer = os.pipe()
    got = bytearray()

    def read() -> None:
        with open(reader, "rb") as file:
            got.extend(file.read())

    thread = threading.Thread(target=read)
    thread.start()
    fetch.send(str(work), list(names), room, writer)
    os.close(writer)
    thread.join()
    return bytes(got)


def test_plain_files_come_back(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "program").write_bytes(bytes(3_000_000))
    (tmp_path / "a/one").write_bytes(b"1")
    (tmp_path / "a/b/two").write_bytes(b"2")
    found = _parse_fetched(sent(tmp_path, "program", "a/", "a/b/two", "none", room=4_000_000))
    assert found == {"program": bytes(3_000_000), "a/one": b"1", "a/b/two": b"2"}


def test_nothing_else_does(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    work = tmp_path / "work"
    (work / "folder").mkdir(parents=True)
    (work / "up").symlink_to(tmp_path)
    (work / "folder/link").symlink_to(secret)
    (work / "link").symlink_to(secret)
    os.mkfifo(work / "pipe")
    os.mkfifo(work / "folder/pipe")
    names = ("link", "up/secret", "up/", "pipe", "folder", "folder/", "link/", "none/x")
    assert _parse_fetched(sent(work, *names)) == {}


def test_what_does_not_fit_is_told_by_one_byte_too_many(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    with (tmp_path / "b").open("wb") as file:
        file.truncate(1 << 40)
    data = sent(tmp_path, "a", "b")
    assert len(data) == ROOM + 1
    assert _parse_fetched(data[:ROOM]) == {"a": b"1"}


def test_no_more_files_than_anybody_needs(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    for number in range(fetch._MOST_FILES + 1):
        (tmp_path / "all" / str(number)).touch()
    assert len(sent(tmp_path, "all/")) == ROOM + 1


def test_folders_without_end_are_not_followed(tmp_path: Path) -> None:
    deep = tmp_path / "top"
    for _ in range(fetch._DEPTH + 5):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"x")
    (tmp_path / "top/file").write_bytes(b"y")
    assert _parse_fetched(sent(tmp_path, "top/")) == {"top/file": b"y"}
