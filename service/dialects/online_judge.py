"""SandboxFusion's online judge for data that comes with the request, and ScaleBox's.

`/submit`, `/get_prompts`, `/get_prompt_by_id`, `/list_ids` (SandboxFusion), `/common_evaluate` and
`/common_evaluate_batch` (ScaleBox). Contracts read from SandboxFusion's sandbox/datasets and
ScaleBox's sandbox/server/online_judge_api.py. Where this differs from the originals:

- Data comes with the request (`config.provided_data`); no data sets are kept here.
- Every line counts: at ScaleBox a right first line passes whatever follows. Upper and lower case
  count, too.
- A special judge is asked about every output, not only about those that differ; it is Python.
- `custom_extract_logic`, code that the originals run in the server, is refused.
- There is no verdict: 504, which their clients ask again after.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from veristone import (
    AssertsCheck,
    Check,
    Checker,
    Comparator,
    Decision,
    FunctionCheck,
    InvalidSample,
    Limits,
    ProgramCheck,
    Sample,
    StdioCheck,
    TestResult,
    Verdict,
)
from veristone.engine.languages import find
from veristone.forms import calls_check, cases_check, loaded
from veristone.generators.code.answer_sample import (
    code_for,
    with_json_values,
    without_entry,
)
from veristone.service.admission import NoVerdict
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.dialects.common import fastapi_invalid
from veristone.service.dialects.sandbox_fusion import RunCodeReply
from veristone.service.errors import Reply

__all__ = [
    "DIALECT",
    "EvalResult",
    "Submit",
    "TestConfig",
    "common_sample",
    "dataset_sample",
    "to_result",
]

_RUN_S = 10.0
_MEMORY_MIB = 512
_WAITING_S = 2.0
_PATIENCE_S = 300.0
"""ScaleBox's own default of `total_timeout`."""
_STDIO = ("code_contests", "CommonOJDataset")
_APPENDED = ("AutoEvalDataset",)
_JUDGE_FILES = """\
import os
os.rename("input.txt", "stdin.txt")
os.rename("answer.txt", "stdout.txt")
os.rename("output.txt", "answer.txt")
"""
"""Our checkers' files get the names that a special judge opens: its `answer.txt` is the output."""


class TestConfig(msgspec.Struct, kw_only=True):
    """How a completion is judged. Times in seconds, memory in MiB."""

    __test__ = False

    dataset_type: str | None = None
    language: str | None = None
    locale: str | None = None
    compile_timeout: float | None = None
    run_timeout: float | None = None
    mem_limit: int | None = None
    memory_limit_mb: int | None = None
    """What ScaleBox's own client for verl sends, and its server does not read."""
    custom_extract_logic: str | None = None
    provided_data: list[dict[str, Any]] | dict[str, Any] | None = None
    extra: dict[str, Any] = {}


class Submit(msgspec.Struct, kw_only=True):
    """A completion to judge."""

    completion: str
    config: TestConfig
    dataset: str = ""
    id: int | str = 0


class EvalTest(msgspec.Struct, kw_only=True):
    """A test, and how the program fared in it. Output is not in a verdict's tests."""

    passed: bool
    exec_info: RunCodeReply
    test_info: dict[str, Any] | None = None


class EvalResult(msgspec.Struct, kw_only=True):
    """What became of a completion."""

    id: int | str
    accepted: bool
    extracted_code: str
    full_code: str | None = None
    test_code: str | None = None
    tests: list[EvalTest]
    extracted_type: Literal["fenced", "incomplete_fenced", "heuristic", "empty"] | None = None
    extra: dict[str, Any] | None = None


class Prompts(msgspec.Struct, kw_only=True):
    """Which problems of a data set are asked for."""

    config: TestConfig
    dataset: str = ""
    offset: int = 0
    limit: int = 1000000
    id: int | str = 0


class Prompt(msgspec.Struct, kw_only=True):
    """A problem."""

    id: int | str
    prompt: str
    labels: dict[str, Any] = {}


def dataset_sample(request: Submit) -> Sample:
    """Return the sample that `/submit` asks about.

    Raises:
        InvalidSample: its data set is none that is judged here, or the row does not fit it.
    """
    config = request.config
    row = _row(config, request.id)
    kind = config.dataset_type or request.dataset
    if kind in _STDIO or request.dataset in _STDIO:
        cases = [_pair(case) for case in _list(_field(row, "test"), "test")]
        return _sample(request, _stdio(cases, config), _language(config))
    if kind in _APPENDED:
        labels, test = _dict(_field(row, "labels"), "labels"), _dict(_field(row, "test"), "test")
        language = str(labels.get("execution_language") or labels.get("programming_language"))
        return _appended(request, str(test.get("code", "")), language)
    raise InvalidSample(
        f"no eval class found for dataset {request.dataset!r}; here are"
        f" {', '.join((*_STDIO, *_APPENDED))}, with config.provided_data"
    )


def common_sample(request: Submit) -> Sample:
    """Return the sample that `/common_evaluate` or `/common_evaluate_batch` asks about.

    Raises:
        InvalidSample: there are no tests in it that can be read.
    """
    config = request.config
    tests = _dict(config.provided_data, "config.provided_data").get("test_cases")
    language = _language(config)
    if isinstance(tests, Mapping):
        fields = cast("Mapping[str, Any]", tests)
        if fields.get("type") == "assert":
            return _appended(request, _asserts(fields), language)
        cases = _parallel(fields)
    else:
        cases = [_dict(case, "test_cases") for case in _list(tests, "test_cases")]
    if not cases:
        raise InvalidSample("config.provided_data.test_cases holds no test")
    first = cases[0]
    kind = first.get("type") or ("function_call" if first.get("fn_name") else "stdin_stdout")
    pairs = [(_needed(case, "input"), _needed(case, "output")) for case in cases]
    if kind == "stdin_stdout":
        return _sample(request, _stdio(pairs, config), language)
    if kind == "function_call":
        return _sample(request, calls_check(str(first.get("fn_name") or ""), pairs), language)
    raise InvalidSample(f"test_cases: type {kind!r} is none of stdin_stdout, function_call, assert")


def _sample(request: Submit, check: Check, language: str, behind: str = "") -> Sample:
    """Return the sample; `behind` is test code that is run after the solution, in one program."""
    config = request.config
    if config.custom_extract_logic:
        raise InvalidSample("custom_extract_logic: code of a request is not run in the server")
    known = find(language)
    code = code_for(request.completion, check, "python" if known.zygote else known.name)
    if isinstance(check, FunctionCheck):
        code, check = with_json_values(code, check)
    run_s = config.run_timeout or _RUN_S
    memory = config.mem_limit or config.memory_limit_mb or 0
    return Sample(
        id=str(request.id),
        code=f"{code}\n{behind}" if behind else code,
        language=known.name,
        check=check,
        limits=Limits(
            cpu_s=run_s,
            wall_s=run_s + _WAITING_S,
            memory_mib=memory if memory > 0 else _MEMORY_MIB,
        ),
    )


def _stdio(pairs: Sequence[tuple[Any, Any]], config: TestConfig) -> StdioCheck:
    check = cases_check(pairs, stop_on_first_failure=not config.extra.get("run_all_cases"))
    judge = config.extra.get("special_judge_program")
    checker = None
    if judge:
        language = find(str(config.extra.get("special_judge_language", "python")))
        if not language.zygote:
            raise InvalidSample(
                f"special_judge_language: {language.name} is not supported, python is"
            )
        checker = Checker(code=_JUDGE_FILES + str(judge), language=language.name)
    return msgspec.structs.replace(
        check, compare=Comparator(mode="floats", rtol=1e-5), checker=checker
    )


def _asserts(fields: Mapping[str, Any]) -> str:
    if fields.get("entry_point"):  # HumanEval: the test defines `check`
        return f"{fields.get('test', '')}\ncheck({fields['entry_point']})"
    return str(fields.get("tests") or fields.get("test") or "")


def _appended(request: Submit, tests: str, language: str) -> Sample:
    """Return the sample whose tests are code that is run after the solution."""
    if find(language).zygote:
        return _sample(request, AssertsCheck(tests=tests), language)
    return _sample(request, ProgramCheck(), language, behind=tests)


def _parallel(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cases of ScaleBox's lists side by side."""
    given, wanted = _list(fields.get("input"), "input"), _list(fields.get("output"), "output")
    if len(given) != len(wanted):
        raise InvalidSample("test_cases: input and output are not equally many")
    shared = {name: fields.get(name) for name in ("type", "fn_name")}
    return [
        shared | {"input": one, "output": other} for one, other in zip(given, wanted, strict=True)
    ]


def _pair(case: Any) -> tuple[str, str]:
    fields = _dict(case, "test")
    given, wanted = _dict(fields.get("input"), "input"), _dict(fields.get("output"), "output")
    if set(given) - {"stdin"} or set(wanted) - {"stdout"}:
        raise InvalidSample("test: only stdin and stdout are supported, no files")
    return str(given.get("stdin", "")), str(wanted.get("stdout", ""))


def _language(config: TestConfig) -> str:
    if not config.language:
        raise InvalidSample("config.language field must exist, got None")
    return config.language


def _row(config: TestConfig, name: int | str) -> dict[str, Any]:
    rows = _rows(config)
    if isinstance(config.provided_data, dict):
        return rows[0]
    found = [row for row in rows if str(row.get("id")) == str(name)]
    if not found:
        raise InvalidSample(f"config.provided_data has no row with id {name!r}")
    return found[0]


def _rows(config: TestConfig) -> list[dict[str, Any]]:
    if config.provided_data is None:
        raise InvalidSample("config.provided_data: give the data here, no data sets are kept")
    given = config.provided_data
    return [given] if isinstance(given, dict) else given


def _field(row: Mapping[str, Any], name: str) -> Any:
    """Return a field, which may be JSON in a string."""
    value = row.get(name)
    return loaded(value, value) if isinstance(value, str) else value


def _needed(fields: Mapping[str, Any], name: str) -> Any:
    if name not in fields:
        raise InvalidSample(f"test_cases: {name!r} is missing")
    return fields[name]


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidSample(f"{name}: a list is expected")
    return cast("list[Any]", value)


def _dict(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidSample(f"{name}: an object is expected")
    return cast("dict[str, Any]", value)


def to_result(request: Submit, sample: Sample, verdict: Verdict) -> EvalResult:
    """Return the reply that says what a verdict says, as far as this dialect can."""
    # Tests behind the first failure were not run: they are left out, as the originals do.
    ran = [test for test in verdict.tests if test.passed or test.reason is not None]
    whole = TestResult(
        passed=verdict.decision is Decision.PASS, reason=verdict.reason, message=verdict.message
    )
    return EvalResult(
        id=request.id,
        accepted=verdict.decision is Decision.PASS,
        extracted_code=without_entry(sample.code),
        tests=[_tested(test) for test in ran or [whole]],
    )


def _tested(test: TestResult) -> EvalTest:
    status = "Success" if test.passed else "Failed"
    return EvalTest(passed=test.passed, exec_info=RunCodeReply(status=status, message=test.message))


def _deadline_s(config: TestConfig) -> float:
    given = config.extra.get("total_timeout")
    return float(given) if isinstance(given, int | float) and given > 0 else _PATIENCE_S


async def _judged(request: Submit, sample: Sample, caller: Caller) -> EvalResult:
    verdict = await caller.decide(sample, _deadline_s(request.config))
    return to_result(request, sample, verdict)


@post("/submit", status_code=200, tags=["SandboxFusion"])
async def submit(data: JSONBody[Submit], caller: NamedDependency[Caller]) -> EvalResult:
    """Judge a completion by the tests in `config.provided_data`."""
    return await _judged(data, dataset_sample(data), caller)


@post("/common_evaluate", status_code=200, tags=["ScaleBox"])
async def common_evaluate(data: JSONBody[Submit], caller: NamedDependency[Caller]) -> EvalResult:
    """Judge a completion by a list of test cases."""
    return await _judged(data, common_sample(data), caller)


@post("/common_evaluate_batch", status_code=200, tags=["ScaleBox"])
async def common_evaluate_batch(
    data: JSONBody[Submit], caller: NamedDependency[Caller]
) -> EvalResult:
    """Judge a completion by test cases that are written as lists side by side."""
    return await _judged(data, common_sample(data), caller)


@get("/list_datasets", tags=["SandboxFusion"])
async def list_datasets() -> list[str]:
    """Name the data sets that `/submit` knows how to judge, given their rows."""
    return ["code_contests"]


@post("/list_ids", status_code=200, tags=["SandboxFusion"])
async def list_ids(data: JSONBody[Prompts]) -> list[int | str]:
    """Name the problems of `config.provided_data`."""
    return [prompt.id for prompt in _prompts(data)]


@post("/get_prompts", status_code=200, tags=["SandboxFusion"])
async def get_prompts(data: JSONBody[Prompts]) -> list[Prompt]:
    """Return the problems of `config.provided_data`, as they stand there."""
    return _prompts(data)


@post("/get_prompt_by_id", status_code=200, tags=["SandboxFusion"])
async def get_prompt_by_id(data: JSONBody[Prompts]) -> Prompt:
    """Return one problem of `config.provided_data`."""
    return _prompt(_row(data.config, data.id))


def _prompts(request: Prompts) -> list[Prompt]:
    start = max(0, request.offset)
    rows = _rows(request.config)[start : start + max(0, request.limit)]
    return [_prompt(row) for row in rows]


def _prompt(row: Mapping[str, Any]) -> Prompt:
    labels = _field(row, "labels")
    name = row.get("id", 0)
    return Prompt(
        id=name if isinstance(name, int | str) else str(name),
        prompt=str(row.get("content", "")),
        labels=cast("dict[str, Any]", labels) if isinstance(labels, dict) else {},
    )


def _refuse(error: NoVerdict) -> Reply:
    return Reply(504, {"detail": str(error)})


DIALECT = Dialect(
    routes=(
        submit,
        common_evaluate,
        common_evaluate_batch,
        list_datasets,
        list_ids,
        get_prompts,
        get_prompt_by_id,
    ),
    refuse=_refuse,
    invalid=fastapi_invalid,
)
