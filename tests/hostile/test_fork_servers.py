"""Fork servers: a program forked from its interpreter is what a plain start makes of it, and
no program reaches the server or anything that is forked from it later.

A variable of the sample's own has it started plainly: that is what forked ones are held against.
The programs lie in forked/LANGUAGE/, and a language that has a fork server has all of them:

- servers: a line for each process, but its own, whose command is that of a fork server;
- like: everything that a program sees of how it was started, and what it does at its end;
- refused: does not compile, in its third line;
- poison: changes whatever is shared by all that runs in this interpreter;
- poisoned: says `clean` where nothing of that is to be seen;
- attack: says `contained`, or what of the server or the warden gave way;
- leaves_running: leaves eight processes, and says `left`;
- draws: says random numbers.
"""

import re
from pathlib import Path

import pytest
from backends import Watched, story

from veristone import BackendUnavailable, Limits, ProgramCheck, Reason, Sample, Verdict
from veristone.engine import Engine
from veristone.engine.languages import find, installed
from veristone.engine.selftest import selftests

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROGRAMS = Path(__file__).parent / "forked"
SERVED = sorted(name for name, language in installed().items() if language.fork_server)
PLAINLY = {"PLAINLY": "1"}


def program(language: str, name: str) -> str:
    (path,) = (PROGRAMS / language).glob(f"{name}.*")
    return path.read_text()


async def judged(
    engine: Engine, language: str, code: str, stdout: str | None = None, plainly: bool = False
) -> Verdict:
    try:
        await engine.isolation(language)
    except BackendUnavailable as error:  # a toolchain or an image that is not there
        pytest.skip(str(error))
    check = ProgramCheck(stdin="one\ntwo\n", stdout=stdout)
    env = PLAINLY if plainly else {}
    return await engine.verify(Sample(code=code, language=language, check=check, env=env))


async def expect(engine: Engine, language: str, name: str, stdout: str) -> None:
    """A program says this and passes, at its first attempt."""
    verdict = await judged(engine, language, program(language, name), stdout)
    assert (verdict.reason, verdict.attempts) == (Reason.PASSED, 1), story(verdict)


@pytest.mark.parametrize("language", SERVED)
async def test_a_program_is_forked_where_nothing_speaks_against_it(
    language: str, engine: Engine
) -> None:
    """Its own process has then the command of the server, and else it has not."""
    code = re.sub(r"skip = .*itself", "skip = 0;", program(language, "servers"))
    for plainly, said in ((False, "server\nserver\n"), (True, "server\n")):
        verdict = await judged(engine, language, code, said, plainly)
        assert verdict.reason is Reason.PASSED, story(verdict)


@pytest.mark.parametrize("language", SERVED)
@pytest.mark.parametrize("name", ["like", "refused"])
async def test_a_forked_program_is_what_a_plain_start_makes_of_it(
    name: str, language: str, engine: Engine
) -> None:
    code = program(language, name)
    forked = await judged(engine, language, code)
    plain = await judged(engine, language, code, plainly=True)
    assert forked.stderr.text == plain.stderr.text
    assert forked.stdout.text == plain.stdout.text
    assert (forked.reason, forked.exit_code) == (plain.reason, plain.exit_code)


@pytest.mark.parametrize("language", SERVED)
async def test_no_program_poisons_the_next(language: str, engine: Engine) -> None:
    for _ in range(2):
        await judged(engine, language, program(language, "poison"))
        await expect(engine, language, "poisoned", "clean\n")


@pytest.mark.parametrize("language", SERVED)
async def test_the_server_and_the_warden_are_out_of_reach(language: str, engine: Engine) -> None:
    await judged(engine, language, "")
    replaced = Watched(engine, language).pool.replaced
    for _ in range(3):
        await expect(engine, language, "attack", "contained\n")
        await expect(engine, language, "servers", "server\n")
    assert Watched(engine, language).pool.replaced == replaced


@pytest.mark.parametrize("language", SERVED)
async def test_what_a_program_leaves_running_is_ended(language: str, engine: Engine) -> None:
    for _ in range(3):
        await expect(engine, language, "leaves_running", "left\n")
        await expect(engine, language, "servers", "server\n")


@pytest.mark.parametrize("language", SERVED)
async def test_each_program_draws_numbers_of_its_own(language: str, engine: Engine) -> None:
    code = program(language, "draws")
    drawn = {(await judged(engine, language, code)).stdout.text for _ in range(3)}
    assert len(drawn) == 3


@pytest.mark.parametrize("language", SERVED)
async def test_limits_hold_in_forked_programs(language: str, engine: Engine) -> None:
    await judged(engine, language, "")
    for test in selftests(find(language)):
        verdict = await engine.verify(test.sample)
        assert verdict.reason in test.reasons, f"{test.sample.id}: {story(verdict)}"


async def test_another_limit_of_files_is_held_by_a_plain_start(engine: Engine) -> None:
    await judged(engine, "perl", "")
    code = 'open my $f, ">", "big"; print $f "x" x (3 << 20); close $f or die; print "done\\n"'
    sample = Sample(code=code, language="perl", limits=Limits(file_mib=1))
    verdict = await engine.verify(sample)
    assert verdict.reason is not Reason.PASSED, story(verdict)
