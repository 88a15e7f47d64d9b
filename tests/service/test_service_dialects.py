"""Dialects over a scripted back end: what a request becomes, and each reply word for word."""

import asyncio
import base64
import json
from typing import Any

import msgspec
import pytest
from serving import serving

from veristone import InvalidSample, Output, ProgramCheck, Reason, SandboxFailure, Usage, Verdict
from veristone.engine.backends.fake import FakeBackend, report
from veristone.service.dialects import code_exec_server, judge0, piston, sandbox_fusion

TOKEN = "a-token-of-sixteen-or-more"


def verdict(reason: Reason, **fields: Any) -> Verdict:
    usage = Usage(cpu_s=0.25, wall_s=0.5, peak_memory_mib=2.0, runs=1)
    given: dict[str, Any] = {"stdout": Output(head="out\n", total_bytes=4), "usage": usage} | fields
    return Verdict(id="x", decision=reason.decision, reason=reason, **given)


PASSED = verdict(Reason.PASSED, exit_code=0)
RAISED = verdict(
    Reason.RUNTIME_ERROR,
    exit_code=1,
    message="ValueError: no",
    stderr=Output(head="Traceback ...\nValueError: no\n", total_bytes=29),
)
SLOW = verdict(Reason.CPU_TIMEOUT, signal="SIGKILL", message="used 0.70 s of CPU")
CRASHED = verdict(Reason.SIGNALLED, signal="SIGSEGV", message="was ended by SIGSEGV")
GREEDY = verdict(Reason.MEMORY_LIMIT, signal="SIGKILL", message="used more than 512 MiB")
LOUD = verdict(Reason.OUTPUT_LIMIT, exit_code=0, message="wrote more than it may")


def fusion_result(**fields: Any) -> dict[str, Any]:
    result = {
        "status": "Finished",
        "execution_time": 0.5,
        "return_code": 0,
        "stdout": "out\n",
        "stderr": "",
    }
    return result | fields


@pytest.mark.parametrize(
    ("given", "status", "message", "result"),
    [
        (PASSED, "Success", "", fusion_result()),
        (
            RAISED,
            "Failed",
            "ValueError: no",
            fusion_result(return_code=1, stderr="Traceback ...\nValueError: no\n"),
        ),
        (
            SLOW,
            "Failed",
            "used 0.70 s of CPU",
            fusion_result(status="TimeLimitExceeded", return_code=None),
        ),
        (CRASHED, "Failed", "was ended by SIGSEGV", fusion_result(return_code=-11)),
        (GREEDY, "Failed", "used more than 512 MiB", fusion_result(return_code=-9)),
        (LOUD, "Failed", "wrote more than it may", fusion_result(return_code=1)),
    ],
)
def test_sandbox_fusions_replies(
    given: Verdict, status: str, message: str, result: dict[str, Any]
) -> None:
    reply = msgspec.to_builtins(sandbox_fusion.to_reply(sandbox_fusion.RunCode(code=""), given))
    assert reply == {
        "status": status,
        "message": message,
        "compile_result": None,
        "run_result": result,
        "executor_pod_name": None,
        "files": {},
    }


def test_sandbox_fusions_requests() -> None:
    request = sandbox_fusion.RunCode(
        code="print(1)",
        stdin="in",
        run_timeout=3,
        memory_limit_mb=64,
        files={"data/a.bin": base64.b64encode(b"\0\1").decode(), "left_out": None},
    )
    sample = sandbox_fusion.to_sample(request)
    assert isinstance(sample.check, ProgramCheck)
    assert (sample.language, sample.check.stdin) == ("python", "in")
    assert sample.files == {"data/a.bin": b"\0\1"}
    assert (sample.limits.cpu_s, sample.limits.memory_mib) == (3, 64)
    assert sample.limits.wall_s < sandbox_fusion.deadline_s(request) < 10 + 3 + 10


async def test_sandbox_fusions_refusals() -> None:
    async with serving() as client:

        async def refused(**body: Any) -> tuple[int, str]:
            answer = await client.post("/run_code", json=body)
            return answer.status_code, answer.json()["detail"]

        unknown = await refused(code="x", language="cobol")
        fetched = await refused(code="x", fetch_files=["../a"])
        broken = await refused(code="x", files={"a": "no base64!"})
        missing = await refused(language="python")
    assert {unknown[0], fetched[0], broken[0], missing[0]} == {422}
    assert "no sandbox for 'cobol'" in unknown[1]
    assert "check.fetch: '../a'" in fetched[1]
    assert "'a' is no base64" in broken[1]
    assert "`code`" in missing[1]


async def test_where_there_is_no_verdict_every_dialect_asks_its_client_to_come_again() -> None:
    requests: list[tuple[str, dict[str, Any], int]] = [
        ("/run_code", {"code": "x"}, 504),
        (
            "/api/v2/execute",
            {"language": "python", "version": "*", "files": [{"content": "x"}]},
            500,
        ),
        ("/py_exec", {"code": "x", "timeout": 5}, 503),
    ]
    async with serving(FakeBackend(lambda job: SandboxFailure("gone"))) as client:
        for path, body, status in requests:
            answer = await client.post(path, json=body)
            assert (answer.status_code, "gone" in answer.text) == (status, True), path
    # The queue is full before the first of them comes.
    async with serving(FakeBackend(delay_s=2), sandboxes=1, most_waiting=1) as client:
        first = asyncio.ensure_future(client.post("/v1/verify", json={"code": "x"}))
        await asyncio.sleep(0.05)
        for path, body, status in requests:
            answer = await client.post(path, json=body)
            assert (answer.status_code, "under way already" in answer.text) == (status, True), path
        first.cancel()


def piston_stage(**fields: Any) -> dict[str, Any]:
    stage = {
        "stdout": "out\n",
        "stderr": "",
        "output": "out\n",
        "code": 0,
        "signal": None,
        "message": None,
        "status": None,
        "cpu_time": 250,
        "wall_time": 500,
        "memory": 2 * 1024 * 1024,
    }
    return stage | fields


@pytest.mark.parametrize(
    ("given", "stage"),
    [
        (PASSED, piston_stage()),
        (
            RAISED,
            piston_stage(
                code=1,
                status="RE",
                message="ValueError: no",
                stderr="Traceback ...\nValueError: no\n",
                output="out\nTraceback ...\nValueError: no\n",
            ),
        ),
        (
            SLOW,
            piston_stage(code=None, signal="SIGKILL", status="TO", message="used 0.70 s of CPU"),
        ),
        (
            CRASHED,
            piston_stage(code=None, signal="SIGSEGV", status="SG", message="was ended by SIGSEGV"),
        ),
        (
            LOUD,
            piston_stage(
                code=None, signal="SIGKILL", status="OL", message="wrote more than it may"
            ),
        ),
    ],
)
def test_pistons_replies(given: Verdict, stage: dict[str, Any]) -> None:
    request = piston.Execute(language="py", version="*", files=[piston.File(content="")])
    reply = msgspec.to_builtins(piston.to_reply(request, given))
    assert reply["language"] == "python"
    assert reply["run"] == stage


def test_pistons_requests() -> None:
    request = piston.Execute(
        language="python3",
        version="3.x",
        files=[
            piston.File(content="print(1)", name="main.py"),
            piston.File(content="AAE=", name="a.bin", encoding="base64"),
            piston.File(content="0001", encoding="hex"),
        ],
        stdin="in",
        args=["-v"],
        run_timeout=1500,
        run_memory_limit=64 * 2**20,
    )
    sample = piston.to_sample(request)
    assert isinstance(sample.check, ProgramCheck)
    assert (sample.check.stdin, sample.check.args) == ("in\n", ["-v"])
    assert sample.files == {"a.bin": b"\0\1", "file2.code": b"\0\1"}
    assert (sample.limits.wall_s, sample.limits.memory_mib) == (1.5, 64)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"language": None}, "language is required as a string"),
        ({"version": None}, "version is required as a string"),
        ({"files": None}, "files is required as an array"),
        ({"files": []}, "files is required as an array"),
        ({"language": "cobol"}, "cobol-* runtime is unknown"),
        ({"files": [{"content": "zz", "encoding": "hex"}]}, "files[0].content is no hex"),
    ],
)
async def test_pistons_refusals(changes: dict[str, Any], says: str) -> None:
    body = {"language": "python", "version": "*", "files": [{"content": "x"}]} | changes
    body = {name: value for name, value in body.items() if value is not None}
    async with serving() as client:
        answer = await client.post("/api/v2/execute", json=body)
    assert answer.status_code == 400
    assert says in answer.json()["message"]


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        (PASSED, (0, "out\n")),
        (RAISED, (1, "Traceback ...\nValueError: no\n")),
        (SLOW, (1, "Timeout")),
        (CRASHED, (1, "was ended by SIGSEGV")),
    ],
)
def test_code_exec_servers_replies(given: Verdict, reply: tuple[int, str]) -> None:
    got = code_exec_server.to_reply(given)
    assert (got.status, got.output) == reply


async def test_code_exec_server_reads_json_under_any_content_type() -> None:
    body = json.dumps({"code": "print(1)", "timeout": 5, "stdin": None})
    async with serving(FakeBackend(lambda job: report(stdout="1\n"))) as client:
        plain = await client.post("/py_exec", content=body)
        as_json = await client.post("/py_exec", json={"code": "x", "timeout": 5, "json_resp": True})
        nonsense = await client.post("/py_exec", content=b"\xff")
    assert plain.text == "0\n1\n"
    assert as_json.json() == {"status": 0, "output": "1\n"}
    assert nonsense.text == "1\nInvalid JSON input"


def test_what_no_dialect_can_ask_for_is_said_in_its_words() -> None:
    with pytest.raises(InvalidSample, match="runtime is unknown"):
        piston.to_sample(piston.Execute(language="", version="*", files=[piston.File(content="")]))


@pytest.mark.parametrize(
    ("given", "status", "stream"),
    [
        (PASSED, 3, ("out\n", None, None)),
        (RAISED, 11, ("out\n", "Traceback ...\nValueError: no\n", None)),
        (SLOW, 5, ("out\n", None, None)),
        (CRASHED, 7, ("out\n", None, None)),
        (GREEDY, 12, ("out\n", None, None)),
        (verdict(Reason.COMPILE_ERROR, message="no"), 6, ("out\n", None, "no")),
        (verdict(Reason.SANDBOX_ERROR, message="gone"), 13, (None, None, None)),
        (None, 2, (None, None, None)),
    ],
)
def test_judge0s_replies(
    given: Verdict | None, status: int, stream: tuple[str | None, str | None, str | None]
) -> None:
    reply = judge0.to_reply(71, given)
    assert reply["status"]["id"] == status
    assert tuple(reply[name] for name in ("stdout", "stderr", "compile_output")) == stream
    if status == 3:
        assert (reply["time"], reply["memory"]) == ("0.250", 2048)


async def test_judge0s_submissions_are_kept_for_whom_they_are() -> None:
    tenants = {"lab": {"token": TOKEN}, "other": {"token": TOKEN[::-1]}}
    mine, others = ({"Authorization": f"Bearer {each}"} for each in (TOKEN, TOKEN[::-1]))
    body = {"source_code": "print(1)", "language_id": 71}
    async with serving(FakeBackend(lambda job: report(stdout="1\n")), tenants=tenants) as client:
        answer = await client.post("/submissions?wait=true", json=body, headers=mine)
        assert (answer.status_code, answer.json()["stdout"]) == (201, "1\n")
        path = f"/submissions/{answer.json()['token']}"
        assert (await client.get(path, headers=others)).status_code == 404
        only = (await client.get(path, params={"fields": "stdout"}, headers=mine)).json()
        assert only == {"stdout": "1\n"}
        batch = {"submissions": [body, body | {"language_id": 1}]}
        answer = await client.post("/submissions/batch", json=batch, headers=mine)
        assert ["token" in each for each in answer.json()] == [True, False]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"language_id": 1}, "language with id 1 doesn't exist"),
        ({"compiler_options": "-O3"}, "compiler_options"),
        ({"callback_url": "http://x"}, "callback_url"),
        ({"number_of_runs": 3}, "number_of_runs"),
        ({"command_line_arguments": "'"}, "command_line_arguments"),
        ({"source_code": None}, "source_code"),
    ],
)
async def test_judge0s_refusals(changes: dict[str, Any], says: str) -> None:
    body = {"source_code": "x", "language_id": 71} | changes
    async with serving() as client:
        answer = await client.post("/submissions", json=body)
    assert (answer.status_code, says in answer.json()["error"]) == (422, True)


@pytest.mark.parametrize("reason", [Reason.COMPILE_ERROR, Reason.PASSED])
def test_sandbox_fusion_tells_the_compiler_from_the_program(reason: Reason) -> None:
    request = sandbox_fusion.RunCode(code="", language="cpp")
    reply = sandbox_fusion.to_reply(request, verdict(reason, exit_code=int(reason != "passed")))
    assert reply.compile_result is not None
    assert reply.compile_result.return_code == int(reason != "passed")
    assert (reply.run_result is None) == (reason is Reason.COMPILE_ERROR)
