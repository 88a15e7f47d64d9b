"""Compiled once, run many times: from scripted reports to verdicts."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from veristone import (
    Check,
    Checker,
    InvalidSample,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    StdioCase,
    StdioCheck,
    Verdict,
)
from veristone.engine import Engine, EngineConfig
from veristone.engine.backends.fake import Answer, FakeBackend, report
from veristone.engine.jobs import Job

PROGRAM = {"program": b"\x7fELF"}
COMPILED = report(fetched=PROGRAM)


async def verify(
    check: Check, script: Callable[[Job], Answer] | Iterable[Answer], **fields: Any
) -> tuple[Verdict, list[Job]]:
    backend = FakeBackend(script)
    async with Engine(EngineConfig(sandboxes=1), backend=backend) as engine:
        given: dict[str, Any] = {"code": "int main() {}", "language": "c", **fields}
        sample = Sample(check=check, **given)
        return await engine.verify(sample), backend.jobs


async def test_what_the_compiler_left_is_run_and_not_the_source() -> None:
    files = {"data.txt": b"1"}
    check = ProgramCheck(args=["-x"], stdin="in")
    verdict, (compiler, run) = await verify(check, [COMPILED, report()], files=files)
    assert verdict.reason is Reason.PASSED
    assert compiler.files == files | {"main.c": b"int main() {}"}
    assert (compiler.argv[0], compiler.fetch, compiler.stdin) == ("gcc", ("program",), b"")
    assert run.files == files | PROGRAM
    assert (run.argv, run.stdin, run.fetch) == (("./program", "-x"), b"in", ())


async def test_cases_share_one_compilation() -> None:
    cases = [StdioCase(input=word, output=word) for word in "abc"]

    def answer(job: Job) -> Answer:
        return COMPILED if job.fetch else report(stdout=job.stdin)

    verdict, jobs = await verify(StdioCheck(cases=cases), answer)
    assert (verdict.reason, verdict.passed, verdict.usage.runs) == (Reason.PASSED, 3, 4)
    assert [bool(job.fetch) for job in jobs] == [True, False, False, False]


async def test_a_checker_is_compiled_once_as_well() -> None:
    cases = [StdioCase(input=word, output=word) for word in "abc"]
    check = StdioCheck(cases=cases, checker=Checker(code="checker", language="cpp"))

    def answer(job: Job) -> Answer:
        return COMPILED if job.fetch else report()

    verdict, jobs = await verify(check, answer)
    assert verdict.reason is Reason.PASSED
    assert [job.language for job in jobs if job.fetch] == ["c", "cpp"]
    checked = [job for job in jobs if job.language == "cpp" and not job.fetch]
    names = ("input.txt", "output.txt", "answer.txt")
    assert [job.argv for job in checked] == [("./program", *names)] * 3


async def test_a_checker_is_compiled_once_for_all_samples() -> None:
    def answer(job: Job) -> Answer:
        return COMPILED if job.fetch else report()

    def sample(code: str, checker: Checker) -> Sample:
        check = StdioCheck(cases=[StdioCase()], checker=checker)
        return Sample(code=code, language="c", check=check)

    one, backend = Checker(code="checker", language="cpp"), FakeBackend(answer)
    others = [
        Checker(code="another", language="cpp"),
        Checker(code="checker", language="c"),
        Checker(code="checker", language="cpp", files={"testlib.h": b""}),
    ]
    async with Engine(EngineConfig(sandboxes=2), backend=backend) as engine:
        samples = [sample("a", one), sample("b", one), sample("checker", one)]
        samples += [sample("c", other) for other in others]
        verdicts = [verdict async for verdict in engine.verify_stream(samples)]
    assert {verdict.reason for verdict in verdicts} == {Reason.PASSED}
    compiled = [job for job in backend.jobs if job.fetch]
    assert len(compiled) == len(samples) + 1 + len(others), "each solution, and each checker once"


async def test_a_checker_that_does_not_compile_is_our_fault() -> None:
    check = StdioCheck(
        cases=[StdioCase(input="", output="")], checker=Checker(code="x", language="cpp")
    )

    def answer(job: Job) -> Answer:
        return COMPILED if job.language == "c" else report(exit_code=1, stderr="error: no")

    verdict, _ = await verify(check, answer)
    assert verdict.reason is Reason.SANDBOX_ERROR
    assert "error: no" in verdict.message


SAID = "In file x:\nmain.c:1:2: error: what is this\n  1 | x\n"
REFUSED: list[tuple[str, Answer, Reason, str]] = [
    ("said", report(exit_code=1, stderr=SAID), Reason.COMPILE_ERROR, "main.c:1:2: error: what"),
    ("on stdout", report(exit_code=1, stdout="an Error"), Reason.COMPILE_ERROR, "an Error"),
    ("silent", report(exit_code=4), Reason.COMPILE_ERROR, "exit code 4"),
    ("nothing left", report(), Reason.COMPILE_ERROR, "left nothing"),
    ("too large", report(fetched=PROGRAM, fetched_all=False), Reason.DISK_LIMIT, "half of limits"),
    ("slow", report(killed="cpu", cpu_s=99.0), Reason.CPU_TIMEOUT, "while it was compiled"),
    ("hungry", report(killed="memory"), Reason.MEMORY_LIMIT, "while it was compiled"),
    ("talks", report(killed="output"), Reason.OUTPUT_LIMIT, "while it was compiled"),
    ("crashes", report(exit_code=None, signal=11), Reason.SIGNALLED, "while it was compiled"),
]


@pytest.mark.parametrize(("answer", "reason", "said"), [row[1:] for row in REFUSED])
async def test_what_does_not_compile_is_not_run(answer: Answer, reason: Reason, said: str) -> None:
    verdict, jobs = await verify(ProgramCheck(), [answer])
    assert (verdict.reason, len(jobs)) == (reason, 1)
    assert said in verdict.message
    verdict, jobs = await verify(StdioCheck(cases=[StdioCase(input="", output="")] * 3), [answer])
    assert (verdict.reason, verdict.total, verdict.passed) == (reason, 3, 0)


async def test_an_exit_code_that_is_wanted_is_the_programs_not_the_compilers() -> None:
    verdict, _ = await verify(ProgramCheck(exit_code=1), [report(exit_code=1)])
    assert verdict.reason is Reason.COMPILE_ERROR


async def test_the_compiler_has_limits_of_its_own() -> None:
    limits = Limits(cpu_s=1.0, memory_mib=64, file_mib=1)
    large = report(fetched={"program": bytes(3 << 20)})
    verdict, (compiler, run) = await verify(ProgramCheck(), [large, report()], limits=limits)
    assert verdict.reason is Reason.PASSED
    assert compiler.limits.cpu_s > 1
    assert compiler.limits.memory_mib > 64
    # What was compiled can be written down, however small the program's own files must be.
    assert run.limits == Limits(cpu_s=1.0, memory_mib=64, file_mib=4)


async def test_a_runtimes_own_memory_is_not_the_samples() -> None:
    limits = Limits(memory_mib=100)
    _, (job,) = await verify(ProgramCheck(), [report()], language="javascript", limits=limits)
    assert job.limits.memory_mib == 164
    assert "--max-old-space-size=100" in job.argv


async def test_a_runtime_that_refuses_a_program_is_believed() -> None:
    said = "x.js:1\nfunction (\nSyntaxError: no name\n\nNode.js v20"
    verdict, _ = await verify(
        ProgramCheck(), [report(exit_code=1, stderr=said)], language="javascript"
    )
    assert (verdict.reason, verdict.message) == (Reason.COMPILE_ERROR, "SyntaxError: no name")
    said = "x.js:1\nTypeError: no\n    at x\n\nNode.js v20"
    verdict, _ = await verify(
        ProgramCheck(), [report(exit_code=1, stderr=said)], language="javascript"
    )
    assert (verdict.reason, verdict.message) == (Reason.RUNTIME_ERROR, "TypeError: no")


@pytest.mark.parametrize("name", ["main.c/x", "program/x"])
async def test_files_may_not_lie_where_the_program_is_to_be(name: str) -> None:
    with pytest.raises(InvalidSample, match=r"lies in"):
        await verify(ProgramCheck(), [], files={name: b""})
