"""OpenEnv: a coding environment whose action is Python and whose observation is what it printed.

Contract read from openenv 0.10 (core/env_server/http_server.py, types.py; envs/coding_env). An
episode is a session; a websocket has one episode at a time. Over plain HTTP each request stands
alone, as there: `/step` without a websocket runs in a new session.

Where the service has tasks (its setting `tasks`), the Task API names them, and an episode that is
reset with `split` and `index` is about one: its first observation holds the task, steps run code,
and a step with `submit` is judged. That gives the reward, 1 or 0, and ends the episode; where there
is no verdict it is an error, and may be sent again. Tests are never shown.
"""

import contextlib
import uuid
from typing import Annotated, Any

import msgspec
from litestar import Response, WebSocket, get, post, websocket
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from litestar.params import Body, JSONBody

from veristone import (
    Decision,
    InvalidSample,
    Limits,
    RunRequest,
    RunResult,
    SessionOptions,
    Verdict,
    VeristoneError,
    __version__,
)
from veristone.engine.sessions import Session
from veristone.generators.code.answer_sample import answer_sample
from veristone.service.admission import NoVerdict, Overloaded
from veristone.service.caller import Caller
from veristone.service.dialects.base import Dialect
from veristone.service.dialects.common import fastapi_invalid
from veristone.service.errors import Reply
from veristone.service.sessions import TenantSessions
from veristone.service.tasks import Task, Tasks

__all__ = ["DIALECT", "CodeAction", "Observation", "to_judged", "to_observation"]

_NAME = "veristone"
_STEP_S = 30.0
_PATIENCE_S = 10.0
_SUBMIT_S = 55.0
"""Its client waits for a minute."""
_MOST_LISTED = 1000
"""Tasks of a split that are listed at once; `num_tasks` says how many there are."""


class CodeAction(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Python to run; its names live on in the episode."""

    code: str
    submit: bool = False
    """Judge it, in place of running it, as the answer to the episode's task."""
    metadata: dict[str, Any] = {}


class Observation(msgspec.Struct, kw_only=True):
    """What came out of a step."""

    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0
    metadata: dict[str, Any] = {}


class Outcome(msgspec.Struct, kw_only=True):
    """An answer to `/reset` and `/step`."""

    observation: Observation = msgspec.field(default_factory=Observation)
    reward: float | None = None
    done: bool = False


class Reset(msgspec.Struct, kw_only=True):
    """A request of `/reset`. Other parameters are ignored: nothing here is drawn by lot."""

    seed: int | None = None
    episode_id: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    split: str | None = None
    """With `index`: of the task that the episode is about."""
    index: int = 0


class OfSplit(msgspec.Struct, kw_only=True):
    """A request about a split of the tasks."""

    split: str


class OneTask(msgspec.Struct, kw_only=True):
    """A request for one task."""

    split: str
    index: int


class TaskRange(msgspec.Struct, kw_only=True):
    """A request for tasks by Python's slice."""

    split: str
    start: int | None = None
    stop: int | None = None


class Step(msgspec.Struct, kw_only=True):
    """A request of `/step`."""

    action: CodeAction
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] | None = None
    request_id: Annotated[str, msgspec.Meta(max_length=255)] | None = None


class State(msgspec.Struct, kw_only=True):
    """Where an episode stands."""

    episode_id: str | None = None
    step_count: int = 0
    last_exit_code: int = 0


class _Message(msgspec.Struct):
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


def to_observation(result: RunResult) -> Observation:
    """Return what a step shows: output and the last value, and why it failed."""
    shown = [each.get("text/plain", "") + "\n" for each in (*result.shown, result.result) if each]
    stderr = result.stderr.text
    if result.error is not None:
        stderr += result.error.traceback
    elif result.message or result.state_lost:
        stderr += result.message or "the interpreter ended\n"
    return Observation(
        stdout="".join((result.stdout.text, *shown)),
        stderr=stderr,
        exit_code=0 if result.ok and not result.state_lost else 1,
        metadata={"state_lost": True} if result.state_lost else {},
    )


def to_judged(verdict: Verdict) -> Outcome:
    """Return the end of an episode whose answer was judged."""
    passed = verdict.decision is Decision.PASS
    about = {"reason": str(verdict.reason), "passed": verdict.passed, "total": verdict.total}
    observation = Observation(
        stderr=verdict.message, exit_code=0 if passed else 1, metadata={"verdict": about}
    )
    return Outcome(observation=observation, reward=float(passed), done=True)


def _first(task: Task | None) -> Outcome:
    metadata = {} if task is None else {"task": task.shown()}
    return Outcome(observation=Observation(metadata=metadata))


def _chosen(tasks: Tasks, request: Reset) -> Task | None:
    return None if request.split is None else tasks.get(request.split, request.index)


class _Episode:
    """A session that is begun anew by each reset, and the task that it is about."""

    def __init__(self, sessions: TenantSessions, caller: Caller, tasks: Tasks) -> None:
        self._sessions = sessions
        self._caller = caller
        self._tasks = tasks
        self._task: Task | None = None
        self._session: Session | None = None
        self._state = State()

    async def reset(self, request: Reset) -> Outcome:
        self._task = _chosen(self._tasks, request)
        await self.end()
        self._session = await self._sessions.open(SessionOptions())
        self._state = State(episode_id=request.episode_id or str(uuid.uuid4()))
        return _first(self._task)

    async def step(self, action: CodeAction) -> Outcome:
        if action.submit:
            return await self._submit(action)
        if self._session is None:
            await self.reset(Reset())
        assert self._session is not None
        result = await self._session.run(RunRequest(cell=action.code))
        observation = to_observation(result)
        self._state.step_count += 1
        self._state.last_exit_code = observation.exit_code
        return Outcome(observation=observation)

    async def _submit(self, action: CodeAction) -> Outcome:
        task = self._task
        if task is None:
            raise InvalidSample("submit: reset with split and index first: there is no open task")
        sample = answer_sample(action.code, task.tests, task.language)
        outcome = to_judged(await self._caller.decide(sample, _SUBMIT_S))
        # Judged once: whoever may try until it passes learns to guess.
        self._task = None
        self._state.step_count += 1
        self._state.last_exit_code = outcome.observation.exit_code
        return outcome

    def state(self) -> State:
        return self._state

    async def end(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


@post("/reset", status_code=200, tags=["OpenEnv"])
async def reset(
    tasks: NamedDependency[Tasks], data: Annotated[Reset | None, Body()] = None
) -> Outcome:
    """Return the first observation of an episode; without a websocket nothing is kept of it."""
    return _first(_chosen(tasks, data or Reset()))


@post("/step", status_code=200, tags=["OpenEnv"])
async def step(data: Annotated[Step, Body()], sessions: NamedDependency[TenantSessions]) -> Outcome:
    """Run one action in an episode of its own."""
    if data.action.submit:
        raise InvalidSample("submit: an episode with a task needs the websocket")
    step_s = data.timeout_s or _STEP_S
    limits = Limits(cpu_s=step_s, wall_s=step_s)
    async with sessions.once(SessionOptions(limits=limits), _PATIENCE_S) as session:
        result = await session.run(RunRequest(cell=data.action.code))
        return Outcome(observation=to_observation(result))


@get("/state", tags=["OpenEnv"])
async def state() -> State:
    """Return the state of an environment that was just made, as there."""
    return State()


@get("/schema", tags=["OpenEnv"])
async def schema() -> dict[str, Any]:
    """Return the JSON schemas of action, observation and state."""
    kinds = {"action": CodeAction, "observation": Observation, "state": State}
    return {name: msgspec.json.schema(kind) for name, kind in kinds.items()}


@get("/metadata", tags=["OpenEnv"])
async def metadata() -> dict[str, Any]:
    """Say what environment this is."""
    about = "Python in a hardened sandbox; names live on from step to step"
    return {"name": "veristone", "description": about, "version": __version__}


@get("/list_environments", tags=["OpenEnv"])
async def list_environments() -> list[str]:
    """Name the one environment that there is."""
    return [_NAME]


@get(f"/{_NAME}/splits", tags=["OpenEnv"])
async def list_splits(tasks: NamedDependency[Tasks]) -> list[dict[str, str]]:
    """Name the splits of the tasks; there are none where the service has no tasks."""
    known = ("train", "validation", "test")
    return [{"name": each, "type": each if each in known else known[1]} for each in tasks.splits]


@post(f"/{_NAME}/tasks", status_code=200, tags=["OpenEnv"])
async def list_tasks(data: JSONBody[OfSplit], tasks: NamedDependency[Tasks]) -> dict[str, Any]:
    """Return the tasks of a split, of a large one the first."""
    listed = tasks.of(data.split)[:_MOST_LISTED]
    return {"tasks": [task.shown() for task in listed], "env_name": _NAME}


@post(f"/{_NAME}/num_tasks", status_code=200, tags=["OpenEnv"])
async def num_tasks(data: JSONBody[OfSplit], tasks: NamedDependency[Tasks]) -> dict[str, int]:
    """Return how many tasks a split has."""
    return {"num_tasks": len(tasks.of(data.split))}


@post(f"/{_NAME}/task", status_code=200, tags=["OpenEnv"])
async def one_task(data: JSONBody[OneTask], tasks: NamedDependency[Tasks]) -> Response[Any]:
    """Return one task."""
    try:
        return Response({"task": tasks.get(data.split, data.index).shown()})
    except InvalidSample as error:  # 400, where a malformed request is 422
        return Response({"detail": f"Invalid task index: {error}"}, status_code=400)


@post(f"/{_NAME}/task_range", status_code=200, tags=["OpenEnv"])
async def task_range(data: JSONBody[TaskRange], tasks: NamedDependency[Tasks]) -> dict[str, Any]:
    """Return tasks by Python's slice."""
    listed = tasks.of(data.split)[data.start : data.stop][:_MOST_LISTED]
    return {"tasks": [task.shown() for task in listed]}


@websocket("/ws")
async def episode(
    socket: WebSocket[Any, Any, Any],
    sessions: NamedDependency[TenantSessions],
    socket_caller: NamedDependency[Caller],
    tasks: NamedDependency[Tasks],
) -> None:
    """Serve episodes over one connection, message by message."""
    await socket.accept()
    running = _Episode(sessions, socket_caller, tasks)
    try:
        while (answer := await _answer(running, await socket.receive_text())) is not None:
            await socket.send_text(msgspec.json.encode(answer).decode())
    except WebSocketDisconnect:
        return
    finally:
        await running.end()
        with contextlib.suppress(Exception):  # whoever has left needs no goodbye
            await socket.close()


async def _answer(running: _Episode, text: str) -> dict[str, Any] | None:
    """Return the answer to a message; None where it says goodbye."""
    try:
        message = msgspec.json.decode(text, type=_Message)
        if message.type == "close":
            return None
        if message.type == "reset":
            wanted = msgspec.json.decode(message.data, type=Reset)
            return {"type": "observation", "data": await running.reset(wanted)}
        if message.type == "step":
            action = msgspec.json.decode(message.data, type=CodeAction)
            return {"type": "observation", "data": await running.step(action)}
        if message.type == "state":
            return {"type": "state", "data": running.state()}
    except (msgspec.ValidationError, InvalidSample) as error:
        return _fault("VALIDATION_ERROR", f"Invalid message: {error}")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return _fault("INVALID_JSON", f"Invalid JSON: {error}")
    except Overloaded as error:
        return _fault("CAPACITY_REACHED", str(error))
    except VeristoneError as error:
        return _fault("SESSION_ERROR", str(error))
    return _fault("UNKNOWN_TYPE", f"Unknown message type: {message.type[:80]}")


def _fault(code: str, message: str) -> dict[str, Any]:
    return {"type": "error", "data": {"message": message, "code": code}}


def _refuse(error: NoVerdict) -> Reply:
    status = 429 if isinstance(error, Overloaded) else 503
    return Reply(status, {"detail": str(error)}, {"Retry-After": str(error.retry_after_s)})


_TASK_API = (list_environments, list_splits, list_tasks, num_tasks, one_task, task_range)
DIALECT = Dialect(
    routes=(reset, step, state, schema, metadata, *_TASK_API, episode),
    refuse=_refuse,
    invalid=fastapi_invalid,
)
