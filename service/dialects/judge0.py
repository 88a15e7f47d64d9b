"""Judge0 CE: submissions, waited for or asked after, one or many, in plain text or base64.

Contract read from Judge0's docs/api and from its client on PyPI, which takes us for version 1.13.1.
Where this differs from the original:

- Submissions live in this process: a restart forgets them, and so does an hour after their end.
- There is no verdict: status 13, Internal Error; no time for one: 503, as where its queue is full.
- Compiler options, files, callbacks, the network and repeated runs are refused with 422.
- Memory defaults to 512 MiB; streams are kept apart whatever `redirect_stderr_to_stdout` says.
"""

import asyncio
import base64
import binascii
import functools
import shlex
import time
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from veristone import InvalidSample, Limits, ProgramCheck, Reason, Sample, Verdict, VeristoneError
from veristone.engine.languages import Language, installed
from veristone.service.admission import NoVerdict, Overloaded
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.errors import Reply

__all__ = ["DIALECT", "Submission", "to_reply", "to_sample"]

_SHOWN = 1024 * 1024
_CPU_S, _WALL_S, _MEMORY_MIB = 5.0, 10.0, 512
_PATIENCE_S = 300.0
_KEEP_S, _MOST_KEPT, _MOST_IN_BATCH = 3600.0, 10_000, 20
_STATUS = {
    Reason.PASSED: 3,
    Reason.WRONG_ANSWER: 4,
    Reason.CPU_TIMEOUT: 5,
    Reason.WALL_TIMEOUT: 5,
    Reason.COMPILE_ERROR: 6,
    Reason.RUNTIME_ERROR: 11,
    Reason.SANDBOX_ERROR: 13,
    Reason.OVERLOADED: 13,
}
_SIGNALS = {"SIGSEGV": 7, "SIGXFSZ": 8, "SIGFPE": 9, "SIGABRT": 10}
_OTHER = 12
_NAMES = {
    1: "In Queue",
    2: "Processing",
    3: "Accepted",
    4: "Wrong Answer",
    5: "Time Limit Exceeded",
    6: "Compilation Error",
    7: "Runtime Error (SIGSEGV)",
    8: "Runtime Error (SIGXFSZ)",
    9: "Runtime Error (SIGFPE)",
    10: "Runtime Error (SIGABRT)",
    11: "Runtime Error (NZEC)",
    12: "Runtime Error (Other)",
    13: "Internal Error",
    14: "Exec Format Error",
}
_FIELDS = ("token", "time", "memory", "stdout", "stderr", "compile_output", "message", "status")
_ENCODED = ("stdout", "stderr", "compile_output")
_REFUSED = ("compiler_options", "additional_files", "callback_url", "enable_network")
Encoded = Annotated[bool, QueryParameter(description="Texts are base64.")]


class Submission(msgspec.Struct, kw_only=True):
    """A program to run. Times in seconds, memory in KiB."""

    source_code: str
    language_id: int
    stdin: str | None = None
    expected_output: str | None = None
    command_line_arguments: str | None = None
    cpu_time_limit: float | None = None
    wall_time_limit: float | None = None
    memory_limit: float | None = None
    number_of_runs: int | None = None
    compiler_options: str | None = None
    additional_files: str | None = None
    callback_url: str | None = None
    enable_network: bool | None = None


class Batch(msgspec.Struct, kw_only=True):
    """Several programs to run."""

    submissions: list[Submission]


class _Kept:
    """A submission in this process."""

    def __init__(self, language_id: int, caller: Caller, sample: Sample) -> None:
        self.language_id = language_id
        self.tenant = caller.tenant
        self.token = str(uuid.uuid4())
        self.created = time.time()
        self.ended: float | None = None
        self.verdict: Verdict | None = None
        self.task = asyncio.ensure_future(self._run(caller, sample))

    async def _run(self, caller: Caller, sample: Sample) -> None:
        try:
            self.verdict = await caller.verify(sample, _PATIENCE_S)
        except VeristoneError as error:
            reason = Reason.OVERLOADED if isinstance(error, Overloaded) else Reason.SANDBOX_ERROR
            self.verdict = Verdict.undecided(sample.id, reason, str(error))
        self.ended = time.time()

    def shown(self, *, encoded: bool, fields: str) -> dict[str, Any]:
        wanted = _FIELDS if not fields else None if fields == "*" else fields.split(",")
        reply = to_reply(self.language_id, self.verdict) | {
            "token": self.token,
            "created_at": _date(self.created),
            "finished_at": _date(self.ended) if self.ended is not None else None,
        }
        if encoded:
            texts = {name: reply[name] for name in _ENCODED if isinstance(reply.get(name), str)}
            reply |= {
                name: base64.b64encode(text.encode()).decode() for name, text in texts.items()
            }
        return reply if wanted is None else {n: reply[n] for n in wanted if n in reply}


class _Submissions:
    """The submissions of one application."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def add(self, kept: _Kept) -> None:
        since = time.time() - _KEEP_S
        old = [name for name, one in self._kept.items() if one.ended and one.ended < since]
        for name in old:
            del self._kept[name]
        self._kept[kept.token] = kept

    def make_room(self, more: int) -> None:
        """Forget what ended longest ago where there are too many.

        Raises:
            Overloaded: that many are under way.
        """
        surplus = len(self._kept) + more - _MOST_KEPT
        ended = [name for name, each in self._kept.items() if each.ended is not None]
        if surplus > len(ended):
            raise Overloaded("queue is full", 1)
        for name in ended[: max(0, surplus)]:
            del self._kept[name]

    def find(self, token: str, tenant: str) -> _Kept:
        kept = self._kept.get(token)
        if kept is None or kept.tenant != tenant:
            raise NotFoundException(f"there is no submission {token!r}")
        return kept


def _submissions(request: Request[Any, Any, Any]) -> _Submissions:
    state = request.app.state
    if "judge0" not in state:
        state["judge0"] = _Submissions()
    return state["judge0"]


@functools.cache
def _numbers() -> dict[int, str]:
    table = tomllib.loads(Path(__file__).with_name("judge0.toml").read_text())
    return {int(number): name for number, name in table["languages"].items()}


def _known() -> dict[int, Language]:
    """Return the languages that there are sandboxes for, by their number."""
    names = {name: each for each in installed().values() for name in (each.name, *each.aliases)}
    return {number: names[name] for number, name in _numbers().items() if name in names}


def to_sample(submission: Submission, *, encoded: bool = False) -> Sample:
    """Return the sample that a submission asks about.

    Raises:
        InvalidSample: it asks for what there is not here, or its base64 is none.
    """
    for name in _REFUSED:
        if getattr(submission, name):
            raise InvalidSample(f"{name} is not supported here")
    if (submission.number_of_runs or 1) != 1:
        raise InvalidSample("number_of_runs is not supported here")
    if submission.language_id not in _known():
        raise InvalidSample(f"language with id {submission.language_id} doesn't exist")
    code = _text(submission.source_code, encoded, "source_code")
    stdin = _text(submission.stdin or "", encoded, "stdin")
    expected = submission.expected_output
    try:
        args = shlex.split(submission.command_line_arguments or "")
    except ValueError as error:
        raise InvalidSample(f"command_line_arguments: {error}") from error
    memory = submission.memory_limit
    return Sample(
        code=code,
        language=_known()[submission.language_id].name,
        check=ProgramCheck(
            stdin=stdin,
            args=args,
            stdout=None if expected is None else _text(expected, encoded, "expected_output"),
            must_reach_end=False,
            show_bytes=_SHOWN,
        ),
        limits=Limits(
            cpu_s=submission.cpu_time_limit or _CPU_S,
            wall_s=submission.wall_time_limit or _WALL_S,
            memory_mib=max(1, int(memory / 1024)) if memory else _MEMORY_MIB,
        ),
    )


def _text(given: str, encoded: bool, name: str) -> str:
    if not encoded:
        return given
    try:
        return base64.b64decode(given).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidSample(f"{name} is no base64 of UTF-8: {error}") from error


def to_reply(language_id: int, verdict: Verdict | None) -> dict[str, Any]:
    """Return every field of a reply that a verdict decides; None: there is none yet."""
    number = 2 if verdict is None else _status(verdict)
    reply: dict[str, Any] = dict.fromkeys(
        ("stdout", "stderr", "compile_output", "message", "time", "wall_time", "memory")
    )
    reply |= {
        "language_id": language_id,
        "language": {"id": language_id, "name": _known()[language_id].name},
        "status": {"id": number, "description": _NAMES[number]},
        "exit_code": verdict.exit_code if verdict is not None else None,
    }
    if verdict is None or verdict.reason in (Reason.SANDBOX_ERROR, Reason.OVERLOADED):
        return reply | {"message": verdict.message if verdict is not None else None}
    failed_to_compile = verdict.reason is Reason.COMPILE_ERROR
    return reply | {
        "stdout": verdict.stdout.text or None,
        "stderr": None if failed_to_compile else verdict.stderr.text or None,
        "compile_output": verdict.stderr.text or verdict.message if failed_to_compile else None,
        "message": verdict.message or None,
        "time": f"{verdict.usage.cpu_s:.3f}",
        "wall_time": f"{verdict.usage.wall_s:.3f}",
        "memory": round(verdict.usage.peak_memory_mib * 1024),
    }


def _status(verdict: Verdict) -> int:
    if verdict.reason is Reason.SIGNALLED:
        return _SIGNALS.get(verdict.signal or "", _OTHER)
    return _STATUS.get(verdict.reason, _OTHER)


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@post("/submissions", status_code=201, tags=["Judge0"])
async def create(
    data: JSONBody[Submission],
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    base64_encoded: Encoded = False,
    wait: FromQuery[bool] = False,
    fields: FromQuery[str] = "",
) -> dict[str, Any]:
    """Run a program; with `wait`, answer when it has ended."""
    sample = to_sample(data, encoded=base64_encoded)
    submissions = _submissions(request)
    submissions.make_room(1)
    kept = _Kept(data.language_id, caller.detached(), sample)
    submissions.add(kept)
    if not wait:
        return {"token": kept.token}
    await kept.task
    return kept.shown(encoded=base64_encoded, fields=fields)


@post("/submissions/batch", status_code=201, tags=["Judge0"])
async def create_batch(
    data: JSONBody[Batch],
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    base64_encoded: Encoded = False,
) -> list[dict[str, Any]]:
    """Run several programs; answers with a token for each."""
    if len(data.submissions) > _MOST_IN_BATCH:
        raise InvalidSample(f"number of submissions in a batch should be at most {_MOST_IN_BATCH}")
    submissions = _submissions(request)
    submissions.make_room(len(data.submissions))
    answers: list[dict[str, Any]] = []
    for each in data.submissions:
        try:
            sample = to_sample(each, encoded=base64_encoded)
        except InvalidSample as error:
            answers.append({"errors": [str(error)]})
            continue
        kept = _Kept(each.language_id, caller.detached(), sample)
        submissions.add(kept)
        answers.append({"token": kept.token})
    return answers


@get("/submissions/batch", tags=["Judge0"])
async def look_at_batch(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    tokens: FromQuery[str],
    base64_encoded: Encoded = False,
    fields: FromQuery[str] = "",
) -> dict[str, list[dict[str, Any]]]:
    """Tell what became of several programs."""
    known = _submissions(request)
    found = [known.find(token, caller.tenant) for token in tokens.split(",")]
    return {"submissions": [each.shown(encoded=base64_encoded, fields=fields) for each in found]}


@get("/submissions/{token:str}", tags=["Judge0"])
async def look_at(
    token: FromPath[str],
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    base64_encoded: Encoded = False,
    fields: FromQuery[str] = "",
) -> dict[str, Any]:
    """Tell what became of a program."""
    kept = _submissions(request).find(token, caller.tenant)
    return kept.shown(encoded=base64_encoded, fields=fields)


@get(["/languages", "/languages/all"], tags=["Judge0"])
async def languages() -> list[dict[str, Any]]:
    """Name every language that can be asked for, by its number."""
    return [{"id": number, "name": each.name} for number, each in _known().items()]


@get("/languages/{number:int}", tags=["Judge0"])
async def language(number: FromPath[int]) -> dict[str, Any]:
    """Name one language."""
    if number not in _known():
        raise NotFoundException(f"language with id {number} doesn't exist")
    return {"id": number, "name": _known()[number].name, "is_archived": False}


@get("/statuses", tags=["Judge0"])
async def statuses() -> list[dict[str, Any]]:
    """Name every status that a submission can have."""
    return [{"id": number, "description": name} for number, name in _NAMES.items()]


@get("/about", tags=["Judge0"])
async def about() -> dict[str, str]:
    """Say which version this answers as."""
    return {"version": "1.13.1", "homepage": "", "source_code": "", "maintainer": "Veristone"}


@get("/config_info", tags=["Judge0"])
async def config_info() -> dict[str, Any]:
    """Say what may be asked for."""
    no = (
        *("allow_enable_network", "enable_network", "maintenance_mode", "enable_callbacks"),
        *("enable_additional_files", "enable_compiler_options", "enable_submission_delete"),
        *("redirect_stderr_to_stdout", "use_docs_as_homepage"),
        *("allow_enable_per_process_and_thread_memory_limit",),
        *("allow_enable_per_process_and_thread_time_limit",),
        *("enable_per_process_and_thread_memory_limit",),
        *("enable_per_process_and_thread_time_limit",),
    )
    yes = ("enable_batched_submissions", "enable_command_line_arguments", "enable_wait_result")
    nothing = ("callbacks_max_tries", "callbacks_timeout", "cpu_extra_time", "max_cpu_extra_time")
    limits = Limits()
    return {
        **dict.fromkeys(no, False),
        **dict.fromkeys(yes, True),
        **dict.fromkeys((*nothing, "submission_cache_duration", "max_extract_size"), 0),
        "allowed_languages_for_compile_options": [],
        "cpu_time_limit": _CPU_S,
        "max_cpu_time_limit": _PATIENCE_S,
        "wall_time_limit": _WALL_S,
        "max_wall_time_limit": _PATIENCE_S,
        "memory_limit": _MEMORY_MIB * 1024,
        "max_memory_limit": _MEMORY_MIB * 1024,
        "max_file_size": limits.file_mib * 1024,
        "max_max_file_size": limits.file_mib * 1024,
        "max_processes_and_or_threads": limits.processes,
        "max_max_processes_and_or_threads": limits.processes,
        "stack_limit": _MEMORY_MIB * 1024,
        "max_stack_limit": _MEMORY_MIB * 1024,
        "number_of_runs": 1,
        "max_number_of_runs": 1,
        "max_queue_size": _MOST_KEPT,
        "max_submission_batch_size": _MOST_IN_BATCH,
    }


def _refuse(error: NoVerdict) -> Reply:
    return Reply(503, {"error": str(error)}, {"Retry-After": str(error.retry_after_s)})


def _invalid(status: int, why: str) -> Reply:
    return Reply(422 if status == 400 else status, {"error": why})


DIALECT = Dialect(
    routes=(
        *(create, create_batch, look_at, look_at_batch),
        *(languages, language, statuses, about, config_info),
    ),
    refuse=_refuse,
    invalid=_invalid,
)
