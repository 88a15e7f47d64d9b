"""The examples run: their tests accept their solutions and notice mistakes."""

import math

import pytest
from backends import on, open_engine
from content_mutants import mutants, stubbed

from veristone import AssertsCheck, Decision, Limits, ProgramCheck, Sample, Verdict
from veristone.generators.code.fences import fences
from veristone.generators.synthesis.examples import Example, read_examples

pytestmark = pytest.mark.asyncio
EXAMPLES = read_examples("self-oss-instruct")
LIMITS = Limits(cpu_s=0.5, wall_s=15)
HURRIED = Limits(cpu_s=0.5, wall_s=5)
"""For mistakes: some make a program that waits for ever."""
MUTANTS = 4
"""Tried of each example, spread over its lines. All 666 take two minutes: 634 are noticed, at least
73 % of each example. The other 32 were read: none changes what can be seen from outside (`-1 for 0`
where no number lies between, a check that Python makes anyway)."""


def solution(example: Example) -> str:
    return "\n\n".join(fence.code for fence in fences(example.response))


async def verdicts(backend: str, samples: list[Sample]) -> dict[str, Verdict]:
    async with open_engine(backend) as engine:
        return {verdict.id: verdict async for verdict in engine.verify_stream(samples)}


def checked(identity: str, code: str, example: Example, limits: Limits = LIMITS) -> Sample:
    check = AssertsCheck(tests=example.tests)
    return Sample(id=identity, code=code, check=check, limits=limits)


@pytest.mark.parametrize("backend", list(on.values()))
async def test_solutions_pass_their_tests_and_snippets_load(backend: str) -> None:
    solutions = [checked(example.name, solution(example), example) for example in EXAMPLES]
    snippets = [
        Sample(id=f"{example.name} snippet", code=example.snippet, check=ProgramCheck())
        for example in EXAMPLES
    ]
    found = await verdicts(backend, solutions + snippets)
    assert {k: v.message for k, v in found.items() if v.decision is not Decision.PASS} == {}
    assert all(found[example.name].total >= 5 for example in EXAMPLES)


@pytest.mark.bubblewrap
async def test_no_stub_passes() -> None:
    samples = [checked(example.name, stubbed(solution(example)), example) for example in EXAMPLES]
    found = await verdicts("bubblewrap", samples)
    assert {k for k, v in found.items() if v.decision is not Decision.FAIL} == set()


@pytest.mark.slow
@pytest.mark.bubblewrap
async def test_most_mistakes_are_noticed() -> None:
    samples: list[Sample] = []
    for example in EXAMPLES:
        all_of_them = mutants(solution(example))
        step = math.ceil(len(all_of_them) / MUTANTS)
        samples += [
            checked(f"{example.name}: {mutant.what}", mutant.code, example, HURRIED)
            for mutant in all_of_them[step // 2 :: step]
        ]
    found = await verdicts("bubblewrap", samples)
    assert len(found) > 3 * len(EXAMPLES)
    survivors = 0
    for example in EXAMPLES:
        mine = {k: v for k, v in found.items() if k.startswith(f"{example.name}: ")}
        alive = sorted(k for k, v in mine.items() if v.decision is not Decision.FAIL)
        assert len(alive) <= 0.5 * len(mine), alive
        survivors += len(alive)
    assert survivors <= 0.15 * len(found)


async def test_the_mutator_makes_mistakes_and_only_where_tests_could_tell() -> None:
    code = (
        "def f(a: int = 1, b: 'x' = 2) -> int:\n"
        "    '''doc'''\n"
        "    if a < b and b:\n"
        "        raise ValueError(f'{a + 1}')\n"
        "    return g(a - b, b)\n"
    )
    whats = [mutant.what.partition(": ")[2] for mutant in mutants(code)]
    assert "LtE for Lt" in whats
    assert "and exchanged with or" in whats
    assert "arguments exchanged" in whats
    assert "Add for Sub" in whats
    assert "condition turned around" in whats
    assert any("without" in what and "raise" in what for what in whats)
    assert {mutant.code for mutant in mutants(code)} >= {
        'def f(a: int=1, b: \'x\'=2) -> int:\n    """doc"""\n    if a < b and b:\n'
        "        raise ValueError(f'{a + 1}')\n    return g(b, a - b)"
    }
    assert all("a + 2" not in mutant.code for mutant in mutants(code))
