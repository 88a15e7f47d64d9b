"""`framework`: what tests of each language's frameworks may hold, and what becomes of it."""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from backends import open_engine, story

from veristone import FrameworkCheck, InvalidSample, Limits, Reason, Sample, Verdict
from veristone.engine import Engine
from veristone.engine.backends.base import ToolchainMissing
from veristone.engine.languages import find, installed

pytestmark = [pytest.mark.bubblewrap, pytest.mark.asyncio(loop_scope="module")]

LIMITS = Limits(cpu_s=20.0, wall_s=60.0)


PASSED = "ok"
TOLD = {
    path.stem: tomllib.loads(path.read_text())
    for path in sorted(Path(__file__).with_name("frameworks").glob("*.toml"))
}
"""A solution, tests, and for each test what its verdict must say: `ok`, a reason, or `not run`."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine() -> AsyncIterator[Engine]:
    async with open_engine("bubblewrap") as opened:
        yield opened


async def judged(engine: Engine, language: str, code: str, tests: str) -> Verdict:
    try:
        await engine.isolation(language)
    except ToolchainMissing as error:
        pytest.skip(str(error))
    check = FrameworkCheck(tests=tests)
    return await engine.verify(Sample(code=code, language=language, check=check, limits=LIMITS))


@pytest.mark.parametrize("name", TOLD)
async def test_each_test_has_a_result(name: str, engine: Engine) -> None:
    told = TOLD[name]
    verdict = await judged(engine, told["language"], told["code"], told["tests"])
    found = {
        test.name: PASSED if test.passed else test.reason or test.message for test in verdict.tests
    }
    assert found == told["results"], story(verdict)
    assert verdict.reason not in (Reason.PASSED, Reason.TAMPERED), story(verdict)


NOTHING = {
    "javascript": ("const x = 1;", "test.skip('later', () => {});"),
    "go": ("package x\n", 'package x\n\nimport "testing"\n\nvar _ testing.TB\n'),
    "java": ("class S { }", "class Empty { }"),
    "rust": ("fn f() {}", "fn helper() {}"),
    "cpp": ("int x;", "#include <doctest/doctest.h>\n"),
}


@pytest.mark.parametrize("language", NOTHING)
async def test_tests_that_test_nothing(language: str, engine: Engine) -> None:
    verdict = await judged(engine, language, *NOTHING[language])
    assert verdict.reason is Reason.NO_TESTS, story(verdict)


async def test_a_time_out_is_one_whatever_was_told_before(engine: Engine) -> None:
    check = FrameworkCheck(tests="test('a', () => {}); test('b', () => f());")
    code = "function f() { for (;;) { } }"
    limits = Limits(cpu_s=1.0, wall_s=20.0)
    sample = Sample(code=code, language="javascript", check=check, limits=limits)
    verdict = await engine.verify(sample)
    assert verdict.reason is Reason.CPU_TIMEOUT, story(verdict)
    assert [(test.name, test.passed) for test in verdict.tests] == [("a", True), ("b", False)]


async def test_languages_without_a_framework_say_so(engine: Engine) -> None:
    sample = Sample(code="print 1", language="perl", check=FrameworkCheck(tests="ok 1"))
    with pytest.raises(InvalidSample, match="no framework is known for tests in perl"):
        await engine.verify(sample)


async def test_files_of_a_framework_are_there() -> None:
    for language in installed().values():
        if language.framework is not None:
            assert find(language.name).with_tests("").tests
