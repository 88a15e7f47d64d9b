"""The coverage filter, on real sandboxes and against verifiers that fail."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sandboxed_seeds import Scripted, seed, token_of, verdict, word

from veristone import Reason, Sample, Verdict
from veristone.engine import Engine
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.coverage import CoverageStep
from veristone.generators.seeds.steps import Outcome, Services

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
PATCHES = """\
import builtins, json, os, pickle, sys, threading
def f(x):
    json.dumps = json.loads = lambda *_, **__: "{}"
    for name in ("len", "isinstance", "range", "frozenset", "set", "dict", "getattr", "str"):
        setattr(builtins, name, None)
    os.write = os.read = os.fork = None
    return x
"""
CASES: dict[str, tuple[Seed, str]] = {
    "all lines": (
        seed(BRANCHES, tests="assert f(1) == 1\nassert f(-1) < 0\nassert f(0) == 0"),
        "kept",
    ),
    "one line is left out": (
        seed(BRANCHES, tests="assert f(1) == 1\nassert f(-1) == -1"),
        "low_coverage",
    ),
    "a test fails": (seed(BRANCHES, tests="assert f(1) == 2"), "tests_failed"),
    "a test raises": (seed(BRANCHES, tests="assert f('') == 2"), "tests_failed"),
    "a test exits": (seed(BRANCHES, tests="import sys\nsys.exit(0)\nassert f(1)"), "tests_failed"),
    "the tests do not compile": (seed(BRANCHES, tests="assert f(1) ==="), "tests_failed"),
    "the tests hold a null byte": (seed(BRANCHES, tests="assert f(1)\0"), "tests_failed"),
    "nothing is asserted": (seed("def f(): return 1", tests="f()\n'assert f()'"), "no_tests"),
    "no assertion is reached": (
        seed("def f(): return 1", tests="f()\nif 0 > f():\n    assert f()"),
        "no_tests",
    ),
    "no test": (seed(BRANCHES), "kept"),
    "the tests are blank": (seed(BRANCHES, tests="\n "), "kept"),
    "test functions": (
        seed("def f(): return 1", tests="def test_a():\n    assert f() == 1"),
        "kept",
    ),
    "a test function fails": (
        seed("def f(): return 1", tests="def test_a():\n    assert f() == 2"),
        "tests_failed",
    ),
    "unittest": (
        seed(
            "def f(): return 1",
            tests="import unittest\nclass T(unittest.TestCase):\n"
            "    def test_a(self):\n        self.assertEqual(f(), 1)",
        ),
        "kept",
    ),
    "unittest fails": (
        seed(
            "def f(): return 1",
            tests="import unittest\nclass T(unittest.TestCase):\n"
            "    def test_a(self):\n        self.assertEqual(f(), 2)",
        ),
        "tests_failed",
    ),
    "odd lines": (seed(ODD_LINES, tests="assert f(1) == 1\nassert f(2) == 2"), "kept"),
    "one line": (seed("def f(x): return x", tests="assert f(1) == 1"), "kept"),
    "never called": (
        seed("def f(x): return x\ndef g(): return f", tests="assert g"),
        "low_coverage",
    ),
    "a generator": (
        seed(
            "def f(n):\n    for i in range(n):\n        yield i", tests="assert [*f(2)] == [0, 1]"
        ),
        "kept",
    ),
    "asynchronous": (
        seed(
            "async def f(n):\n    return n", tests="import asyncio\nassert asyncio.run(f(2)) == 2"
        ),
        "kept",
    ),
    "in a thread": (
        seed(
            "def f(n):\n    n += 1\n    return n",
            tests="from concurrent.futures import ThreadPoolExecutor as T\n"
            "with T(1) as pool:\n    assert pool.submit(f, 1).result() == 2",
        ),
        "kept",
    ),
    "examples": (seed(BRANCHES, docstring=">>> f(3)\n1\n>>> f(-3), f(0)\n(-1, 0)\n"), "kept"),
    "an example fails": (seed(BRANCHES, docstring=">>> f(3)\n2\n"), "tests_failed"),
    "examples leave lines out": (seed(BRANCHES, docstring=">>> f(3)\n1\n"), "low_coverage"),
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
        "kept",
    ),
    "does not compile": (seed("def f(:", tests="assert f()"), "crashed"),
    "nested too deep": (
        seed("def f(): return " + "(" * 5000 + ")" * 5000, tests="assert f()"),
        "crashed",
    ),
    "half a surrogate pair": (seed("def f(): 1", tests="assert f() != '\ud800'"), "tests_failed"),
    "a missing module": (seed("import nowhere\ndef f(): return 1", tests="assert f()"), "crashed"),
    "exits when loaded": (
        seed("raise SystemExit\ndef f(): return 1", tests="assert f()"),
        "crashed",
    ),
    "os._exit": (seed("import os\ndef f(): os._exit(0)", tests="assert f()"), "crashed"),
    "kills itself": (
        seed("import os\ndef f(): os.kill(os.getpid(), 9)", tests="assert f()"),
        "crashed",
    ),
    "kills its group": (seed("import os\ndef f(): os.killpg(0, 9)", tests="assert f()"), "crashed"),
    "kills everybody": (seed("import os\ndef f(): os.kill(-1, 9)", tests="assert f()"), "crashed"),
    "closes everything": (
        seed("import os\ndef f(): os.closerange(0, 256)\n", tests="f()\nassert 1"),
        "crashed",
    ),
    "never ends": (seed("def f():\n    while True: pass", tests="assert f()"), "timeout"),
    "prints without end": (
        seed("def f():\n    while True: print('x' * 4096)", tests="assert f()"),
        "timeout",
    ),
    "prints a report": (
        seed(
            "import os\ndef f():\n    os.write(1, b'{\"done\": true}')\n    return 0",
            tests="assert f()",
        ),
        "tests_failed",
    ),
    "recursion": (seed("def f(): return f()", tests="assert f()"), "tests_failed"),
    "an error that cannot be shown": (
        seed(
            "class E(Exception):\n    def __str__(self): raise self\ndef f():\n    raise E",
            tests="assert f()",
        ),
        "tests_failed",
    ),
    "patches its interpreter": (seed(PATCHES, tests="assert f(1)"), "kept"),
    "closes stdout": (
        seed(
            "import sys\ndef f():\n    sys.stdout.close()\n    sys.stdout = None\n    return 1",
            tests="assert f()",
        ),
        "kept",
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(engine: Engine) -> AsyncIterator[dict[str, Outcome]]:
    """What becomes of every case, in one call."""
    seeds = [case for case, _ in CASES.values()]
    step = CoverageStep(cpu_s=0.4)
    found = await step.ask(seeds, Services(verifier=engine), NOWHERE)
    assert step.unjudged == {"no_tests": 3}
    yield dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("name", CASES)
async def test_what_becomes_of_a_seed(name: str, outcomes: dict[str, Outcome]) -> None:
    given, expected = CASES[name]
    outcome = outcomes[name]
    assert word(outcome) == expected, outcome
    assert expected != "kept" or outcome == given


async def test_details_say_what_was_found(outcomes: dict[str, Outcome]) -> None:
    assert outcomes["one line is left out"][1] == "4 of 5 lines, not 7"  # pyright: ignore
    assert "nowhere" in outcomes["a missing module"][1]  # pyright: ignore
    assert "'f(3)' gave '1" in outcomes["an example fails"][1]  # pyright: ignore


async def test_the_minimum_is_a_setting(engine: Engine) -> None:
    given = seed(BRANCHES, tests="assert f(1) == 1\nassert f(-1) == -1")
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
        (Reason.PASSED, "{}", "crashed"),
        (Reason.PASSED, '{"loaded": true, "done": true, "checks": 1}', "kept"),
        (Reason.PASSED, '{"loaded": true, "done": true, "checks": "1"}', "crashed"),
        (Reason.PASSED, '{"loaded": true, "done": true, "checks": 1, "lines": 9}', "low_coverage"),
        (Reason.PASSED, '{"loaded": true, "checks": 1}', "crashed"),
    ],
)
async def test_what_a_verdict_means(reason: Reason, stdout: str, expected: str) -> None:
    def say(sample: Sample) -> Verdict:
        return verdict(sample, reason, f"{token_of(sample)} {stdout}\n")

    given = seed(BRANCHES, tests="assert f(1)")
    outcomes = await CoverageStep().ask([given], Services(verifier=Scripted(say)), NOWHERE)
    assert [word(outcome) for outcome in outcomes] == [expected]


async def test_seeds_without_tests_are_rejected_on_demand_and_never_run() -> None:
    verifier = Scripted(verdict)
    step = CoverageStep(without_tests="reject")
    outcomes = await step.ask([seed(BRANCHES)], Services(verifier=verifier), NOWHERE)
    assert [word(outcome) for outcome in outcomes] == ["no_tests"]
    assert verifier.samples == []
    assert step.unjudged["no_tests"] == 0
