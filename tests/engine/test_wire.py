"""Frames and reports of wardens that may have been taken over."""

import asyncio
import contextlib
import json
import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import InvalidSample, Limits, ProtocolViolation, SandboxFailure
from veristone.engine.jobs import Job, Large, Report
from veristone.engine.sandbox import Connection, Sandbox
from veristone.engine.wire import (
    Ceilings,
    Retired,
    _parse_record,
    encode_job,
    parse_hello,
    parse_report,
)
from veristone.sample import is_path
from veristone.sandbox_images.warden import frames
from veristone.sandbox_images.warden.child import read_job

CEILINGS = Ceilings(64, 64, 2048, memory_cgroup=True, processes_cgroup=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


def job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "language": "python",
        "driver": "main",
        "entry": "main.py",
        "files": {"main.py": b"print(1)"},
        "limits": Limits(wall_s=1.0),
    }
    return Job(**(fields | changes))


def header(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "op": "report",
        "id": 1,
        "token": "t",
        "exit": 0,
        "signal": None,
        "killed": None,
        "oom": False,
        "process_limit": False,
        "disk_full": False,
        "cpu_s": 0.1,
        "wall_s": 0.1,
        "starved_s": 0.0,
        "peak_kib": 100,
        "inside_s": 0.1,
        "stdout": [0, 0, 0],
        "stderr": [0, 0, 0],
        "record": [0, 0, 0],
    }
    return fields | changes


def parse(head: dict[str, Any], body: bytes = b"") -> Report:
    return parse_report(json.dumps(head).encode(), body, 1, 10)


def frame(head: dict[str, Any] | bytes, body: bytes = b"") -> bytes:
    data = head if isinstance(head, bytes) else json.dumps(head).encode()
    return frames.PREFIX.pack(frames.MAGIC, len(data), len(body)) + data + body


class Wire(asyncio.Transport):
    """A transport that remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.aborted = False

    def writelines(self, list_of_data: Any) -> None:
        self.sent += b"".join(list_of_data)

    def abort(self) -> None:
        self.aborted = True


def connected() -> tuple[Connection, Wire]:
    connection, wire = Connection(), Wire()
    connection.connection_made(wire)
    return connection, wire


async def nothing() -> None:
    return None


def sandbox(connection: Connection) -> Sandbox:
    return Sandbox("test", connection, CEILINGS, nothing)


# Jobs -------------------------------------------------------------------------------------


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
NAMES = WORDS.filter(lambda word: word != "" and "=" not in word)


@given(
    st.dictionaries(NAMES, st.binary(max_size=50), max_size=5),
    st.binary(max_size=50),
    st.binary(max_size=50),
    st.lists(WORDS, max_size=3),
    st.lists(NAMES.filter(is_path), max_size=3),
    st.dictionaries(NAMES, WORDS, max_size=3),
)
def test_the_warden_reads_the_job_that_the_engine_sends(
    files: dict[str, bytes],
    stdin: bytes,
    payload: bytes,
    argv: list[str],
    wanted: list[str],
    env: dict[str, str],
) -> None:
    given_words = {"argv": tuple(argv), "fetch": tuple(wanted), "env": env}
    sent = job(files=files, stdin=stdin, payload=payload, **given_words)
    data = b"".join(encode_job(7, sent, CEILINGS))
    head_length, body_length = frames.parse_prefix(data[: frames.PREFIX.size])
    start = frames.PREFIX.size + head_length
    head = json.loads(data[frames.PREFIX.size : start])
    body = memoryview(data)[start:]
    assert len(body) == body_length == sum(head["parts"])
    assert head["id"] == 7
    pieces: list[memoryview] = []
    for length in head["parts"]:
        pieces.append(body[:length])
        body = body[length:]
    assert bytes(pieces[1]) == stdin
    read = read_job(pieces, "/work")
    assert bytes(read.payload) == payload
    assert dict(zip(read.meta["files"], map(bytes, read.contents), strict=True)) == files
    assert list(read.meta["argv"]) == argv
    assert list(read.meta["fetch"]) == wanted
    assert dict(read.meta["env"]) == env
    assert (read.meta["driver"], read.meta["entry"]) == (sent.driver, sent.entry)


@pytest.mark.parametrize(
    "changes",
    [
        {"argv": ("\ud800",)},
        {"env": {"A": "\ud800"}},
        {"files": {"\ud800": b""}},
        {"argv": ("a\0b",)},
        {"fetch": ("../../etc/passwd",)},
        {"fetch": ("/etc/",)},
        {"env": {"A": "\0"}},
    ],
    ids=str,
)
def test_a_job_with_what_is_no_text_is_no_sample(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidSample):
        encode_job(1, job(**changes), CEILINGS)


# Reports ----------------------------------------------------------------------------------


def test_a_report_is_cut_into_its_streams() -> None:
    record = b't {"done":1}\nt {"ha'
    body = b"ABCDef" + record
    report = parse(
        header(stdout=[2, 1, 9], stderr=[1, 2, 3], record=[len(record), 0, len(record)]), body
    )
    assert (report.stdout.head, report.stdout.tail, report.stdout.complete) == (b"AB", b"C", False)
    assert (report.stderr.whole(), report.stderr.complete) == (b"Def", True)
    assert report.events == ({"done": 1},)
    assert report.intact


def packed(*files: tuple[bytes, bytes]) -> bytes:
    return b"".join(
        frames.FILE_HEAD.pack(len(name), len(data)) + name + data for name, data in files
    )


def test_files_that_were_asked_for_come_back() -> None:
    body = packed((b"program", b"\x7fELF"), (b"classes/A.class", b""))
    report = parse(header(fetched=[len(body), 0, len(body)]), body)
    assert report.fetched == {"program": b"\x7fELF", "classes/A.class": b""}
    assert report.fetched_all
    assert not parse(header(fetched=[len(body), 0, len(body) + 1]), body).fetched_all


@pytest.mark.parametrize("name", [b"/etc/passwd", b"../up", b"a//b", b"", b"\xff", b"a\0b", b"."])
def test_a_file_whose_name_is_no_path_is_left_out(name: bytes) -> None:
    body = packed((name, b"x"), (b"good", b"y"))
    assert parse(header(fetched=[len(body), 0, len(body)]), body).fetched == {"good": b"y"}


@given(st.binary(max_size=60))
def test_any_bytes_in_place_of_files_do_no_harm(body: bytes) -> None:
    for name in parse(header(fetched=[len(body), 0, len(body)]), body).fetched:
        assert not name.startswith(("/", ".."))


@pytest.mark.parametrize(
    "head",
    [
        header(id=2),
        header(id=-1),
        header(op="hello"),
        header(exit="0"),
        header(exit=None) | {"signal": "SIGKILL"},
        header(killed="bored"),
        header(oom=1),
        header(cpu_s="1"),
        header(stdout=[0, 0]),
        header(stdout=[-1, 1, 0]),
        header(stdout=[1, -1, 0], stderr=[0, 0, 0]),
        header(stdout=[5, 0, 5]),
        header(record=[5, 0, 5]),
        header(record=[0, 5, 5]),
        header(record=[0, 0]),
        header(record=[-5, 0, 5], stdout=[5, 0, 5]),
        header(record=[0, -5, 5], stdout=[5, 0, 5]),
        header(stdout=[0, 0, -1]),
        header(stdout=[2**62, 2**62, 2**63 - 1]),
        {},
        [],
    ],
    ids=repr,
)
def test_a_report_that_does_not_fit_is_a_violation(head: Any) -> None:
    with pytest.raises(ProtocolViolation):
        parse(head)


def test_more_bytes_kept_than_were_written_is_a_violation() -> None:
    with pytest.raises(ProtocolViolation):
        parse(header(stdout=[3, 2, 4]), b"12345")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"\xff\xfe",
        b'{"op":"\xff"}',
        b'{"op":"report","\xff":1}',
        b'{"op":"report","x":' + b"[" * 50_000,
        b'{"op":"report","x":' + b'{"a":' * 10_000,
        b"9" * 60_000,
        b'{"op":"report","id":1e999}',
        b'{"op":"\\ud800"}',
    ],
    ids=lambda data: repr(data[:24]),
)
def test_a_header_that_is_no_json_is_a_violation(data: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        parse_report(data, b"", 1, 10)
    with pytest.raises(ProtocolViolation):
        parse_hello(data)


@given(st.binary(max_size=200))
def test_no_bytes_of_a_header_raise_anything_else(data: bytes) -> None:
    with pytest.raises(SandboxFailure):
        parse_report(data, b"", 1, 10)


@given(st.sampled_from(sorted(header())), JSON, st.binary(max_size=20))
def test_any_field_of_any_type_is_a_report_or_a_failure(name: str, value: Any, body: bytes) -> None:
    with contextlib.suppress(SandboxFailure):
        parse(header(**{name: value}), body)


# The record -------------------------------------------------------------------------------

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("data", "events", "intact"),
    [
        ("", [], True),
        ('T {"a":1}\n', [{"a": 1}], True),
        ('T {"a":1}\nT {"b":', [{"a": 1}], True),
        ('T {"a":1}\nT', [{"a": 1}], True),
        ('T {"a":1}\n012', [{"a": 1}], True),
        ('{"a":1}\n', [], False),
        ('passed\nT {"a":1}\n', [{"a": 1}], False),
        ('T {"a":1}\npassed', [{"a": 1}], False),
        ("T [1]\n", [], False),
        ("T 1\n", [], False),
        ("T nonsense\n", [], False),
        ('T {"a":NaN}\n', [], False),
        ("T \n", [], False),
        ("\n", [], False),
        (f'{TOKEN[:-1]}0 {{"done":1}}\n', [], False),
        (f'{TOKEN}{{"done":1}}\n', [], False),
    ],
)
def test_only_lines_with_the_token_count(data: str, events: list[Any], intact: bool) -> None:
    text = data.replace("T", TOKEN)
    assert _parse_record(text.encode(), TOKEN, 10) == (events, intact)


@pytest.mark.parametrize("opening", ["[", '{"a":', "[{"])
def test_a_bomb_of_brackets_is_tampering_and_no_crash(opening: str) -> None:
    line = f'{TOKEN} {{"call":0,"value":{opening * 100_000}\n'
    assert _parse_record(line.encode(), TOKEN, 10) == ([], False)


@given(st.binary(max_size=100))
def test_no_bytes_of_a_record_raise(data: bytes) -> None:
    _parse_record(data, TOKEN, 10)
    _parse_record(TOKEN.encode() + b" " + data + b"\n", TOKEN, 10)


def test_a_record_that_was_cut_is_not_intact() -> None:
    record = f'{TOKEN} {{"a":1}}\n'.encode()
    cut = [len(record), 0, len(record) + 5]
    assert not parse(header(token=TOKEN, record=cut), record).intact
    # Unless that is what the run was killed for.
    assert parse(header(token=TOKEN, record=cut, killed="output", exit=None), record).intact


def recorded(*lines: str, **changes: Any) -> Report:
    record = "".join(f"{TOKEN} {line}\n" for line in lines).encode()
    return parse(header(token=TOKEN, record=[len(record), 0, len(record)], **changes), record)


def test_a_fault_of_the_sandbox_is_no_report() -> None:
    fault = '{"fault":"OSError: no room"}'
    for lines in ([fault], ['{"ready":true}', fault]):
        with pytest.raises(SandboxFailure, match="no room"):
            recorded(*lines, exit=254)


@pytest.mark.parametrize("code", [0, 1, 254])
def test_a_fault_behind_the_samples_first_instruction_is_its_own(code: int) -> None:
    fault = '{"fault":"not me"}'
    assert recorded('{"ready":true}', '{"begun":true}', fault, exit=code).intact


@pytest.mark.parametrize("fault", ['"x"', "[" * 900 + "]" * 900, "1" + "0" * 300, "null"])
def test_a_fault_that_is_odd_is_short(fault: str) -> None:
    with pytest.raises(SandboxFailure) as raised:
        recorded(f'{{"fault":{fault}}}')
    assert len(str(raised.value)) < 400


def test_of_more_lines_than_a_check_can_need_none_is_read() -> None:
    assert recorded(*['{"call":0}'] * 10).intact
    many = recorded(*['{"call":0}'] * 11)
    assert (many.events, many.intact) == ((), False)


@pytest.mark.parametrize(
    "fields",
    [
        {"cpu_s": 1e308},
        {"cpu_s": -1},
        {"wall_s": 1e300},
        {"inside_s": -0.1},
        {"peak_kib": 2**63},
        {"peak_kib": -1},
        {"exit": 10**9},
        {"signal": -9},
        {"signal": 4096},
    ],
)
def test_numbers_that_no_run_can_have_are_a_violation(fields: dict[str, Any]) -> None:
    with pytest.raises(ProtocolViolation):
        parse(header(**fields))


# The connection ---------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40)), min_size=1, max_size=4),
    st.lists(st.integers(1, 30), min_size=1, max_size=10),
)
def test_frames_arrive_however_the_stream_is_cut(
    sent: list[tuple[bytes, bytes]], cuts: list[int]
) -> None:
    async def scenario() -> list[tuple[bytes, bytes]]:
        connection, _ = connected()
        received: list[tuple[bytes, bytes]] = []
        for head, body in sent:
            connection.write([], most=len(body))
            waiting = asyncio.ensure_future(connection.read(5.0))
            await asyncio.sleep(0)
            data = frame(head, body)
            while data:
                size = cuts[len(data) % len(cuts)]
                connection.feed(data[:size])
                data = data[size:]
            received.append(await waiting)
        return received

    assert asyncio.run(scenario()) == sent


@pytest.mark.parametrize(
    "data",
    [
        b"VST2" + bytes(12),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        struct.pack("!4sIQ", frames.MAGIC, frames.MAX_HEADER + 1, 0),
        struct.pack("!4sIQ", frames.MAGIC, 2, frames.MAX_BODY + 1),
        struct.pack("!4sIQ", frames.MAGIC, 2**32 - 1, 2**64 - 1),
    ],
    ids=["magic", "http", "header", "body", "both"],
)
async def test_bytes_that_are_no_frame_end_the_connection(data: bytes) -> None:
    connection, wire = connected()
    waiting = asyncio.ensure_future(connection.read(5.0))
    await asyncio.sleep(0)
    connection.feed(data)
    with pytest.raises(ProtocolViolation):
        await waiting
    assert wire.aborted
    assert not connection.alive
    for _ in range(100):
        connection.feed(b"x" * 10_000)
    assert len(connection._buffer) <= len(data)
    with pytest.raises(ProtocolViolation):
        await connection.read(5.0)


async def test_more_than_a_job_can_need_is_refused_before_it_is_kept() -> None:
    connection, wire = connected()
    small = job(keep_head=100, keep_tail=100, record_bytes=100)
    waiting = asyncio.ensure_future(sandbox(connection).run(small))
    await asyncio.sleep(0)
    connection.feed(frame(header(), bytes(100_000)))
    with pytest.raises(ProtocolViolation, match="more than was asked"):
        await waiting
    assert wire.aborted


def test_a_job_too_large_for_a_frame_is_no_sample() -> None:
    files = {name: bytes(frames.MAX_BODY // 2) for name in ("a", "b")}
    with pytest.raises(InvalidSample, match="larger"):
        encode_job(1, job(files=files), CEILINGS)


def test_no_limit_is_a_number_that_the_kernel_does_not_take() -> None:
    for mib in (2**43, 2**62):
        head = encode_job(1, job(limits=Limits(file_mib=mib)), CEILINGS)[0]
        assert json.loads(head[frames.PREFIX.size :])["limits"]["file_bytes"] < 2**63


async def test_a_sandbox_that_goes_away_is_a_failure_at_once() -> None:
    connection, _ = connected()
    waiting = asyncio.ensure_future(sandbox(connection).run(job()))
    await asyncio.sleep(0)
    connection.feed(frame(header())[:20])
    connection.connection_lost(None)
    with pytest.raises(SandboxFailure):
        await asyncio.wait_for(waiting, 1.0)


async def test_a_sandbox_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("veristone.engine.sandbox.GRACE_S", 0.05)
    connection, _ = connected()
    with pytest.raises(SandboxFailure, match="did not answer"):
        await sandbox(connection).run(job(limits=Limits(wall_s=0.05)))


async def test_a_sandbox_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then must not move the deadline."""
    monkeypatch.setattr("veristone.engine.sandbox.GRACE_S", 0.05)
    connection, _ = connected()
    waiting = asyncio.ensure_future(sandbox(connection).run(job(limits=Limits(wall_s=0.1))))
    for byte in frame(header()):
        await asyncio.sleep(0.02)
        if waiting.done():
            break
        connection.feed(bytes([byte]))
    with pytest.raises(SandboxFailure):
        await waiting


async def test_the_answer_to_another_job_is_a_violation() -> None:
    connection, _ = connected()
    waiting = asyncio.ensure_future(sandbox(connection).run(job()))
    await asyncio.sleep(0)
    connection.feed(frame(header(id=2)))
    with pytest.raises(ProtocolViolation):
        await waiting


@pytest.mark.parametrize("extra", [frame(header(id=2)), frame(header(id=2)) * 2, b"V"])
async def test_a_report_sent_before_its_job_is_a_violation(extra: bytes) -> None:
    """Whoever owns a warden must not leave a verdict there for the next sample."""
    connection, wire = connected()
    broken = sandbox(connection)
    waiting = asyncio.ensure_future(broken.run(job()))
    await asyncio.sleep(0)
    connection.feed(frame(header(id=1)) + extra)
    assert (await waiting).exit_code == 0
    assert not broken.alive
    sent = wire.sent
    with pytest.raises(ProtocolViolation):
        await broken.run(job())
    assert wire.sent == sent
    assert wire.aborted


STANDING = dict.fromkeys(("no-network", "seccomp", "own-pid-namespace", "own-user"), True)
RETIRED = frame({"op": "retired", "why": "left: sockets", "parts": []})


async def test_a_sandbox_that_is_used_up_says_so_in_place_of_a_report() -> None:
    connection, _ = connected()
    waiting = asyncio.ensure_future(sandbox(connection).run(job()))
    await asyncio.sleep(0)
    connection.feed(RETIRED)
    with pytest.raises(Retired, match="sockets"):
        await waiting


async def test_its_last_words_are_read_where_the_next_job_finds_it_gone() -> None:
    """Both happen before the event loop looks: on a busy host that is no rare case."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    _, connection = await asyncio.get_running_loop().create_connection(Connection, sock=ours)
    theirs.sendall(RETIRED)
    theirs.close()
    used_up = sandbox(connection)
    used_up.runs = 1
    with pytest.raises(Retired, match="sockets"):
        await used_up.run(job())
    assert not used_up.alive


async def test_a_sandbox_that_was_used_up_or_died_idle_gets_no_job() -> None:
    for farewell in (RETIRED, b""):
        connection, wire = connected()
        idle = sandbox(connection)
        idle.runs = 1
        if farewell:
            connection.feed(farewell)
        else:
            connection.connection_lost(None)
        assert not idle.alive
        with pytest.raises(Retired):
            await idle.run(job())
        assert wire.sent == b""


async def test_a_sandbox_that_ends_before_its_first_job_was_used_up_by_nobody() -> None:
    """Where each new one ends so, a sample must not be tried a hundred times."""
    connection, _ = connected()
    broken = sandbox(connection)
    connection.connection_lost(None)
    with pytest.raises(SandboxFailure, match="first job") as caught:
        await broken.run(job())
    assert not isinstance(caught.value, Retired)


async def test_the_greeting_may_come_before_it_is_read() -> None:
    connection, _ = connected()
    hello = {"op": "hello", "protocol": frames.PROTOCOL, "python": "3", "places": []}
    hello |= {"layers": STANDING}
    connection.feed(frame(hello))
    warm = sandbox(connection)
    await warm.greet(1.0, "fake", "")
    assert warm.alive
    assert warm.isolation is not None
    assert warm.isolation.enforced == tuple(sorted(STANDING))


async def test_destroying_twice_is_harmless() -> None:
    connection, wire = connected()
    calls: list[int] = []

    async def destroy() -> None:
        calls.append(1)

    warm = Sandbox("test", connection, CEILINGS, destroy)
    await warm.destroy()
    await warm.destroy()
    assert calls == [1]
    assert wire.aborted
    assert not warm.alive


def test_a_long_value_is_not_built() -> None:
    bomb = "[" + ",".join(["[]"] * 1_000_000) + "]"
    line = f'{TOKEN} {{"call":0,"value":{bomb},"cpu":1.0}}\n'
    events, intact = _parse_record(line.encode(), TOKEN, 10)
    assert intact
    assert events == [{"call": 0, "value": Large(bomb.encode()), "cpu": 1.0}]


def test_only_a_value_may_be_long() -> None:
    line = f'{TOKEN} {{"raised":["E","{"x" * 100_000}"]}}\n'
    assert _parse_record(line.encode(), TOKEN, 10) == ([], False)
