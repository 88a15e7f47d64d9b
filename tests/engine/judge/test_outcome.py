"""What the end of a run says: the whole lattice of facts."""

import itertools
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from veristone import Decision, Limits, Reason
from veristone.engine.backends.fake import report
from veristone.engine.judge.outcome import failure, last_line, signal_name

LIMITS = Limits(cpu_s=1.0, wall_s=2.0)
SLOW = 1.1


def reason(**facts: Any) -> Reason | None:
    verdict = failure(report(**facts), LIMITS)
    return verdict[0] if verdict else None


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({}, None),
        ({"exit_code": 1}, None),
        ({"exit_code": 255}, None),
        ({"killed": "cpu", "cpu_s": 1.4}, Reason.CPU_TIMEOUT),
        ({"killed": "wall"}, Reason.WALL_TIMEOUT),
        ({"killed": "call"}, Reason.CPU_TIMEOUT),
        ({"killed": "output"}, Reason.OUTPUT_LIMIT),
        ({"killed": "memory"}, Reason.MEMORY_LIMIT),
        ({"killed": "disk"}, Reason.DISK_LIMIT),
        ({"killed": "processes"}, Reason.PROCESS_LIMIT),
        ({"cpu_s": SLOW, "killed": "processes"}, Reason.PROCESS_LIMIT),
        ({"cpu_s": SLOW}, Reason.CPU_TIMEOUT),
        ({"cpu_s": 1.0}, None),
        ({"cpu_s": SLOW, "killed": "wall"}, Reason.CPU_TIMEOUT),
        ({"cpu_s": SLOW, "killed": "output"}, Reason.OUTPUT_LIMIT),
        ({"killed": "cpu", "process_limit": True}, Reason.PROCESS_LIMIT),
        ({"killed": "wall", "process_limit": True}, Reason.PROCESS_LIMIT),
        ({"killed": "output", "process_limit": True}, Reason.OUTPUT_LIMIT),
        ({"exit_code": 1, "process_limit": True}, Reason.PROCESS_LIMIT),
        ({"exit_code": 0, "process_limit": True}, None),
        ({"exit_code": 1, "disk_full": True}, Reason.DISK_LIMIT),
        ({"exit_code": 0, "disk_full": True}, None),
        ({"exit_code": 1, "disk_full": True, "process_limit": True}, Reason.PROCESS_LIMIT),
        ({"exit_code": None, "signal": 9, "oom": True}, Reason.MEMORY_LIMIT),
        ({"exit_code": 1, "oom": True}, Reason.MEMORY_LIMIT),
        ({"exit_code": None, "signal": 9, "oom": True, "killed": "wall"}, Reason.WALL_TIMEOUT),
        ({"exit_code": None, "signal": 11}, Reason.SIGNALLED),
        ({"exit_code": None, "signal": 9}, Reason.SIGNALLED),
        ({"exit_code": None, "signal": 6, "disk_full": True}, Reason.DISK_LIMIT),
        ({"exit_code": None, "signal": signal.SIGSYS}, Reason.POLICY_VIOLATION),
        ({"exit_code": None, "signal": signal.SIGXCPU}, Reason.CPU_TIMEOUT),
        ({"exit_code": None, "signal": signal.SIGXFSZ}, Reason.DISK_LIMIT),
        ({"exit_code": None, "signal": 40}, Reason.SIGNALLED),
        ({"exit_code": None, "signal": 0}, Reason.SIGNALLED),
        ({"exit_code": None, "signal": -1}, Reason.SIGNALLED),
        ({"exit_code": None, "signal": 2**62}, Reason.SIGNALLED),
    ],
    ids=str,
)
def test_facts_and_their_reason(facts: dict[str, Any], wanted: Reason | None) -> None:
    assert reason(**facts) == wanted


def every_report() -> Iterator[dict[str, Any]]:
    ends = [(0, None), (1, None), (None, 9), (None, 31)]
    for killed, (code, number), flags, cpu_s in itertools.product(
        [None, "cpu", "call", "wall", "output", "memory", "disk", "processes"],
        ends,
        itertools.product([False, True], repeat=3),
        [0.1, SLOW],
    ):
        yield {
            "killed": killed,
            "exit_code": code,
            "signal": number,
            "oom": flags[0],
            "process_limit": flags[1],
            "disk_full": flags[2],
            "cpu_s": cpu_s,
        }


def test_no_combination_is_without_an_answer() -> None:
    """What was stopped, signalled or too slow never counts; what ended by itself may."""
    seen = set[Reason]()
    for facts in every_report():
        said = failure(report(**facts), LIMITS)
        stopped = facts["killed"] or facts["oom"] or facts["signal"] is not None
        if stopped or facts["cpu_s"] > LIMITS.cpu_s:
            assert said is not None, facts
        if said is not None:
            assert said[0].decision is Decision.FAIL
            assert said[1]
            assert "\n" not in said[1]
            seen.add(said[0])
        elif facts["exit_code"] == 1:
            assert not facts["process_limit"]
            assert not facts["disk_full"]
    assert seen == {
        Reason.CPU_TIMEOUT,
        Reason.WALL_TIMEOUT,
        Reason.OUTPUT_LIMIT,
        Reason.MEMORY_LIMIT,
        Reason.DISK_LIMIT,
        Reason.PROCESS_LIMIT,
        Reason.SIGNALLED,
        Reason.POLICY_VIOLATION,
    }


def test_the_kernel_as_a_killer_comes_before_its_signal() -> None:
    for facts in every_report():
        if facts["killed"] is None and facts["oom"] and facts["cpu_s"] < LIMITS.cpu_s:
            assert reason(**facts) is Reason.MEMORY_LIMIT


def test_every_reason_has_its_decision() -> None:
    decisions = {reason: reason.decision for reason in Reason}
    assert [r for r, d in decisions.items() if d is Decision.PASS] == [Reason.PASSED]
    undecided = [r for r, d in decisions.items() if d is Decision.UNDECIDED]
    assert undecided == [Reason.SANDBOX_ERROR, Reason.OVERLOADED]
    assert len(decisions) == 19


def test_signals_have_names() -> None:
    assert signal_name(11) == "SIGSEGV"
    assert signal_name(9999) == "signal 9999"


def test_the_last_line_says_what_happened() -> None:
    assert last_line("Traceback\n  x\nValueError: no\n\n") == "ValueError: no"
    assert last_line(" \n") == ""
    assert len(last_line("x" * 1000)) == 300
