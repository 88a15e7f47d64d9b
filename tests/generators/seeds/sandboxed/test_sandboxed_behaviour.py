"""Functions that solve a benchmark's tasks are found by what they do, on real sandboxes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sandboxed_seeds import Scripted, seed, verdict, word

from veristone import ConfigError, Reason, Sample, SandboxFailure, Verdict
from veristone.engine import Engine
from veristone.generators.seeds.records import Seed
from veristone.generators.seeds.sandboxed.behaviour import BehaviourStep
from veristone.generators.seeds.steps import Outcome, Rejected, Services, Unjudged

pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBERS = [[n] for n in (6, 1, 11, 13441, 4, 5, 0, 97, 100, 2, 3, 9, 15, 17, 49, 53, 91, 1009)]
ROWS: list[dict[str, Any]] = [
    {
        "task_id": "T/longest",
        "entry_point": "longest",
        "prompt": "def longest(strings):\n    '''Longest.'''\n",
        "canonical_solution": "    return max(strings, key=len) if strings else None\n",
        "base_input": [[[]], [["x", "y", "z"]], [["x", "yyy", "zzzz", "www", "kkkk", "abc"]]],
    },
    {
        "task_id": "T/is_prime",
        "entry_point": "is_prime",
        "prompt": "",
        "canonical_solution": "def is_prime(n):\n return n > 1 and all(n % i for i in range(2, n))",
        "base_input": NUMBERS,
    },
    {
        "task_id": "T/running_max",
        "code": "def running_max(a):\n    return [max(a[:i + 1]) for i in range(len(a))]",
        "test_list": [
            "assert running_max([1, 3, 2, 7]) == [1, 3, 3, 7]",
            "assert running_max([5, 4]) == [5, 5]",
            "assert running_max([-1, -2, 0]) == [-1, -1, 0]",
        ],
    },
    {
        "task_id": "T/mean",
        "code": "def mean(a, b):\n    return (a + b) / 2 + 0.1",
        "test_list": [
            "assert mean(1, 2) == 1.6",
            "assert mean(0, 10) == 5.1",
            "assert mean(7, 4) == 5.6",
        ],
    },
    {
        "task_id": "T/strlen",
        "code": "def strlen(s):\n    n = 0\n    for _ in s:\n        n += 1\n    return n",
        "test_list": [f"assert strlen('{'a' * n}') == {n}" for n in (0, 9, 33, 99)],
    },
    {
        "task_id": "T/constant",
        "code": "def constant(x):\n    return 7",
        "test_list": ["assert constant(1) == 7", "assert constant(2) == 7"],
    },
    {"task_id": "T/broken", "code": "def broken(x):\n    return y", "test_list": ["broken(1)"]},
    {"task_id": "T/empty", "code": "def empty(x):\n    return x", "test_list": ["empty(y)"]},
]
MAX = """
    for i in range(1, len(values)):
        values[i] = max(values[i - 1], values[i])
"""
LONGEST = """
    best = None
    for each in words:
        if best is None or len(each) > len(best):
            best = each
    return best
"""
PRIME = """
    if n < 2: return False
    d = 2
    while d * d <= n:
        if n % d == 0: return False
        d += 1
    return True
"""
COUNTING = """\
def f(n):
    divided = lambda n: all(n % i for i in range(2, n))
    return int(n > 1 and divided(n))
"""
BOTH = f"""\
def f(x):
    return g(x) if isinstance(x, int) else h(x)
def g(n):
{PRIME}
def h(words):
{LONGEST}
"""
STUBBORN = f"""\
def f(words):
    while isinstance(words, int):
        try:
            while True: pass
        except BaseException: pass
{LONGEST}
"""
CASES: dict[str, tuple[Seed, str]] = {
    "a renamed copy": (seed("def f(words):\n" + LONGEST), "T/longest"),
    "with a default": (seed("def f(words, key=len):\n" + LONGEST), "T/longest"),
    "with any arguments": (seed("def f(*a):\n    [words] = a\n" + LONGEST), "T/longest"),
    "cached": (
        seed("import functools\n@functools.wraps(len)\ndef f(words):\n" + LONGEST),
        "T/longest",
    ),
    "changes its argument": (
        seed("def f(values):\n" + MAX + "    return values"),
        "T/running_max",
    ),
    "returns a tuple": (
        seed("def f(values):\n" + MAX + "    return tuple(values)"),
        "T/running_max",
    ),
    "yields": (
        seed("def f(values):\n" + MAX + "    yield from values"),
        "T/running_max",
    ),
    "prints as well": (
        seed("def f(values):\n    print(values)\n" + MAX + "    return values"),
        "T/running_max",
    ),
    "rounds otherwise": (seed("def f(x, y):\n    return 0.1 + x / 2 + y / 2"), "T/mean"),
    "truth values": (seed("def f(n):\n" + PRIME), "T/is_prime"),
    "numbers for truth values": (seed(COUNTING), "T/is_prime"),
    "slow elsewhere": (
        seed("def f(n):\n    while not isinstance(n, int): pass\n" + PRIME),
        "T/is_prime",
    ),
    "exits elsewhere": (
        seed("import os\ndef f(n):\n    if not isinstance(n, int): os._exit(0)\n" + PRIME),
        "T/is_prime",
    ),
    "two tasks": (seed(BOTH), "T/longest, T/is_prime"),
    "wrong once": (seed("def f(words):\n    if not words: return ''\n" + LONGEST), ""),
    "too few arguments": (seed("def f():\n    words = []\n" + LONGEST), ""),
    "too many arguments": (seed("def f(words, more):\n" + LONGEST), ""),
    "a keyword is needed": (seed("def f(words, *, key):\n" + LONGEST), ""),
    "a trivial task": (seed("def f(s):\n    return s.__len__()"), ""),
    "a constant": (seed("def f(x):\n    return 7"), ""),
    "cannot be loaded": (seed("import nowhere\ndef f(x):\n    return x"), ""),
    "does not compile": (seed("def f(x:"), ""),
    "is not there": (seed("def g(x):\n    return x"), ""),
    "is no function": (seed("f = 5"), ""),
    "exits when loaded": (seed("import os\nos._exit(0)\ndef f(x):\n    return x"), ""),
    "always exits": (seed("import os\ndef f(x):\n    os._exit(0)"), ""),
    "kills everybody": (seed("import os\ndef f(x):\n    os.kill(-1, 9)"), ""),
    "never ends elsewhere": (seed(STUBBORN), "T/longest"),
    "never ends": (seed("def f(x):\n    while True: pass"), ""),
    "prints without end": (seed("def f(x):\n    while True: print('x' * 9999)"), ""),
    "recursion": (seed("def f(x):\n    return f(x)"), ""),
    "memory": (seed("def f(x):\n    return [0] * 10**12"), ""),
    "returns without end": (seed("import itertools\ndef f(x):\n    return itertools.count()"), ""),
    "a method": (seed("def f(words):\n" + LONGEST, shape="method"), ""),
}


@pytest.fixture(scope="module")
def step(tmp_path_factory: pytest.TempPathFactory) -> BehaviourStep:
    path = tmp_path_factory.mktemp("benchmark") / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    made = BehaviourStep.model_validate({"benchmarks": [{"name": "bench", "path": path}]})
    made.prepare(path.parent)
    return made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def folder(
    engine: Engine, step: BehaviourStep, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Path]:
    """A folder in which the guard stands ready."""
    made = tmp_path_factory.mktemp("work")
    await step.guard(engine, made)
    yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(
    engine: Engine, step: BehaviourStep, folder: Path
) -> AsyncIterator[dict[str, Outcome]]:
    """What becomes of every case, in one call."""
    seeds = [case for case, _ in CASES.values()]
    found = await step.ask(seeds, Services(verifier=engine), folder)
    yield dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("name", CASES)
async def test_what_becomes_of_a_function(name: str, outcomes: dict[str, Outcome]) -> None:
    given, solved = CASES[name]
    outcome = outcomes[name]
    expected = Rejected("solves_benchmark", solved) if solved else given
    assert (outcome.seed if isinstance(outcome, Unjudged) else outcome) == expected


async def test_what_could_not_be_judged_is_counted(step: BehaviourStep, folder: Path) -> None:
    says = [
        ({"loaded": True, "finished": True, "answers": []}, "kept"),
        ({"loaded": True, "finished": False, "answers": []}, "unfinished"),
        ({"loaded": False, "finished": False, "answers": []}, "not_loaded"),
        ({"loaded": True, "finished": True, "answers": 5}, "crashed"),
        ("", "crashed"),
    ]
    for report, expected in says:

        def say(sample: Sample, report: object = report) -> Verdict:
            return verdict(sample, stdout=json.dumps(report))

        given = seed("def f(x): return x")
        [outcome] = await step.ask([given], Services(verifier=Scripted(say)), folder)
        assert outcome == (given if expected == "kept" else Unjudged(given, expected))


async def test_tasks_that_nobody_is_compared_with_are_named(
    engine: Engine, step: BehaviourStep, folder: Path
) -> None:
    guard = await step.guard(engine, folder)
    assert [task.name for task in guard.tasks] == [row["task_id"] for row in ROWS[:4]]
    assert guard.unguarded == {
        "T/empty": "no_calls",
        "T/strlen": "trivial",
        "T/constant": "guessable",
        "T/broken": "no_answers",
    }


async def test_a_guard_is_built_once_and_kept(
    engine: Engine, step: BehaviourStep, tmp_path: Path
) -> None:
    broken = Scripted(lambda sample: verdict(sample, Reason.SANDBOX_ERROR))
    with pytest.raises(SandboxFailure, match="T/longest could not be run"):
        await step.guard(broken, tmp_path)
    assert not list(tmp_path.iterdir())
    built = await step.guard(engine, tmp_path)
    assert await step.guard(broken, tmp_path) == built


async def test_a_fault_of_ours_is_undecided(step: BehaviourStep, folder: Path) -> None:
    broken = Scripted(lambda sample: verdict(sample, Reason.SANDBOX_ERROR))
    outcomes = await step.ask([seed("def f(x): 1")], Services(verifier=broken), folder)
    assert [word(outcome) for outcome in outcomes] == ["undecided"]


async def test_a_wrong_path_is_found_before_the_run(tmp_path: Path) -> None:
    missing = {"benchmarks": [{"name": "x", "path": tmp_path / "none"}]}
    with pytest.raises(ConfigError, match="no such file"):
        BehaviourStep.model_validate(missing).prepare(tmp_path)


async def test_without_a_verifier_it_says_so(step: BehaviourStep, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no verifier"):
        await step.ask([], Services(), tmp_path)
