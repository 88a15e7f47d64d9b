"""A verdict without what differs from run to run.

The same program judged twice gets the same decision, reason, tests and message, but not the same
CPU time, and a message may name an object by its address. Exports hold the steady form, so that
equal records are equal bytes; the whole verdicts lie beside them in `verdicts.jsonl`.

What cannot be made steady is a program that does something else each time, or that ends just at a
limit: its record says what happened in the run that judged it first.
"""

import re

import msgspec

from veristone import TestResult, Verdict

__all__ = ["steady"]

_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,16}\b")


def steady(verdict: Verdict) -> Verdict:
    """Return the verdict without usage, isolation, attempts, output and addresses of objects."""
    # What is not named keeps its default, and so stays out of the JSON.
    return Verdict(
        id=verdict.id,
        decision=verdict.decision,
        reason=verdict.reason,
        message=_without_addresses(verdict.message),
        judged=verdict.judged,
        passed=verdict.passed,
        total=verdict.total,
        tests=[_steady_test(test) for test in verdict.tests],
        exit_code=verdict.exit_code,
        signal=verdict.signal,
        version=verdict.version,
    )


def _steady_test(test: TestResult) -> TestResult:
    return msgspec.structs.replace(test, message=_without_addresses(test.message))


def _without_addresses(text: str) -> str:
    return _ADDRESS.sub("at 0x…", text) if "0x" in text else text
