"""Samples as people write them: what nobody would read is refused where it stands."""

import json
from typing import Any

import pytest

from veristone import InvalidSample
from veristone.engine.reading import read_sample

ASSERTS = {"kind": "asserts", "tests": "assert f(1) == 1"}


def refused(**fields: Any) -> str:
    with pytest.raises(InvalidSample) as caught:
        read_sample(json.dumps({"code": "x"} | fields).encode())
    return str(caught.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tests": "assert f()"}, 'give its tests as "check": {"kind": "asserts"'),
        ({"test_list": ["assert f()"]}, 'give its tests as "check"'),
        ({"check": {"kind": "asserts", "test": "assert f()"}}, "did you mean 'tests'?"),
        ({"check": ASSERTS, "tests": "assert f()"}, "'tests' is not read beside 'code'"),
        ({"check": ASSERTS, "test_cases": [1]}, "tests belong into 'check'"),
        ({"stdin": "1 2"}, "belongs into 'check'"),
        ({"expected_output": "3"}, "belongs into 'check'"),
        ({"input_output": {"inputs": ["1"], "outputs": ["2"]}}, "belongs into 'check'"),
        ({"entry_point": "f"}, "belongs into 'check'"),
        ({"timeout": 3}, "belongs into 'limits'"),
        ({"memory_limit_mb": 256}, "belongs into 'limits'"),
        ({"lang": "cpp"}, "is the field 'language'"),
        ({"limit": {"cpu_s": 1}}, "did you mean 'limits'?"),
        ({"Check": ASSERTS}, "did you mean 'check'?"),
        ({"checks": [ASSERTS]}, "did you mean 'check'?"),
        ({"meta_data": {"a": 1}}, "did you mean 'metadata'?"),
        ({"limits": {"timeout": 3}}, "limits has no field 'timeout'"),
        ({"limits": {"timeout": 3}}, "did you mean 'cpu_s' or 'wall_s'?"),
        ({"limits": {"memory": 3}}, "did you mean 'memory_mib'?"),
        ({"check": {"kind": "asserts", "test": "x", "tests": "y"}}, "did you mean 'tests'?"),
        (
            {"check": {"kind": "stdio", "cases": [{"stdin": "1", "output": "2"}]}},
            "check.cases[0] has no field 'stdin' (only input, output, points);"
            " did you mean 'input'?",
        ),
        (
            {"check": {"kind": "stdio", "cases": [{}, {"input": "1", "expected": "2"}]}},
            "check.cases[1] has no field 'expected' (only input, output, points);"
            " did you mean 'output'?",
        ),
        (
            {"check": {"kind": "function", "entry_point": "f", "calls": [{"input": [1]}]}},
            "check.calls[0] has no field 'input' (only args, kwargs, expected); did you mean",
        ),
        ({"check": {"kind": "program", "expected": "2"}}, "did you mean 'stdout'?"),
        ({"check": "asserts"}, 'write it as {"kind": "asserts", "tests":'),
        ({"check": {"kind": "assert", "tests": "x"}}, "did you mean 'asserts'?"),
        ({"check": {"kind": "program", "compare": "floats"}}, 'write it as {"mode": "floats"}'),
        ({"check": {"kind": "program", "compare": {"mode": "float"}}}, "did you mean 'floats'?"),
        ({"check": {"kind": "stdio", "cases": [["1", "2"]]}}, 'write it as {"input": "1 2'),
        ({"check": {"kind": "asserts", "tests": ["x"]}}, "write it as one text"),
        ({"check": {"kind": "program", "compare": {"tolerance": 1}}}, "check.compare has no field"),
    ],
)
def test_what_nobody_reads_is_refused_where_it_stands(fields: dict[str, Any], said: str) -> None:
    assert said in refused(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"check": ASSERTS, "tests": ""},
        {"check": ASSERTS, "timeout": None},
        {"check": ASSERTS, "prompt": "write f", "idx": 7, "ids": [7], "used_by": ["a"], "score": 1},
        {"check": ASSERTS, "metadata": {"tests": "assert f()", "timeout": 3}},
    ],
)
def test_what_says_nothing_about_the_check_is_let_be(fields: dict[str, Any]) -> None:
    read_sample(json.dumps({"code": "x"} | fields).encode())
