"""The examples run: their tests accept their solutions and notice mistakes."""

import pytest
from backends import on, open_engine

from veristone import AssertsCheck, Decision, Limits, ProgramCheck, Sample, Verdict
from veristone.generators.code.fences import fences
from veristone.generators.code.mutants import mutants
from veristone.generators.code.stubs import stubbed
from veristone.generators.synthesis.examples import Example, read_examples

pytestmark = pytest.mark.asyncio
EXAMPLES = read_examples("self-oss-instruct")
LIMITS = Limits(cpu_s=0.5, wall_s=15)
HURRIED = Limits(cpu_s=0.5, wall_s=5)
"""For mistakes: some make a program that waits for ever."""
MUTANTS = 4
"""Tried of each example."""


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
    samples: list[Sample] = []
    for example in EXAMPLES:
        stub = stubbed(solution(example), "None")
        assert stub is not None, example.name
        samples.append(checked(example.name, stub, example))
    found = await verdicts("bubblewrap", samples)
    assert {k for k, v in found.items() if v.decision is not Decision.FAIL} == set()


@pytest.mark.slow
@pytest.mark.bubblewrap
async def test_most_mistakes_are_noticed() -> None:
    samples: list[Sample] = []
    for example in EXAMPLES:
        code = solution(example)
        samples += [
            checked(f"{example.name}: {mutant.differs(code)}", mutant.code, example, HURRIED)
            for mutant in mutants(code, MUTANTS, 0, example.name)
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
