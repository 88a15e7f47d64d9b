"""Programs that talk with an interactor of the jury's, on each back end."""

import time
from typing import Any

import pytest
from backends import story

from veristone import (
    Checker,
    Decision,
    InteractiveCheck,
    Limits,
    Reason,
    Sample,
    StdioCase,
    Verdict,
)
from veristone.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIMITS = Limits(cpu_s=5.0, wall_s=10.0)
SHORT = Limits(cpu_s=0.3, wall_s=3.0)
R = Reason

GUESS = """
import sys
secret, most = map(int, open(sys.argv[1]).read().split())
for _ in range(most):
    line = sys.stdin.readline().split()
    if not line:
        print("unexpected end", file=sys.stderr)
        sys.exit(2)
    if line[0] == "!":
        sys.exit(0 if int(line[1]) == secret else 1)
    guess = int(line[1])
    print("<" if secret < guess else ">=", flush=True)
print("too many questions", file=sys.stderr)
sys.exit(1)
"""
BISECT = """
low, high = 1, 1000001
while high - low > 1:
    middle = (low + high) // 2
    print("?", middle, flush=True)
    if input() == "<":
        high = middle
    else:
        low = middle
print("!", low, flush=True)
"""


async def talk(
    engine: Engine,
    code: str,
    interactor: str = GUESS,
    *,
    cases: tuple[StdioCase, ...] = (StdioCase(input="77 30"),),
    limits: Limits = LIMITS,
    language: str = "python",
    jury: dict[str, Any] | None = None,
    **fields: Any,
) -> Verdict:
    check = InteractiveCheck(
        cases=list(cases),
        interactor=Checker(code=interactor, limits=limits, **(jury or {})),
        **fields,
    )
    return await engine.verify(Sample(code=code, check=check, limits=limits, language=language))


async def test_right_answers_pass(engine: Engine) -> None:
    cases = [StdioCase(input=f"{secret} 30") for secret in (1, 77, 1000000)]
    verdict = await talk(engine, BISECT, cases=tuple(cases))
    assert verdict.reason is R.PASSED, story(verdict)
    assert (verdict.passed, verdict.total, verdict.score, verdict.judged) == (3, 3, 1.0, "split")
    assert verdict.stdout.text.startswith("? 500001\n"), "what the program said is shown"


WRONG = {
    "a wrong answer": ('print("! 5")', R.WRONG_ANSWER, ""),
    "too many questions": (
        "while True:\n    print('? 5', flush=True)\n    input()",
        R.WRONG_ANSWER,
        "too many questions",
    ),
    "an end without an answer": ("print('? 5', flush=True)\ninput()", R.WRONG_ANSWER, "unexpected"),
    "no word at all": ("", R.WRONG_ANSWER, "unexpected end"),
    "an error": ("print('? 5', flush=True)\ninput()\nprint(1 / 0)", R.RUNTIME_ERROR, "Zero"),
    "exit code 3": ("import sys\nsys.exit(3)", R.RUNTIME_ERROR, "3"),
    "a signal": ("import os\nos.abort()", R.SIGNALLED, "SIGABRT"),
    "no Python": ("print(", R.COMPILE_ERROR, ""),
    "what the interactor cannot read": ("print('? x', flush=True)", R.WRONG_ANSWER, "could not"),
    "no text": ("import os\nos.write(1, bytes([255, 10]))", R.WRONG_ANSWER, "could not judge"),
    "a flood": ("while True:\n    print('? 5' * 999)", R.WRONG_ANSWER, ""),
    "the right answer, and then an error": (
        "print('! 77', flush=True)\n1 / 0",
        R.RUNTIME_ERROR,
        "",
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_wrong_programs_fail(name: str, engine: Engine) -> None:
    code, reason, said = WRONG[name]
    verdict = await talk(engine, code)
    assert verdict.reason is reason, story(verdict)
    assert said in verdict.message
    assert (verdict.attempts, verdict.score) == (1, 0.0)


SLOW = {
    "waits for a word that does not come": ("input()", R.WALL_TIMEOUT),
    "goes on for ever after its answer": (
        "print('! 77', flush=True)\nwhile True: pass",
        R.CPU_TIMEOUT,
    ),
    "goes on reading a closed pipe": (
        "import sys\nprint('! 77', flush=True)\nwhile True: sys.stdin.read()",
        R.CPU_TIMEOUT,
    ),
    "never says anything": ("import time\ntime.sleep(99)", R.WALL_TIMEOUT),
    "closes what it says, and waits": (
        "import os, time\nos.close(1)\ntime.sleep(99)",
        R.WRONG_ANSWER,
    ),
}


@pytest.mark.parametrize("name", SLOW)
async def test_programs_that_do_not_end(name: str, engine: Engine) -> None:
    code, reason = SLOW[name]
    started = time.monotonic()
    verdict = await talk(engine, code, limits=SHORT)
    assert verdict.reason is reason, story(verdict)
    assert time.monotonic() - started < 15


async def test_a_program_that_never_reads_waits_as_at_a_full_pipe(engine: Engine) -> None:
    floods = "import sys\nfor _ in range(10**6):\n    print('x' * 99)\nsys.exit(0)"
    verdict = await talk(engine, "import time\ntime.sleep(99)", floods, limits=SHORT)
    assert verdict.reason is R.WALL_TIMEOUT, story(verdict)


ECHO = """
import os, sys
size = int(open(sys.argv[1]).read())
data = b"".join(b"%07d\\n" % n for n in range(size // 8))
import threading
def give():
    sys.stdout.buffer.write(data)
    sys.stdout.flush()
    os.close(1)
thread = threading.Thread(target=give)
thread.start()
sys.exit(0 if sys.stdin.buffer.read() == data else 1)
"""


async def test_long_texts_pass_both_ways_unchanged(engine: Engine) -> None:
    """Many times what may be under way, while both read and write; an output that is closed too."""
    cases = (StdioCase(input="4000000"),)
    code = """
import os
while data := os.read(0, 99999):
    while data:
        data = data[os.write(1, data):]
"""
    verdict = await talk(engine, code, ECHO, cases=cases)
    assert verdict.reason is R.PASSED, story(verdict)


async def test_last_words_arrive(engine: Engine) -> None:
    """A whole pipe of them, which nobody had read when the program ended; and more than it holds
    at first."""
    code = """
import fcntl, os, time
fcntl.fcntl(1, fcntl.F_SETPIPE_SZ, 1 << 20)
os.write(1, b"x" * 700_000)
"""
    counts = "import sys\nsys.exit(0 if len(sys.stdin.read()) == 700_000 else 1)"
    verdict = await talk(engine, code, counts)
    assert verdict.reason is R.PASSED, story(verdict)


async def test_a_word_too_many_is_no_error(engine: Engine) -> None:
    """A pipe would end this one by a signal, or not, as chance will have it."""
    code = "import time\nprint('! 77', flush=True)\ntime.sleep(0.3)\nprint('bye', flush=True)"
    verdict = await talk(engine, code)
    assert verdict.reason is R.PASSED, story(verdict)


async def test_a_program_does_not_pay_for_the_interactors_work(engine: Engine) -> None:
    works = "import time\nwhile time.process_time() < 1.0: pass\nprint('go', flush=True)"
    interactor = Checker(code=works, limits=Limits(cpu_s=8.0, wall_s=20.0))
    check = InteractiveCheck(cases=[StdioCase()], interactor=interactor)
    limits = Limits(cpu_s=0.5, wall_s=0.5)
    verdict = await engine.verify(Sample(code="input()", check=check, limits=limits))
    assert verdict.reason is R.PASSED, story(verdict)


@pytest.mark.alone
async def test_a_word_and_its_answer_take_a_millisecond_or_two(engine: Engine) -> None:
    asks = "for n in range(1000):\n    print(n, flush=True)\n    input()"
    answers = (
        "import sys\nfor n in range(1000):\n    assert int(input()) == n\n    print(n, flush=True)"
    )
    started = time.monotonic()
    verdict = await talk(engine, asks, answers)
    assert verdict.reason is R.PASSED, story(verdict)
    assert time.monotonic() - started < 5


# The jury's own faults ------------------------------------------------------------------------

BROKEN = {
    "does not compile": "print(",
    "raises": "raise ValueError('of the jury')",
    "raises before a word": "import sys\nint(open(sys.argv[1]).read().split()[7])",
    "fails": "import sys\nprint('FAIL bad test', file=sys.stderr)\nsys.exit(3)",
    "never ends": "while True: pass",
    "is killed": "import os\nos.kill(os.getpid(), 9)",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_interactor_is_no_word_about_the_program(name: str, engine: Engine) -> None:
    verdict = await talk(engine, BISECT, BROKEN[name], limits=Limits(cpu_s=1.0, wall_s=8.0))
    assert verdict.decision is Decision.UNDECIDED, story(verdict)
    assert "interactor itself failed" in verdict.message


NAIVE = """
import sys
secret = int(open(sys.argv[1]).read())
while (guess := int(input())) != secret:
    print("<" if secret < guess else ">=", flush=True)
"""
"""Raises at whatever is no number, and at the end of its input."""


async def test_a_right_solution_tells_whose_fault_a_crash_is(engine: Engine) -> None:
    cases = (StdioCase(input="9"),)
    counts = "for n in range(10):\n    print(n, flush=True)\n    if n < 9:\n        input()"
    reference = Checker(code=counts)
    right = await talk(engine, counts, NAIVE, cases=cases, reference=reference)
    assert right.reason is R.PASSED, story(right)
    wrong = await talk(engine, "print('x')", NAIVE, cases=cases, reference=reference)
    assert wrong.reason is R.WRONG_ANSWER, story(wrong)
    assert "could not judge" in wrong.message
    broken = Checker(code="print('y')")
    nobody = await talk(engine, "print('x')", NAIVE, cases=cases, reference=broken)
    assert nobody.decision is Decision.UNDECIDED, story(nobody)


async def test_both_may_wait_for_a_word_of_the_interactor(engine: Engine) -> None:
    silent = "input()\ninput()"
    code = "print('?', flush=True)\nprint(input())"
    verdict = await talk(
        engine, code, silent, limits=SHORT, reference=Checker(code=code, limits=SHORT)
    )
    assert verdict.decision is Decision.UNDECIDED, story(verdict)
    assert "reference" in verdict.message


# Credit -----------------------------------------------------------------------------------------

CREDIT: list[tuple[str, str, float, bool]] = [
    ("all points", "points 4 well done", 1.0, True),
    ("more than all", "points 5", 1.0, True),
    ("half of them", "points 2 half", 0.5, False),
    ("none", "points 0", 0.0, False),
]


@pytest.mark.parametrize(("name", "said", "score", "passes"), CREDIT, ids=[c[0] for c in CREDIT])
async def test_points(name: str, said: str, score: float, passes: bool, engine: Engine) -> None:
    interactor = f"import sys\nprint({said!r}, file=sys.stderr)\nsys.exit(7)"
    cases = (StdioCase(points=4), StdioCase(points=4))
    verdict = await talk(engine, "", interactor, cases=cases, stop_on_first_failure=False)
    assert verdict.decision is (Decision.PASS if passes else Decision.FAIL), story(verdict)
    assert verdict.score == score
    assert verdict.tests[0].score == (score if 0 < score < 1 else None)


async def test_a_program_that_got_all_points_comes_to_its_own_end(engine: Engine) -> None:
    interactor = "import sys\nprint('points 1', file=sys.stderr)\nsys.exit(7)"
    goes_on = "import sys, time\nsys.stdin.read()\ntime.sleep(0.2)"
    right = await talk(engine, goes_on, interactor)
    assert right.reason is R.PASSED, story(right)
    raises = await talk(engine, f"{goes_on}\nraise ValueError", interactor)
    assert raises.reason is R.RUNTIME_ERROR, story(raises)


async def test_percent(engine: Engine) -> None:
    interactor = (
        "import sys\nn = int(open(sys.argv[1]).read())\n"
        "print(f'partially correct ({n})', file=sys.stderr)\nsys.exit(n)"
    )
    cases = tuple(StdioCase(input=f"{n}") for n in (0, 40, 100))
    verdict = await talk(engine, "", interactor, cases=cases, stop_on_first_failure=False)
    assert [test.passed for test in verdict.tests] == [False, False, False]
    assert [test.score for test in verdict.tests] == [None, 0.4, 0.99]
    assert verdict.score == pytest.approx((0.4 + 0.99) / 3)


async def test_a_checker_reads_what_the_interactor_wrote(engine: Engine) -> None:
    interactor = "import sys\nopen(sys.argv[2], 'w').write(input())"
    checker = Checker(
        code="import sys\nsys.exit(open(sys.argv[2]).read() != open(sys.argv[3]).read())"
    )
    for said, reason in (("yes", R.PASSED), ("no", R.WRONG_ANSWER)):
        verdict = await talk(
            engine,
            f"print({said!r})",
            interactor,
            cases=(StdioCase(output="yes"),),
            checker=checker,
        )
        assert verdict.reason is reason, story(verdict)


# Other languages ---------------------------------------------------------------------------------

JURY_CPP = """
#include "exit.h"
#include <fstream>
#include <iostream>
#include <string>
int main(int argc, char **argv) {
    int secret, most;
    std::ifstream(argv[1]) >> secret >> most;
    std::string word; int number;
    while (most-- && std::cin >> word >> number) {
        if (word == "!") return number == secret ? OK : WA;
        std::cout << (secret < number ? "<" : ">=") << std::endl;
    }
    return PE;
}
"""


async def test_an_interactor_in_cpp_with_a_header_of_its_own(engine: Engine, backend: str) -> None:
    if backend == "docker":
        pytest.skip("the image of C++ takes minutes to build")
    header = {"exit.h": b"enum { OK = 0, WA = 1, PE = 2 };\n"}
    jury = {"language": "cpp", "files": header}
    verdict = await talk(engine, BISECT, JURY_CPP, jury=jury)
    assert verdict.reason is R.PASSED, story(verdict)
    verdict = await talk(engine, "print('! 78')", JURY_CPP, jury=jury)
    assert verdict.reason is R.WRONG_ANSWER, story(verdict)
