"""The record: lines with a token, from one process only, readable by the engine."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone.engine.wire import _parse_record
from veristone.sandbox_images.warden.record import Recorder

EVENTS = st.lists(
    st.dictionaries(st.text(max_size=10), st.text(max_size=20) | st.integers(-(2**53), 2**53)),
    max_size=10,
)


def contents(fd: int) -> bytes:
    return os.pread(fd, 1 << 20, 0)


@pytest.fixture
def record():
    fd = os.memfd_create("record")
    yield fd
    os.close(fd)


@given(EVENTS)
def test_the_engine_reads_what_a_driver_writes(events: list[dict[str, object]]) -> None:
    fd = os.memfd_create("record")
    try:
        recorder = Recorder(fd, "token")
        for event in events:
            recorder.write(event)
        assert _parse_record(contents(fd), "token", 10) == (events, True)
    finally:
        os.close(fd)


def test_a_forked_child_of_the_driver_writes_nothing(record: int) -> None:
    recorder = Recorder(record, "token")
    pid = os.fork()
    if pid == 0:
        recorder.write({"done": 1})
        os._exit(0)
    os.waitpid(pid, 0)
    assert contents(record) == b""
    recorder.write({"done": 0})
    assert contents(record) == b'token {"done":0}\n'


def test_surrogates_do_not_stop_a_driver(record: int) -> None:
    Recorder(record, "token").write({"raised": ["E", "\ud800"]})
    assert contents(record).startswith(b"token ")
