"""Right, wrong and hostile samples, each with the verdict that it must get: `veristone demo`."""

from veristone import (
    AssertsCheck,
    Call,
    Comparator,
    FunctionCheck,
    Limits,
    ProgramCheck,
    Reason,
    Sample,
    StdioCase,
    StdioCheck,
)

__all__ = ["samples"]

_FIB_TESTS = "assert fib(0) == 0\nassert fib(1) == 1\nassert fib(10) == 55\n"
_RIGHT = (
    "def fib(n):\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n"
)
_SHORT = Limits(cpu_s=1.0, wall_s=3.0)


def samples() -> list[tuple[Sample, Reason]]:
    """Return each sample of the demo and the reason its verdict must have."""
    asserts = AssertsCheck(tests=_FIB_TESTS)
    calls = FunctionCheck(
        entry_point="fib",
        calls=[Call(args=[n]) for n in range(20)],
        reference=_RIGHT,
    )
    total = StdioCheck(
        cases=[StdioCase(input="3\n1 2 3\n", output="6\n"), StdioCase(input="1\n5\n", output="5\n")]
    )
    halves = ProgramCheck(stdout="0.333333333\n", compare=Comparator(mode="floats"))
    return [
        (Sample(id="right, own tests", code=_RIGHT, check=asserts), Reason.PASSED),
        (Sample(id="right, against a reference", code=_RIGHT, check=calls), Reason.PASSED),
        (
            Sample(
                id="right, stdin and stdout",
                code="input()\nprint(sum(map(int, input().split())))",
                check=total,
            ),
            Reason.PASSED,
        ),
        (Sample(id="right, floats printed", code="print(1 / 3)", check=halves), Reason.PASSED),
        (
            Sample(id="off by one", code=_RIGHT.replace("0, 1", "1, 1"), check=asserts),
            Reason.ASSERTION_FAILED,
        ),
        (
            Sample(
                id="wrong for one call in twenty",
                code=_RIGHT + "g = fib\nfib = lambda n: g(n) + (n == 17)\n",
                check=calls,
            ),
            Reason.WRONG_ANSWER,
        ),
        (
            Sample(id="does not parse", code="def fib(n)\n  return n", check=asserts),
            Reason.COMPILE_ERROR,
        ),
        (
            Sample(id="leaves before the tests", code="import os\nos._exit(0)", check=asserts),
            Reason.EARLY_EXIT,
        ),
        (
            Sample(
                id="forges a result",
                code=_RIGHT + "import os\nfor fd in range(3, 256):\n"
                "    try: os.write(fd, b'passed\\n')\n    except OSError: pass\n",
                check=asserts,
            ),
            Reason.TAMPERED,
        ),
        (Sample(id="never ends", code="while True: pass", limits=_SHORT), Reason.CPU_TIMEOUT),
        (
            Sample(
                id="fork bomb",
                code="import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
                limits=_SHORT,
            ),
            Reason.PROCESS_LIMIT,
        ),
        (
            Sample(id="eats memory", code="x = []\nwhile True: x.append(bytearray(2**20))"),
            Reason.MEMORY_LIMIT,
        ),
        (Sample(id="floods stdout", code="while True: print('x' * 1000)"), Reason.OUTPUT_LIMIT),
        (
            Sample(
                id="calls home",
                code="import socket\nsocket.create_connection(('192.0.2.1', 80), 2)",
            ),
            Reason.RUNTIME_ERROR,
        ),
        (Sample(id="right, after all of these", code=_RIGHT, check=asserts), Reason.PASSED),
    ]
