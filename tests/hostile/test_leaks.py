"""What one sample was given or left behind is nowhere to be found for the next one."""

import secrets
from pathlib import Path

import pytest
from backends import Watched, story

from veristone import (
    AssertsCheck,
    Call,
    Check,
    FunctionCheck,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    StdioCase,
    StdioCheck,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROGRAMS = Path(__file__).parent / "programs"
ROOMY = Limits(cpu_s=60.0, wall_s=90.0)
SEARCH = Sample(
    code=(PROGRAMS / "leak_search.py").read_text(),
    check=ProgramCheck(stdout="contained\n"),
    limits=ROOMY,
)


def word() -> str:
    return "LEAK-" + secrets.token_hex(16)


CHECKS: dict[str, Check] = {
    "program": ProgramCheck(args=[word()], stdin=word() + "\n", stdout=word()),
    "stdio": StdioCheck(
        cases=[StdioCase(input=word() + "\n", output=word()) for _ in range(2)],
        stop_on_first_failure=False,
    ),
    "function": FunctionCheck(
        entry_point="add",
        calls=[Call(args=[word(), 1], kwargs={}, expected=word())],
        reference=None,
    ),
    "asserts": AssertsCheck(tests=f"assert add({word()!r}, 1) == {word()!r}, {word()!r}\n"),
}


@pytest.mark.parametrize("kind", sorted(CHECKS))
async def test_nothing_of_a_sample_reaches_the_next(kind: str, watched: Watched) -> None:
    leaving = Sample(
        code=f"# {word()}\n" + (PROGRAMS / "leak_leaves.py").read_text(),
        check=CHECKS[kind],
        files={word(): word().encode(), f"{word()}/{word()}": word().encode() * 1000},
        env={"WORD": word()},
        metadata={"word": word()},
        limits=ROOMY,
    )
    await watched.prepare()
    verdict = await watched.engine.verify(leaving)
    assert verdict.reason in {Reason.WRONG_ANSWER, Reason.ASSERTION_FAILED}, story(verdict)
    assert verdict.attempts == 1
    verdict = await watched.engine.verify(SEARCH)
    assert verdict.reason is Reason.PASSED, story(verdict)
    await watched.expect_spotless()


async def test_search_finds_what_is_there(watched: Watched) -> None:
    """Without this the test above would prove nothing."""
    sample = Sample(code=f"kept = {word()!r}\n" + SEARCH.code, check=SEARCH.check, limits=ROOMY)
    verdict = await watched.engine.verify(sample)
    assert verdict.reason is Reason.WRONG_ANSWER, story(verdict)


async def test_expected_output_of_a_program_is_not_in_its_sandbox(watched: Watched) -> None:
    cases = [StdioCase(input="", output=word() + "\n") for _ in range(3)]
    sample = Sample(code=SEARCH.code, check=StdioCheck(cases=cases), limits=ROOMY)
    verdict = await watched.engine.verify(sample)
    assert (verdict.reason, verdict.stdout.text) == (Reason.WRONG_ANSWER, "contained\n")


async def test_samples_do_not_share_random_state(watched: Watched) -> None:
    code = (
        "import os, random, secrets, tempfile, uuid\n"
        "print(random.random(), random.getrandbits(64), uuid.uuid4(), secrets.token_hex(8))\n"
        "print(os.path.basename(tempfile.mktemp()), os.urandom(4).hex())\n"
    )
    said: list[str] = []
    for number in range(5):
        verdict = await watched.engine.verify(Sample(code=f"{code}# {number}"))
        assert verdict.reason is Reason.PASSED, story(verdict)
        said += verdict.stdout.text.split()
    assert len(set(said)) == len(said) == 30
