"""Whatever a sample or a warden sends, whatever an input line holds: one verdict and no error.

Found here first: text where a number was expected, numbers that are too long to be printed, records
that nest without end.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Generator, Iterator
from typing import Any

import msgspec
import pytest
from backends import open_engine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veristone import (
    AssertsCheck,
    Call,
    Check,
    Checker,
    Decision,
    FunctionCheck,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    SandboxFailure,
    StdioCase,
    StdioCheck,
    Verdict,
)
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import Answer, FakeBackend, report
from veristone.engine.jobs import Job
from veristone.engine.wire import Ceilings, encode_job, parse_report

TOKEN = "0123456789abcdef"
CEILINGS = Ceilings(64, 64, 2048, memory_cgroup=False)
quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, 2, 3, 10**400, -(10**4000), 1e308, "", "x" * 300, "\0", "nan", "0x3"])
    | st.text(max_size=6)
)
TAGS = st.sampled_from(
    [
        "$tuple",
        "$set",
        "$frozenset",
        "$bytes",
        "$int",
        "$float",
        "$complex",
        "$str",
        "$dict",
        "$range",
        "$ndarray",
        "$decimal",
        "$fraction",
        "$object",
        "$nothing",
        "a",
    ]
)


def tagged(tag: str, content: list[Any]) -> Any:
    return {tag: content}


def more(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    plain = st.lists(inner, max_size=4) | st.dictionaries(TAGS, inner, max_size=2)
    return plain | st.builds(tagged, TAGS, st.lists(inner, max_size=3))


JSON: st.SearchStrategy[Any] = st.recursive(SCALARS, more, max_leaves=10)
KEYS = st.sampled_from(
    [
        "ready",
        "begun",
        "fault",
        "compile",
        "raised",
        "missing",
        "exit",
        "call",
        "value",
        "cpu",
        "done",
        "test",
        "stage",
        "tests",
        "asserts",
        "hits",
        "unreadable",
    ]
)
EVENTS = st.dictionaries(KEYS, JSON, max_size=4)


def text_of(event: Any) -> bytes:
    return json.dumps(event).encode()


def deep(key: str, levels: int) -> bytes:
    return f'{{"{key}":{"[" * levels}{"]" * levels}}}'.encode()


def answer(call: int, value: Any) -> bytes:
    return text_of({"call": call, "value": value})


def long(key: str) -> bytes:
    return f'{{"{key}":{"9" * 4400}}}'.encode()


LINES = st.one_of(
    EVENTS.map(text_of),
    st.builds(answer, st.integers(0, 2), JSON),
    st.builds(deep, KEYS, st.sampled_from([100, 900, 990, 5000])),
    st.builds(long, KEYS),
    st.sampled_from([b"", b"{", b"null", b"[]", b'{"call":0,"call":1}', b'{"done":2}', b"\xff"]),
    st.binary(max_size=20).filter(lambda data: b"\n" not in data),
)

WHOLE = [answer(0, 1), answer(1, 1), b'{"test":1}', b'{"test":2}', b'{"done":2}']
CHECKS: list[Check] = [
    ProgramCheck(stdout="1\n"),
    StdioCheck(cases=[StdioCase(input="1", output="1\n")] * 2),
    StdioCheck(cases=[StdioCase(output="1")], checker=Checker(code="checker")),
    FunctionCheck(entry_point="f", calls=[Call(args=[1], expected={"$set": [1, 2]})] * 2),
    FunctionCheck(entry_point="f", calls=[Call(args=[1], expected=0.5)] * 2, float_atol=1e-6),
    FunctionCheck(entry_point="f", calls=[Call(args=[1], expected=[])], validator="accept"),
    AssertsCheck(tests="assert f(1)\nassert f(2)\n"),
]


class Heard(logging.Handler):
    """Keeps what the engine warns of: each is an error that nobody foresaw."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextlib.contextmanager
def nothing_unforeseen() -> Generator[None]:
    heard, logger = Heard(), logging.getLogger("veristone")
    logger.addHandler(heard)
    try:
        yield
    finally:
        logger.removeHandler(heard)
    for record in heard.records:
        assert record.exc_info is not None
        error = record.exc_info[1]
        assert error is not None
        raise error


async def judged(sample: Sample, script: Callable[[Job], Answer]) -> Verdict:
    async with Engine(EngineConfig(sandboxes=1), backend=FakeBackend(script)) as engine:
        (verdict,) = [verdict async for verdict in engine.verify_stream([sample])]
    return verdict


def sound(verdict: Verdict) -> None:
    """Hold a verdict to what its readers are promised."""
    data = msgspec.json.encode(verdict)
    assert msgspec.json.decode(data, type=Verdict) == verdict
    assert len(data) < 512 * 1024
    assert verdict.decision == verdict.reason.decision


HEADERS = st.fixed_dictionaries(
    {
        "exit": st.sampled_from([None, 0, 1, 2, 3, 254, 255]),
        "signal": st.sampled_from([None, 9, 11, 31]),
        "killed": st.sampled_from([None, None, "cpu", "call", "wall", "output", "memory", "disk"]),
        "oom": st.booleans(),
        "process_limit": st.booleans(),
        "disk_full": st.booleans(),
        "cpu_s": st.floats(0, 100),
        "wall_s": st.floats(0, 100),
        "starved_s": st.floats(0, 100),
        "inside_s": st.floats(0, 100),
        "peak_kib": st.integers(0, 1 << 30),
    }
)


def reported(facts: dict[str, Any], record: bytes, stdout: bytes, lines: int = 30) -> Answer:
    """Return what the engine makes of a report, an error as well."""
    streams = {"stdout": stdout, "stderr": b"", "record": record}
    lengths = {name: [len(data), 0, len(data)] for name, data in streams.items()}
    head = {"op": "report", "id": 1, "token": TOKEN} | facts | lengths
    try:
        return parse_report(json.dumps(head).encode(), stdout + record, 1, lines)
    except SandboxFailure as error:
        return error


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: type(check).__name__)
@given(
    facts=HEADERS,
    honest=st.booleans(),
    lines=st.lists(LINES, max_size=6),
    stdout=st.binary(max_size=12),
)
@quick
def test_nothing_that_a_sample_sends_makes_it_undecided(
    check: Check, facts: dict[str, Any], honest: bool, lines: list[bytes], stdout: bytes
) -> None:
    """All that the sample has in its hands, behind its first instruction; the rest is as it was."""
    start = [b'{"ready":true}']
    if isinstance(check, FunctionCheck | AssertsCheck):
        start.append(b'{"begun":true}')
        start += WHOLE if honest else ()
    else:
        lines = []  # there it has no record
    record = b"".join(f"{TOKEN} ".encode() + line + b"\n" for line in (*start, *lines))

    def script(job: Job) -> Answer:
        code = b"".join(job.files.values())
        if b"accept" in code or b"checker" in code:
            # Works with what is right and breaks with all else.
            right = b"[],[]]" in job.payload or job.files.get("output.txt") == b"1"
            return report({"call": 0, "value": True}, {"done": 1}) if right else report(exit_code=9)
        return reported(facts, record, stdout)

    with nothing_unforeseen():
        verdict = asyncio.run(judged(Sample(code="mine", check=check), script))
    sound(verdict)
    assert verdict.decision is not Decision.UNDECIDED, verdict


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: type(check).__name__)
@given(
    facts=st.dictionaries(st.sampled_from(["exit", "signal", "cpu_s", "peak_kib", "killed"]), JSON),
    record=st.lists(LINES, max_size=4),
    token=st.booleans(),
)
@quick
def test_nothing_that_a_warden_sends_is_more_than_a_verdict(
    check: Check, facts: dict[str, Any], record: list[bytes], token: bool
) -> None:
    base = dict.fromkeys(("cpu_s", "wall_s", "starved_s", "inside_s", "peak_kib"), 0)
    base |= {"exit": 0, "signal": None, "killed": None}
    base |= dict.fromkeys(("oom", "process_limit", "disk_full"), False)
    data = b"".join(TOKEN.encode() * token + b" " + line + b"\n" for line in record)
    answer = reported(base | facts, data, b"1\n")
    with nothing_unforeseen():
        verdict = asyncio.run(judged(Sample(code="mine", check=check), lambda job: answer))
    sound(verdict)


NUMBERS = st.integers(-2, 2**64) | st.floats() | st.sampled_from([0, 1, 2**43, 2**62, 1e308])
SAMPLES = st.fixed_dictionaries(
    {"code": st.text(max_size=10) | JSON},
    optional={
        "id": st.text(max_size=5) | st.just("x" * 5000) | JSON,
        "language": st.sampled_from(["python", "py", "cobol", ""]) | JSON,
        "files": st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["a/b", "main.py/x", "solution.py/y", "../x"]),
            st.sampled_from(["", "eA==", "!"]) | JSON,
            max_size=2,
        ),
        "env": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2) | JSON,
        "limits": st.dictionaries(st.sampled_from(Limits.__struct_fields__), NUMBERS, max_size=2),
        "metadata": JSON,
        "check": st.fixed_dictionaries(
            {"kind": st.sampled_from(["program", "stdio", "function", "asserts"])},
            optional={
                "stdin": st.text(max_size=3),
                "args": st.lists(st.text(max_size=3) | JSON, max_size=2),
                "stdout": st.none() | st.text(max_size=3),
                "exit_code": st.none() | NUMBERS,
                "cases": st.lists(st.fixed_dictionaries({}, optional={"output": JSON}), max_size=2),
                "checker": st.fixed_dictionaries({"code": st.text(max_size=3)}),
                "entry_point": st.text(max_size=3),
                "calls": st.lists(
                    st.fixed_dictionaries(
                        {"args": st.lists(JSON, max_size=2)}, optional={"expected": JSON}
                    ),
                    max_size=2,
                ),
                "reference": st.text(max_size=3),
                "validator": st.text(max_size=3),
                "atol": NUMBERS,
                "float_atol": NUMBERS,
                "rtol": NUMBERS,
                "call_cpu_s": NUMBERS,
                "tests": st.text(max_size=5),
            },
        )
        | JSON,
    },
)


@given(fields=SAMPLES, answer=EVENTS)
@settings(quick, max_examples=300)
def test_no_sample_is_more_than_a_verdict(fields: dict[str, Any], answer: dict[str, Any]) -> None:
    def script(job: Job) -> Answer:
        encode_job(1, job, CEILINGS)
        return report({"call": 0, "value": answer}, {"done": 1})

    try:
        sample = msgspec.json.decode(json.dumps(fields).encode(), type=Sample)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return  # a line that is rejected
    with nothing_unforeseen():
        sound(asyncio.run(judged(sample, script)))


WRITES = """
import os, sys
def f(x):
    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            if type(value).__name__ == "Recorder":
                for line in open("/work/lines", "rb").read().split(b"\\n"):
                    value._append(line)
                os._exit(int(open("/work/exit").read()))
        frame = frame.f_back
"""


@pytest.fixture(scope="module")
def judge(backend: str) -> Iterator[Callable[[Sample], Verdict]]:
    """A function that has real sandboxes judge a sample."""
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        engine = runner.run(stack.enter_async_context(open_engine(backend)))
        yield lambda sample: runner.run(engine.verify(sample))
        runner.run(stack.aclose())


@given(lines=st.lists(LINES, max_size=5), code=st.sampled_from([0, 1, 254]), which=st.booleans())
@settings(quick, max_examples=25)
def test_no_record_of_a_real_sample_makes_it_undecided(
    judge: Callable[[Sample], Verdict], lines: list[bytes], code: int, which: bool
) -> None:
    calls = [Call(args=[1], expected=[1, "x"])] * 2
    check = FunctionCheck(entry_point="f", calls=calls)
    asserts = AssertsCheck(tests="assert f(1) == 1\nassert f(2) == 2\n")
    files = {"lines": b"\n".join(lines), "exit": str(code).encode()}
    sample = Sample(code=WRITES, check=check if which else asserts, files=files)
    with nothing_unforeseen():
        verdict = judge(sample)
    sound(verdict)
    assert verdict.decision is not Decision.UNDECIDED, verdict
    assert verdict.attempts == 1
    if which:
        assert verdict.reason is not Reason.PASSED
