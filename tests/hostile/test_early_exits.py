"""No program that leaves early with exit code 0 has given an answer, in whatever language."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from backends import open_engine, story

from veristone import Limits, ProgramCheck, Reason, Sample, StdioCase, StdioCheck
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.languages import installed

pytestmark = pytest.mark.bubblewrap

LIMITS = Limits(cpu_s=20.0, wall_s=60.0)
EXITS: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("early_exits.toml").read_text("utf-8")
)


def test_every_language_is_tried() -> None:
    """Python's ways are programs of their own: `test_cheating.py`."""
    assert set(EXITS) == {name for name, each in installed().items() if not each.zygote}


@pytest.mark.parametrize("language", sorted(EXITS))
async def test_an_early_exit_is_no_answer(language: str) -> None:
    async with open_engine("bubblewrap") as engine:
        try:
            await engine.isolation(language)
        except ToolchainMissing as error:
            pytest.skip(str(error))
        answers = StdioCheck(cases=[StdioCase(output="done\n")])
        for how, code in EXITS[language].items():
            sample = Sample(code=code, language=language, check=answers, limits=LIMITS)
            verdict = await engine.verify(sample)
            assert verdict.reason is Reason.WRONG_ANSWER, f"{how}: {story(verdict)}"
            # It did leave with 0. Where nothing else is asked, the verdict says what it believed.
            by_status = Sample(code=code, language=language, check=ProgramCheck(), limits=LIMITS)
            believed = await engine.verify(by_status)
            assert believed.reason is Reason.PASSED, f"{how}: {story(believed)}"
            assert (believed.judged, believed.completion) == ("shared", "exit_status_only")
