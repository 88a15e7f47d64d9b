"""The coverage filter, on real sandboxes and against verifiers that fail."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sandboxed_seeds import Scripted, seed, verdict, word

from veristone import Reason, Sample, Verdict
from veristone.engine import Engine
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.coverage import CoverageStep
from veristone.generators.seeds.steps import Outcome, Services, Unjudged

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOWHERE = Path("/nonexistent")

BRANCHES = """\
def f(x):
    '''Return the sign.'''
    if x > 0:
        return 1
    elif x < 0:
        return -1
    return 0
"""
ODD_LINES = """\
import functools

@functools.lru_cache(
    maxsize=None,
)
def f(
    x,
    y=(1,
       2),
):
    \"\"\"Every kind of line.

    Twice.
    \"\"\"
    global unused
    total = sum(
        item
        for item in y
        if item
    )
    def inner(z):
        \"\"\"Inner.\"\"\"
        return (
            z
            + 1
        )
    try:
        total += {
            1: inner,
        }[1](x)
        raise KeyError(
            "k"
        )
    except ValueError:
        return None
    except KeyError:
        pass
    finally:
        total += 1
    for _ in range(2):
        if total:
            continue
    while True:
        break
    with open("/dev/null") as a, \\
            open("/dev/null") as b:
        pass
    if not total: return 0
    class C:
        \"\"\"A class.\"\"\"
        attribute: int
        value = total
    match x:
        case 1:
            total = 1
        case _:
            total = 2
    return (lambda: total)()
"""
YES = ">>> f()\nTrue\n"
CASES: dict[str, tuple[Seed, str]] = {
    "all lines": (seed(BRANCHES, docstring=">>> f(3)\n1\n>>> f(-3), f(0)\n(-1, 0)\n"), "kept"),
    "one line is left out": (seed(BRANCHES, docstring=">>> f(1), f(-1)\n(1, -1)"), "low_coverage"),
    "an example fails": (seed(BRANCHES, docstring=">>> f(3)\n2\n"), "tests_failed"),
    "an example raises": (seed(BRANCHES, docstring=">>> f('')\n2\n"), "tests_failed"),
    "an example exits": (
        seed(BRANCHES, docstring=">>> import sys\n>>> sys.exit(0)\n>>> f(1)\n1\n"),
        "tests_failed",
    ),
    "no example": (seed(BRANCHES), "no_tests"),
    "odd lines": (seed(ODD_LINES, docstring=">>> f(1), f(2)\n(1, 2)\n"), "kept"),
    "one line": (seed("def f(): return True", docstring=YES), "kept"),
    "never called": (
        seed("def f(x): return x\ndef g(): return f", docstring=">>> bool(g)\nTrue\n"),
        "low_coverage",
    ),
    "a generator": (
        seed(
            "def f(n):\n    for i in range(n):\n        yield i", docstring=">>> [*f(2)]\n[0, 1]\n"
        ),
        "kept",
    ),
    "asynchronous": (
        seed(
            "async def f(n):\n    return n",
            docstring=">>> import asyncio\n>>> asyncio.run(f(2))\n2\n",
        ),
        "kept",
    ),
    "examples with directives": (
        seed(
            "def f():\n    return list(range(20))",
            docstring=">>> f()  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE\n[0,  1,\n ...,  19]",
        ),
        "kept",
    ),
    "an example expects an error": (
        seed(
            "def f():\n    raise ValueError('no')",
            docstring=">>> f()\nTraceback (most recent call last):\n  ...\nValueError: no\n",
        ),
        "kept",
    ),
    "an example expects another error": (
        seed(
            "def f():\n    raise ValueError('yes')",
            docstring=">>> f()\nTraceback (most recent call last):\n  ...\nValueError: no\n",
        ),
        "tests_failed",
    ),
    "an example that prints": (seed("def f():\n    print('a')", docstring=">>> f()\na\n"), "kept"),
    "an unfinished example": (
        seed("def f(): return 1", docstring=">>> if f():\n1\n"),
        "tests_failed",
    ),
    "a method's examples": (
        seed("def f(self): return 1", docstring=">>> A().f()\n1\n", shape="method"),
        "no_tests",
    ),
    "does not compile": (seed("def f(:", docstring=YES), "crashed"),
    "nested too deep": (
        seed("def f(): return " + "(" * 5000 + ")" * 5000, docstring=YES),
        "crashed",
    ),
    "half a surrogate pair": (seed("def f(): 1", docstring=YES + "\ud800"), "tests_failed"),
    "a missing module": (seed("import nowhere\ndef f(): return 1", docstring=YES), "crashed"),
    "exits when loaded": (seed("raise SystemExit\ndef f(): return 1", docstring=YES), "crashed"),
    "os._exit": (seed("import os\ndef f(): os._exit(0)", docstring=YES), "crashed"),
    "closes everything": (
        seed("import os\ndef f():\n    os.closerange(0, 256)\n    return True", docstring=YES),
        "crashed",
    ),
    "never ends": (seed("def f():\n    while True: pass", docstring=YES), "timeout"),
    "prints without end": (
        seed("import os\ndef f():\n    while True: os.write(1, b'x' * 4096)", docstring=YES),
        "timeout",
    ),
    "recursion": (seed("def f(): return f()", docstring=YES), "tests_failed"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(engine: Engine) -> AsyncIterator[dict[str, Outcome]]:
    """What becomes of every case, in one call."""
    seeds = [case for case, _ in CASES.values()]
    step = CoverageStep(cpu_s=0.4)
    found = await step.ask(seeds, Services(verifier=engine), NOWHERE)
    yield dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("name", CASES)
async def test_what_becomes_of_a_seed(name: str, outcomes: dict[str, Outcome]) -> None:
    given, expected = CASES[name]
    outcome = outcomes[name]
    assert word(outcome) == expected, outcome
    assert expected != "kept" or outcome == given
    assert isinstance(outcome, Unjudged) is (expected == "no_tests")


async def test_details_say_what_was_found(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["one line is left out"][1] == "4 of 5 lines, not 7"  # pyright: ignore
    assert "f('') raised TypeError: '>' not" in outcomes["an example raises"][1]  # pyright: ignore
    assert "nowhere" in outcomes["a missing module"][1]  # pyright: ignore
    assert "f(3) Expected: 2 Got: 1" in outcomes["an example fails"][1]  # pyright: ignore


async def test_the_minimum_is_a_setting(engine: Engine) -> None:
    given = seed(BRANCHES, docstring=">>> f(1), f(-1)\n(1, -1)\n")
    for minimum, expected in ((0.8, "kept"), (0.81, "low_coverage")):
        step = CoverageStep(minimum=minimum)
        outcomes = await step.ask([given], Services(verifier=engine), NOWHERE)
        assert [word(outcome) for outcome in outcomes] == [expected]


@pytest.mark.parametrize(
    ("reason", "stdout", "expected"),
    [
        (Reason.SANDBOX_ERROR, "", "undecided"),
        (Reason.OVERLOADED, "", "undecided"),
        (Reason.WALL_TIMEOUT, "", "timeout"),
        (Reason.MEMORY_LIMIT, "", "crashed"),
        (Reason.PASSED, "", "crashed"),
        (Reason.PASSED, '{"lines": 9, "covered": 9}', "kept"),
        (Reason.PASSED, '{"lines": 9, "covered": "9"}', "crashed"),
        (Reason.PASSED, '{"lines": 9, "covered": 8}', "low_coverage"),
        (Reason.PASSED, '{"lines": 9, "covered": 9, "failure": "f(1)"}', "tests_failed"),
    ],
)
async def test_what_a_verdict_means(reason: Reason, stdout: str, expected: str) -> None:
    def say(sample: Sample) -> Verdict:
        return verdict(sample, reason, stdout)

    given = seed(BRANCHES, docstring=YES)
    outcomes = await CoverageStep().ask([given], Services(verifier=Scripted(say)), NOWHERE)
    assert [word(outcome) for outcome in outcomes] == [expected]


async def test_seeds_without_tests_are_rejected_on_demand_and_never_run() -> None:
    verifier = Scripted(verdict)
    step = CoverageStep(without_tests="reject")
    outcomes = await step.ask([seed(BRANCHES)], Services(verifier=verifier), NOWHERE)
    assert [word(outcome) for outcome in outcomes] == ["no_tests"]
    assert verifier.samples == []
