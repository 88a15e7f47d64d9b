"""Solutions that try to pass tests of their language's framework without being right.

`frameworks/` has a suite for each, which wants sums of 1 and 2 and of 2 and 2 in two tests, a right
solution, a wrong one, and attacks by what they try. An attack prints ``attacked`` where it does so:
one that died on its way there would hold nothing. Under Docker those languages are tried whose
image is built: `veristone images build cpp go java javascript rust typescript`.
"""

import tomllib
from pathlib import Path

import pytest
from backends import story

from veristone import Decision, FrameworkCheck, Limits, Reason, Sample, Verdict
from veristone.engine import Engine
from veristone.engine.backends.base import ToolchainMissing

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMITS = Limits(cpu_s=20.0, wall_s=60.0)
SUITES = {
    path.stem: tomllib.loads(path.read_text())
    for path in sorted(Path(__file__).with_name("frameworks").glob("*.toml"))
}
"""By language, with a second word where it has two."""
ATTACKS = [(name, attack) for name, suite in SUITES.items() for attack in suite["attacks"]]


async def judged(engine: Engine, suite: str, code: str) -> Verdict:
    language = suite.partition("-")[0]
    try:
        await engine.isolation(language)
    except ToolchainMissing as error:
        pytest.skip(str(error))
    check = FrameworkCheck(tests=SUITES[suite]["tests"])
    return await engine.verify(Sample(code=code, language=language, check=check, limits=LIMITS))


@pytest.mark.parametrize("language", SUITES)
async def test_right_and_wrong_solutions(language: str, engine: Engine) -> None:
    """Without this the attacks would hold nothing."""
    right = await judged(engine, language, SUITES[language]["right"])
    assert right.reason is Reason.PASSED, story(right)
    assert (right.passed, right.total, right.judged) == (2, 2, "shared")
    assert right.shared_because
    wrong = await judged(engine, language, SUITES[language]["wrong"])
    assert wrong.reason is Reason.ASSERTION_FAILED, story(wrong)
    assert [test.passed for test in wrong.tests] == [False, False]
    assert all(test.message for test in wrong.tests), wrong.tests


@pytest.mark.parametrize(("language", "attack"), ATTACKS)
async def test_attacks(language: str, attack: str, engine: Engine) -> None:
    code = SUITES[language]["attacks"][attack]
    verdict = await judged(engine, language, code)
    assert verdict.decision is Decision.FAIL, story(verdict)
    assert verdict.judged == "shared"
    assert "found tokens" not in verdict.stderr.text
    if "attacked" in code and verdict.reason is not Reason.COMPILE_ERROR:
        assert "attacked" in verdict.stderr.text, story(verdict)
