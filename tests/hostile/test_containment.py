"""Programs that attack their sandbox: each is judged right, and leaves nothing behind.

One file in programs/ is one attack. After each the same sandbox must judge a well-behaved
program, and that program must find everything as it was before the attack.
"""

import asyncio

import backends
import pytest
from backends import Watched, story
from hostile_table import (
    ATTACKS,
    NOT_UNDER_GVISOR,
    PROGRAMS,
    ROOMY,
    R,
    attack_sample,
    here,
    programs,
)

from veristone import ProgramCheck, Sample

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_program_is_used() -> None:
    assert set(ATTACKS) == programs()


@pytest.mark.parametrize("name", sorted(filter(here, ATTACKS)))
async def test_attack(name: str, watched: Watched) -> None:
    if backends.runtime == "runsc" and name in NOT_UNDER_GVISOR:
        pytest.skip(NOT_UNDER_GVISOR[name])
    verdict = await watched.attack(attack_sample(name), lasting=ATTACKS[name].lasting)
    expected = ATTACKS[name].reasons
    if verdict.isolation is not None and "processes-cgroup" in verdict.isolation.missing:
        expected = expected | ATTACKS[name].uncounted
    assert verdict.reason in expected, story(verdict)
    assert verdict.attempts == 1, story(verdict)


async def test_flood_is_ended_by_its_size_and_not_by_a_clock(watched: Watched) -> None:
    for name in ("output_flood", "output_flood_fast"):
        verdict = await watched.engine.verify(attack_sample(name))
        assert verdict.reason is R.OUTPUT_LIMIT
        assert verdict.usage.cpu_s < ROOMY.cpu_s / 2
        written = verdict.stdout.total_bytes + verdict.stderr.total_bytes
        # Ended at the limit, give or take what the pipes hold.
        assert written < 2 * ROOMY.output_bytes + 16 * 2**20


async def test_large_right_output_passes(watched: Watched) -> None:
    text = "".join(f"{number}\n" for number in range(750_000))
    assert len(text) > 5_000_000
    sample = Sample(
        code="for number in range(750_000): print(number)", check=ProgramCheck(stdout=text)
    )
    verdict = await watched.attack(sample)
    assert verdict.reason is R.PASSED, verdict.message


async def test_daemon_is_gone_however_long_one_waits(watched: Watched) -> None:
    await watched.prepare()
    verdict = await watched.engine.verify(attack_sample("daemon_writes_later"))
    assert verdict.reason is R.PASSED
    await asyncio.sleep(0.3)
    await watched.expect_spotless()


async def test_a_right_server_is_right_again_and_again(watched: Watched) -> None:
    """Each leaves its port in TIME_WAIT; the next one must find it free, at its first attempt."""
    code = (PROGRAMS / "ports_in_time_wait.py").read_text()
    for number in range(4):
        verdict = await watched.engine.verify(Sample(code=f"{code}# {number}"))
        assert (verdict.reason, verdict.attempts) == (R.PASSED, 1), story(verdict)
        assert verdict.stdout.text == "contained\n"


async def test_memory_that_a_socket_cycle_held_is_there_for_the_next(watched: Watched) -> None:
    fill = "with open('/tmp/mine', 'wb') as file:\n    file.write(bytes(60 << 20))\n"
    for number in range(4):
        await watched.engine.verify(attack_sample("file_in_a_socket_cycle"))
        verdict = await watched.engine.verify(Sample(code=f"{fill}# {number}", limits=ROOMY))
        assert (verdict.reason, verdict.attempts) == (R.PASSED, 1), story(verdict)


async def test_limits_that_one_sample_reached_are_not_held_against_the_next(
    watched: Watched,
) -> None:
    reached = await watched.engine.verify(attack_sample("fork_until_refused"))
    # Without a control group the warden's watch may end it before it is refused another fork.
    assert reached.reason in (R.PASSED, R.PROCESS_LIMIT), story(reached)
    verdict = await watched.engine.verify(Sample(code="raise ValueError('mine')"))
    assert (verdict.reason, verdict.message) == (R.RUNTIME_ERROR, "ValueError: mine")
