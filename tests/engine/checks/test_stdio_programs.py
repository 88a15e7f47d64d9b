"""What right programs do with their streams, stacks and threads, and what wrong ones print."""

import pytest

from veristone import (
    AssertsCheck,
    Call,
    Checker,
    Comparator,
    FunctionCheck,
    Limits,
    Reason,
    Sample,
    StdioCase,
    StdioCheck,
    Verdict,
)
from veristone.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIMITS = Limits(cpu_s=10.0, wall_s=20.0)
R = Reason


async def printed(
    engine: Engine, code: str, output: str, checker: str = "", **rule: str
) -> Verdict:
    check = StdioCheck(
        cases=[StdioCase(output=output)],
        checker=Checker(code=checker) if checker else None,
        compare=Comparator(**rule),  # pyright: ignore[reportArgumentType]
    )
    return await engine.verify(Sample(code=code, check=check, limits=LIMITS))


@pytest.mark.parametrize("name", ["/dev/stderr", "/proc/self/fd/2", "/dev/fd/2"])
async def test_standard_error_can_be_opened_by_its_name(name: str, engine: Engine) -> None:
    code = f"with open({name!r}, 'w') as log:\n    log.write('log')\nprint('hi')"
    verdict = await printed(engine, code, "hi\n")
    assert verdict.reason is R.PASSED, verdict.message
    assert verdict.stderr.text == "log"


async def test_standard_output_can_be_opened_by_its_name(engine: Engine) -> None:
    code = "with open('/dev/stdout', 'a') as out:\n    out.write('hi')"
    assert (await printed(engine, code, "hi\n")).reason is R.PASSED


@pytest.mark.parametrize("mode", ["r", "r+"])
async def test_nothing_that_was_printed_can_be_read_back(mode: str, engine: Engine) -> None:
    code = f"""
import os
print("before", flush=True)
for name in ("/dev/stdout", "/dev/stderr", "/proc/self/fd/1", "/proc/self/fd/2"):
    try:
        open(name, {mode!r})
    except OSError as error:
        print(error.errno)
"""
    assert (await printed(engine, code, "before\n" + 4 * "13\n")).reason is R.PASSED


async def test_a_larger_stack_may_be_asked_for(engine: Engine) -> None:
    code = """
import resource, sys, threading
resource.setrlimit(resource.RLIMIT_STACK, (2**28, resource.RLIM_INFINITY))
threading.stack_size(2**27)
sys.setrecursionlimit(10**6)
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
thread = threading.Thread(target=lambda: print(down(10**5)))
thread.start()
thread.join()
"""
    assert (await printed(engine, code, "100000\n")).reason is R.PASSED


DEEP = """
import sys, threading
from functools import lru_cache
sys.setrecursionlimit(10**6)
@lru_cache(None)
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
"""
ENDLESS = """
import sys
if sys.version_info >= (3, 12):  # before, nothing else ends it
    sys.setrecursionlimit(10**6)
class Odd:
    def __getattr__(self, name):
        return getattr(self, name + "_"[:0])
def main():
    try:
        Odd().x
    except RecursionError:
        print("deep enough")
"""


async def test_recursion_through_c_is_as_deep_as_the_stack_is_large(engine: Engine) -> None:
    code = """
threading.stack_size(2**29)
thread = threading.Thread(target=lambda: print(down(10**5)))
thread.start()
thread.join()
"""
    verdict = await printed(engine, DEEP + code, "100000\n")
    assert verdict.reason is R.PASSED, verdict.stderr
    verdict = await printed(engine, DEEP + "print(down(2 * 10**4))", "20000\n")
    assert verdict.reason is R.PASSED, verdict.stderr
    called = FunctionCheck(entry_point="down", calls=[Call(args=[20_000], expected=20_000)])
    verdict = await engine.verify(Sample(code=DEEP, check=called, limits=LIMITS))
    assert verdict.reason is R.PASSED, verdict.message
    tested = AssertsCheck(tests="assert down(20_000) == 20_000")
    verdict = await engine.verify(Sample(code=DEEP, check=tested, limits=LIMITS))
    assert verdict.reason is R.PASSED, verdict.message


@pytest.mark.parametrize("mib", [0, 12, 256])
async def test_endless_recursion_through_c_is_an_exception(mib: int, engine: Engine) -> None:
    start = "main()"
    if mib:
        start = f"""
import threading
threading.stack_size({mib} << 20)
thread = threading.Thread(target=main)
thread.start()
thread.join()
"""
    verdict = await printed(engine, ENDLESS + start, "deep enough\n")
    assert verdict.reason is R.PASSED, verdict.stderr


async def test_output_that_is_no_utf8_is_wrong_and_shown(engine: Engine) -> None:
    code = "import sys\nsys.stdout.buffer.write(b'\\xff\\n')"
    verdict = await printed(engine, code, "\ufffd\n")
    assert verdict.reason is R.WRONG_ANSWER
    assert "xff" in verdict.message


async def test_integers_are_exact_where_floats_are_not(engine: Engine) -> None:
    assert (await printed(engine, "print(10**9 + 7)", f"{10**9}", mode="floats")).passed == 0
    assert (await printed(engine, "print(0.1 + 0.2)", "0.3", mode="floats")).passed == 1


EVALUATES = """
import sys
given = eval(open(sys.argv[2]).read())
right = eval(open(sys.argv[3]).read())
"""
LAST = "sys.exit(0 if sorted(given) == sorted(right) else 1)"
MIDDLE = "if sorted(given) == sorted(right):\n    sys.exit(0)\nsys.exit(1)"


@pytest.mark.parametrize("ending", [LAST, MIDDLE])
async def test_a_checker_that_evaluates_is_not_ended_by_what_it_reads(
    ending: str, engine: Engine
) -> None:
    checker = EVALUATES + ending
    assert (await printed(engine, "print([2, 1])", "[1, 2]\n", checker)).reason is R.PASSED
    assert (await printed(engine, "print([2, 2])", "[1, 2]\n", checker)).reason is R.WRONG_ANSWER
    if ending is LAST:
        code = """print("__import__('os')._exit(0)")"""
        verdict = await printed(engine, code, "[1, 2]\n", checker)
        assert verdict.reason is R.WRONG_ANSWER
