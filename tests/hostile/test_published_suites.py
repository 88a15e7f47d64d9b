"""The checks of published suites, run on each back end; `docs/isolation.md` has the count."""

import asyncio
import collections
import os
from pathlib import Path

import backends
import pytest
from backends import Watched, story
from hostile_table import NOT_UNDER_GVISOR
from published_suites import CHECKS, Check

from veristone import ProgramCheck, Reason, Sample

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAGE = Path(__file__).resolve().parents[2] / "docs/isolation.md"
X86 = os.uname().machine == "x86_64"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.suite} {check.name}")
async def test_check(check: Check, watched: Watched) -> None:
    if backends.runtime == "runsc" and check.sample.id in NOT_UNDER_GVISOR:
        pytest.skip(NOT_UNDER_GVISOR[check.sample.id])
    verdict = await watched.engine.verify(check.sample)
    assert verdict.reason in check.reasons, story(verdict)
    if check.after is not None:
        verdict = await watched.engine.verify(check.after)
        assert verdict.reason is Reason.PASSED, story(verdict)


async def test_piston_multi_request(watched: Watched) -> None:
    samples = [
        Sample(code=f"print({number})", check=ProgramCheck(stdout=f"{number}\n"))
        for number in range(50)
    ]
    verdicts = await asyncio.gather(*map(watched.engine.verify, samples))
    assert {verdict.reason for verdict in verdicts} == {Reason.PASSED}


async def test_the_page_tells_how_many_there_are() -> None:
    counted = collections.Counter(check.suite for check in CHECKS)
    counted["Piston"] += 1  # the one above, of many requests at once
    rows = [line.split("|")[1:4] for line in PAGE.read_text().splitlines() if "suites" not in line]
    told = {row[0].strip(): row[2].strip() for row in rows if len(row) == 3}
    for suite, number in counted.items():
        assert told.get(suite) == str(number), (suite, number)
