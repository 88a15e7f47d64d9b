"""Samples and verdicts as they travel: JSON in, JSON out, the same ids everywhere."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veristone import (
    AssertsCheck,
    Call,
    Check,
    Checker,
    Comparator,
    Decision,
    FrameworkCheck,
    FunctionCheck,
    InteractiveCheck,
    InvalidSample,
    Limits,
    Output,
    ProgramCheck,
    Reason,
    Rejected,
    Sample,
    StdioCase,
    StdioCheck,
    Usage,
    Verdict,
)

TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
COMPARATORS = st.builds(
    Comparator,
    mode=st.sampled_from(["exact", "lines", "tokens", "floats", "decimals", "unordered"]),
)
CHECKS: st.SearchStrategy[Check] = st.one_of(
    st.builds(ProgramCheck, args=st.lists(TEXT, max_size=2), stdin=TEXT, stdout=st.none() | TEXT),
    st.builds(
        StdioCheck,
        cases=st.lists(st.builds(StdioCase, input=TEXT, output=TEXT), max_size=3),
        compare=COMPARATORS,
        checker=st.none() | st.builds(Checker, code=TEXT),
    ),
    st.builds(
        InteractiveCheck,
        cases=st.lists(st.builds(StdioCase, input=TEXT, points=st.floats(0.5, 9)), max_size=3),
        interactor=st.builds(
            Checker, code=TEXT, files=st.dictionaries(TEXT, st.binary(max_size=9), max_size=1)
        ),
    ),
    st.builds(
        FunctionCheck,
        entry_point=TEXT,
        calls=st.lists(
            st.builds(Call, args=st.lists(JSON, max_size=2), expected=JSON)
            | st.builds(Call, args=st.lists(JSON, max_size=2)),
            max_size=3,
        ),
        reference=st.none() | TEXT,
    ),
    st.builds(AssertsCheck, tests=TEXT),
    st.builds(FrameworkCheck, tests=TEXT),
)
SAMPLES = st.builds(
    Sample,
    code=TEXT,
    check=CHECKS,
    limits=st.builds(Limits, cpu_s=st.floats(0.1, 100)),
    files=st.dictionaries(TEXT, st.binary(max_size=10), max_size=2),
    env=st.dictionaries(TEXT, TEXT, max_size=2),
    metadata=st.dictionaries(TEXT, JSON, max_size=2),
)


def made_of(*parts: dict[str, Any]) -> Sample:
    fields: dict[str, Any] = {"code": "x"}
    for part in parts:
        fields.update(part)
    return Sample(**fields)


@given(SAMPLES)
def test_a_sample_survives_the_wire_with_its_id(sample: Sample) -> None:
    again = msgspec.json.decode(msgspec.json.encode(sample), type=Sample)
    assert again == sample
    assert again.id == sample.id


@given(SAMPLES)
def test_an_id_is_made_of_the_content_and_of_nothing_else(sample: Sample) -> None:
    fields: dict[str, Any] = msgspec.structs.asdict(sample)
    same = made_of(fields, {"id": "", "metadata": {"else": 1}})
    assert same.id == sample.id
    changes: list[dict[str, Any]] = [
        {"code": sample.code + " "},
        {"limits": Limits(cpu_s=101)},
        {"files": sample.files | {"more": b""}},
        {"env": sample.env | {"more": ""}},
        {"language": "cobol"},
        {"check": AssertsCheck(tests="assert something else")},
    ]
    for change in changes:
        assert made_of(fields, {"id": ""}, change).id != sample.id


def test_the_content_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = Sample(code="print(1)")
    other = Sample(code="print(2)", id="named")
    named = other.digest()
    monkeypatch.setattr("veristone.sample.hashlib", None)
    assert sample.digest() == sample.id
    assert other.digest() == named
    monkeypatch.undo()
    other.code = sample.code
    assert other.digest() == sample.id


def test_an_id_is_the_same_in_every_version() -> None:
    """Outputs that were written yesterday are resumed today."""
    assert Sample(code="print(1)").id == "sha256:a542365d4637c2e2ba1ca4aedea0904f"
    stdio = StdioCheck(cases=[StdioCase(input="1", output="2")])
    assert Sample(code="x", check=stdio).id == "sha256:ab8ebb4f38db4ec4347ce6e8a567a95b"


def test_a_given_id_is_kept() -> None:
    assert Sample(id="mine", code="x").id == "mine"


def read(**fields: Any) -> Sample:
    return msgspec.json.decode(json.dumps({"code": "x"} | fields), type=Sample)


def test_the_least_that_a_sample_is() -> None:
    sample = msgspec.json.decode(b'{"code": "x"}', type=Sample)
    assert isinstance(sample.check, ProgramCheck)
    assert sample.language == "python"
    assert sample.limits == Limits()


def test_fields_of_other_tools_are_ignored() -> None:
    assert read(task_id=3, score=[1]).code == "x"
    assert read(check={"kind": "asserts", "tests": "assert 1", "extra": 1}).check == AssertsCheck(
        tests="assert 1"
    )


def test_files_travel_as_base64() -> None:
    sample = read(files={"a.bin": base64.b64encode(b"\0\xff").decode()})
    assert sample.files == {"a.bin": b"\0\xff"}


@pytest.mark.parametrize(
    ("kind", "fields", "check"),
    [
        ("program", {"stdout": "1"}, ProgramCheck(stdout="1")),
        ("stdio", {"cases": [{"input": "1"}]}, StdioCheck(cases=[StdioCase(input="1")])),
        ("asserts", {"tests": "x"}, AssertsCheck(tests="x")),
        ("framework", {"tests": "x"}, FrameworkCheck(tests="x")),
        (
            "function",
            {"entry_point": "f", "calls": [{"args": [1], "expected": None}]},
            FunctionCheck(entry_point="f", calls=[Call(args=[1], expected=None)]),
        ),
    ],
)
def test_kinds_of_checks(kind: str, fields: dict[str, Any], check: Check) -> None:
    assert read(check={"kind": kind} | fields).check == check
    assert json.loads(msgspec.json.encode(check))["kind"] == kind


def test_an_expected_none_is_not_a_missing_value() -> None:
    with_none = read(
        check={"kind": "function", "entry_point": "f", "calls": [{"expected": None}, {}]}
    )
    assert isinstance(with_none.check, FunctionCheck)
    first, second = with_none.check.calls
    assert first.expected is None
    assert second.expected is msgspec.UNSET


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"limits": Limits(cpu_s=0)}, "limits.cpu_s"),
        ({"limits": Limits(wall_s=-1)}, "limits.wall_s"),
        ({"limits": Limits(memory_mib=0)}, "limits.memory_mib"),
        ({"limits": Limits(cpu_s=float("nan"))}, "limits.cpu_s"),
        ({"limits": Limits(cpu_s=float("inf"))}, "limits.cpu_s"),
        ({"limits": Limits(wall_s=1e9)}, "limits.wall_s"),
        ({"files": {"": b""}}, "files"),
        ({"files": {"/abs": b""}}, "files"),
        ({"files": {"..": b""}}, "files"),
        ({"files": {"a/../../b": b""}}, "files"),
        ({"files": {"a\0b": b""}}, "files"),
        ({"files": {"x" * 600: b""}}, "files"),
        ({"files": {f"f{n}": b"" for n in range(257)}}, "files"),
        ({"env": {"": "x"}}, "env"),
        ({"env": {"A=B": "x"}}, "env"),
        ({"env": {"A": "x\0"}}, "env"),
        ({"code": "x" * (16 * 2**20 + 1)}, "code"),
    ],
)
def test_what_cannot_be_judged_is_named(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSample, match=said):
        made_of(fields).validate()


def test_ordinary_files_are_fine() -> None:
    Sample(code="x", files={"a": b"", "b/c.txt": b"", "..hidden": b"", "a b": b""}).validate()


def test_limits_are_held_against_a_ceiling() -> None:
    assert Limits().exceeding(Limits()) is None
    assert Limits(memory_mib=513).exceeding(Limits()) == "memory_mib"
    assert Limits(processes=65).exceeding(Limits()) == "processes"
    assert Limits(disk_mib=65).exceeding(Limits()) == "disk_mib"
    # Time is the sample's own affair.
    assert Limits(cpu_s=100).exceeding(Limits()) is None


def test_a_verdict_is_short_where_there_is_nothing_to_say() -> None:
    verdict = Verdict(id="a", decision=Decision.PASS, reason=Reason.PASSED)
    assert json.loads(msgspec.json.encode(verdict)) == {
        "id": "a",
        "decision": "pass",
        "reason": "passed",
    }


@given(
    st.builds(
        Verdict,
        id=TEXT,
        reason=st.sampled_from(Reason),
        decision=st.sampled_from(Decision),
        message=TEXT,
        usage=st.builds(Usage, cpu_s=st.floats(0, 10)),
        stdout=st.builds(Output, head=TEXT, tail=TEXT, total_bytes=st.integers(0, 100)),
    )
)
def test_a_verdict_survives_the_wire(verdict: Verdict) -> None:
    assert msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict) == verdict


def test_a_rejected_line_is_no_verdict() -> None:
    data = msgspec.json.encode(Rejected(line=3, error="no"))
    assert json.loads(data) == {"line": 3, "error": "no", "rejected": True}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(data, type=Verdict)


def test_an_output_shows_that_bytes_are_missing() -> None:
    assert Output(head="a", total_bytes=1).text == "a"
    cut = Output(head="a", tail="z", total_bytes=100)
    assert cut.truncated
    assert "[...]" in cut.text


def test_every_reason_follows_from_its_word() -> None:
    assert {str(reason) for reason in Reason} == {
        "passed", "wrong_answer", "assertion_failed", "runtime_error", "compile_error",
        "signalled", "cpu_timeout", "wall_timeout", "memory_limit", "output_limit",
        "process_limit", "disk_limit", "early_exit", "no_tests", "tampered", "policy_violation",
        "sandbox_error", "overloaded", "flaky",
    }  # fmt: skip
