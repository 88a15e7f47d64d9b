"""open-instruct's code API: `/test_program` and `/test_program_stdio`.

Contract read from open_instruct/code_utils/api.py and from its client, `CodeVerifier` in
open_instruct/ground_truth_utils.py. Each test is a run of its own, as there. Where this differs
from the original:

- CPU time decides, and `runtimes` are CPU seconds: the client takes a share of the reward away for
  each, and a busy host would cost a right program its reward.
- Tests that are pickled are refused: nothing of a request is unpickled here.
- There is no verdict: 503. The client has no way to leave an answer out, asks once, and scores
  whatever is no reply as 0. So all of the time that it waits is used to come to a verdict.
"""

from typing import Any, cast

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from veristone import AssertsCheck, Check, Decision, InvalidSample, Limits, Sample, Verdict
from veristone.forms import cases_check, loaded
from veristone.service.admission import NoVerdict
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.dialects.common import fastapi_invalid
from veristone.service.errors import Reply

__all__ = ["DIALECT", "TestProgram", "deadline_s", "to_reply", "to_samples"]

_WAITING_S = 2.0
_LEAST_S, _MOST_S, _MARGIN_S = 30.0, 300.0, 2.0
"""The client waits ten times a test's limit, within these; less the way back."""
_MOST_TESTS = 1024


class TestProgram(msgspec.Struct, kw_only=True):
    """A program and its tests: assertions, or pairs of input and output."""

    __test__ = False

    program: str
    tests: Any
    max_execution_time: float = 1.0


class TestReply(msgspec.Struct, kw_only=True):
    """1 for each test that passed; CPU seconds it took, -1 where it did not pass."""

    __test__ = False

    results: list[int]
    runtimes: list[float]


def to_samples(request: TestProgram, *, stdio: bool) -> list[Sample]:
    """Return a sample for each test.

    Raises:
        InvalidSample: the tests are no list, or a pickle.
    """
    given = request.tests
    tests = loaded(given, None) if isinstance(given, str) else given
    if not isinstance(tests, list):
        raise InvalidSample("tests: a list is expected; pickles are not read here")
    tests = cast("list[Any]", tests)
    if len(tests) > _MOST_TESTS:
        raise InvalidSample(f"tests: more than {_MOST_TESTS}")
    limits = Limits(
        cpu_s=request.max_execution_time, wall_s=request.max_execution_time + _WAITING_S
    )
    checks = [_case(test) if stdio else AssertsCheck(tests=str(test)) for test in tests]
    return [Sample(code=request.program, check=check, limits=limits) for check in checks]


def _case(test: Any) -> Check:
    try:
        return cases_check([(test["input"], test["output"])])
    except (TypeError, KeyError) as error:
        raise InvalidSample(f"tests: input and output are expected: {error!r}") from error


def deadline_s(request: TestProgram) -> float:
    """Return in how many seconds the client gives up, less the way back."""
    return max(_LEAST_S, min(_MOST_S, request.max_execution_time * 10)) - _MARGIN_S


def to_reply(request: TestProgram, verdicts: list[Verdict]) -> TestReply:
    """Return the reply that says what the verdicts say."""
    passed = [verdict.decision is Decision.PASS for verdict in verdicts]
    return TestReply(
        results=[int(each) for each in passed],
        runtimes=[
            # More than the limit would be a negative reward for a right program.
            min(verdict.usage.cpu_s, request.max_execution_time) if each else -1.0
            for verdict, each in zip(verdicts, passed, strict=True)
        ],
    )


async def _tested(request: TestProgram, caller: Caller, *, stdio: bool) -> TestReply:
    verdicts = await caller.verify_all(to_samples(request, stdio=stdio), deadline_s(request))
    for verdict in verdicts:
        if verdict.decision is Decision.UNDECIDED:
            raise NoVerdict(verdict.message)
    return to_reply(request, verdicts)


@post("/test_program", status_code=200, tags=["open-instruct"])
async def test_program(data: JSONBody[TestProgram], caller: NamedDependency[Caller]) -> TestReply:
    """Run a program with each assertion behind it."""
    return await _tested(data, caller, stdio=False)


@post("/test_program_stdio", status_code=200, tags=["open-instruct"])
async def test_program_stdio(
    data: JSONBody[TestProgram], caller: NamedDependency[Caller]
) -> TestReply:
    """Run a program with each input."""
    return await _tested(data, caller, stdio=True)


def _refuse(error: NoVerdict) -> Reply:
    return Reply(503, {"detail": str(error)})


DIALECT = Dialect(
    routes=(test_program, test_program_stdio), refuse=_refuse, invalid=fastapi_invalid
)
