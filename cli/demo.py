"""`veristone demo`: right, wrong and hostile samples, and the verdict on each."""

import argparse
import time
from typing import TYPE_CHECKING

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
    Verdict,
)
from veristone.cli.options import add_engine_options

if TYPE_CHECKING:
    from veristone.cli.options import Subparsers

__all__ = ["add_parser", "samples"]

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


def add_parser(commands: "Subparsers") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("demo", help="judge a dozen right, wrong and hostile samples")
    add_engine_options(parser)
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace) -> int:
    """Run the subcommand."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    from veristone.cli.options import engine_config
    from veristone.cli.tables import STYLES, isolation_line
    from veristone.engine import Engine

    console = Console()
    surprises = 0
    started = time.monotonic()
    async with Engine(engine_config(arguments)) as engine:
        console.print(
            f"{engine.config.sandboxes} sandboxes ({engine.backend}) ready after"
            f" {time.monotonic() - started:.1f} s",
            highlight=False,
        )
        table = Table("sample", "verdict", "judged", "ms", "what happened", box=SIMPLE)
        pairs = samples()
        wanted = [reason for _, reason in pairs]
        verdicts = engine.verify_stream([sample for sample, _ in pairs])
        walls = ""
        async for verdict in verdicts:
            surprises += verdict.reason != wanted.pop(0)
            table.add_row(
                verdict.id,
                f"[{STYLES[verdict.decision]}]{verdict.reason}[/]",
                verdict.judged,
                f"{verdict.usage.wall_s * 1000:.0f}",
                verdict.message or _tests(verdict),
            )
            if verdict.isolation is not None:
                walls = isolation_line(verdict.isolation)
        console.print(table)
        console.print(walls, highlight=False)
    if surprises:
        console.print(f"[red]{surprises} verdicts are not what they should be[/]")
    return 1 if surprises else 0


def _tests(verdict: Verdict) -> str:
    return f"{verdict.passed} of {verdict.total} tests" if verdict.total else "ended as it should"
