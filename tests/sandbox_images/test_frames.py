"""The wire's lowest layer: prefix, header, body, and the arena that holds a job."""

import os
import socket
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.sandbox_images.warden import frames

HEADERS = st.dictionaries(
    st.text(max_size=8).filter(lambda key: key != "parts"),
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    max_size=5,
)
PARTS = st.lists(st.binary(max_size=2000), max_size=80)


def transfer(header: dict[str, Any], parts: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=frames.send, args=(ours.fileno(), header, parts))
        sender.start()
        arena = frames.Arena(1 << 20)
        received, views = frames.receive(theirs.fileno(), arena)
        sender.join()
        return received, [bytes(view) for view in views]


@given(HEADERS, PARTS)
def test_what_is_sent_is_received(header: dict[str, Any], parts: list[bytes]) -> None:
    received, pieces = transfer(dict(header), parts)
    assert pieces == parts
    assert received == header | {"parts": [len(part) for part in parts]}


def test_large_bodies_survive_short_writes() -> None:
    parts = [os.urandom(300_000), b"", os.urandom(500_000)]
    assert transfer({}, parts)[1] == parts


@given(st.binary(min_size=frames.PREFIX.size, max_size=frames.PREFIX.size))
def test_any_sixteen_bytes_are_a_bounded_prefix_or_no_frame(data: bytes) -> None:
    try:
        header, body = frames.parse_prefix(data)
    except frames.BadFrame:
        return
    assert data[:4] == frames.MAGIC
    assert header <= frames.MAX_HEADER
    assert body <= frames.MAX_BODY


@pytest.mark.parametrize(
    "prefix",
    [
        frames.PREFIX.pack(b"VST2", 2, 0),
        frames.PREFIX.pack(frames.MAGIC, frames.MAX_HEADER + 1, 0),
        frames.PREFIX.pack(frames.MAGIC, 2, frames.MAX_BODY + 1),
        frames.PREFIX.pack(frames.MAGIC, 2, 2**64 - 1),
    ],
    ids=["magic", "header", "body", "huge body"],
)
def test_a_wrong_prefix_is_refused_before_memory_is_spent(prefix: bytes) -> None:
    with pytest.raises(frames.BadFrame):
        frames.parse_prefix(prefix)


@pytest.mark.parametrize("cut", [0, 7, 16, 20])
def test_a_truncated_frame_is_the_end_of_the_stream(cut: int) -> None:
    data = (frames.encode_head({"op": "x", "parts": [4]}, 4) + b"body")[:cut]
    reader, writer = os.pipe()
    try:
        os.write(writer, data)
        os.close(writer)
        with pytest.raises(frames.EndOfStream):
            frames.receive(reader, frames.Arena(1 << 16))
    finally:
        os.close(reader)


def test_an_arena_refuses_what_does_not_fit() -> None:
    arena = frames.Arena(8192)
    arena.take(8000)
    with pytest.raises(frames.BadFrame):
        arena.take(193)
    assert len(arena.take(192)) == 192


def test_an_arena_keeps_nothing_of_the_job_before() -> None:
    arena = frames.Arena(3 * 4096)
    view = arena.take(5000)
    view[:] = b"s" * 5000
    arena.wipe()
    again = arena.take(5000)
    assert bytes(again) == bytes(5000)


def test_wiping_an_arena_that_was_filled_to_the_brim() -> None:
    arena = frames.Arena(2 * 4096)
    arena.take(2 * 4096)[:] = b"x" * 8192
    arena.wipe()
    assert bytes(arena.take(8192)) == bytes(8192)
